"""Train networks: on a GPU several runs in one process, on a core one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

import torch

from escaping_minima.data.load import load_images
from escaping_minima.data.registry import find_data_set
from escaping_minima.engine.devices import free_gpu, resolve_training_device
from escaping_minima.engine.named_draws import require_named_draws
from escaping_minima.engine.pack import Start, make_streams, run_pack
from escaping_minima.engine.run import Run, TrainingPlan, count_parameters
from escaping_minima.engine.session import NoSession
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell, seconds_per_item, training_items
from escaping_minima.kinds.kind import FinishedBlock, Piece, Surroundings
from escaping_minima.kinds.training.assignment import Assignment, assign, present_trials
from escaping_minima.kinds.training.cell import TrainingCell
from escaping_minima.kinds.training.parts import training_plan
from escaping_minima.kinds.training.texts import load_text_data
from escaping_minima.kinds.training.width import (
    measure_bytes,
    middle_batch_size,
    pack_width,
)
from escaping_minima.parts.registry import make_problem, read_problem
from escaping_minima.schedules.batch_sizes import BatchSizes, count_updates

#: What it costs to evaluate an item, in items trained on: measured at batches of 10 to 500.
EVALUATION_SHARE = 0.25
#: Items with which a network is timed, at least and at most; and texts that it is evaluated on.
#: On a CPU large networks are timed for some seconds: there the size of batches hardly counts.
TIMED_ITEMS = (16, 240)
EVALUATED_TEXTS = {"validation_texts": 32, "test_texts": 32}
TIMED_SECONDS = 5.0
#: What an item takes, by what networks have in common that are timed once: jobs ask one by one.
_TIMED: dict[tuple[Any, ...], float] = {}


def company(cell: Cell) -> str:
    """Return what runs of one process share: the data, and the numerics of the process."""
    training = cast(TrainingCell, cell)
    problem = read_problem(training.problem, training.problem_settings)
    return f"{problem.DATA_SET} {problem.data} {_reading(problem)} {training.precision}"


def present_data(piece: Piece, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data a run would rest on now; None if they are not there.

    What was trained on data that were deleted since is as good as before. Of a tuned cell the
    trials of its search are among them.
    """
    cell = cast(TrainingCell, piece.cell)
    problem = read_problem(cell.problem, cell.problem_settings)
    trials = present_trials(cell, around)
    try:
        return None if trials is None else {**load(problem, around).checksums, **trials}
    except UserError:
        return None


def load(problem: Any, around: Surroundings) -> Any:
    """Return the whole data set of a problem."""
    where = (around.data_folder, around.accepted)
    return _load(problem.DATA_SET, problem.data, *where, *_reading(problem))


def _reading(problem: Any) -> tuple[Any, ...]:
    """Return what else decides how the data of a problem are read: of texts, into what tokens."""
    return getattr(problem, "READING", ())


@lru_cache(maxsize=2)
def _load(name: str, *asked: Any) -> Any:
    """Read a data set once a process: it takes seconds to unpack and verify."""
    is_of_texts = find_data_set(name).kind == "texts"
    return load_text_data(name, *asked) if is_of_texts else load_images(name, *asked)


def run(pieces: Sequence[Piece], around: Surroundings) -> Iterator[list[FinishedBlock]]:
    """See `escaping_minima.kinds.kind.Kind.run`."""
    return run_assigned([assign(piece, around) for piece in pieces], around)


def run_assigned(
    assigned: Sequence[Assignment], around: Surroundings
) -> Iterator[list[FinishedBlock]]:
    """Train blocks of one company; see `run`."""
    kind = resolve_training_device(around.device)
    pieces = [one.piece for one in assigned]
    plans = {one.piece.key: training_plan(one.cell) for one in assigned}
    for plan in plans.values():
        require_named_draws(plan.problem.network())
    data = load(next(iter(plans.values())).problem, around)
    with free_gpu(kind, around.gpu_locks) as place:
        device = torch.device(place)
        if kind == "cuda":
            # a graph is captured on the current device
            torch.cuda.set_device(device)
        read = {one.piece.key: one.read for one in assigned}
        session = around.open_session(pieces, data.checksums, kind, together=False, read=read)
        placed = _place(plans.values(), data, device)
        width = around.pack or _width(plans.values(), placed, device)
        if kind == "cuda":
            # the last run has the card for itself, so it should not be the longest
            assigned = sorted(assigned, key=lambda one: -_updates(plans[one.piece.key]))
        starts = _starts(assigned, plans, placed, device)
        by_key = {one.piece.key: one for one in assigned}
        beside = min(width, len(assigned))
        for key, ended in run_pack(starts, make_streams(device, width), session):
            block = _finish(ended, by_key[key], data, kind, beside)
            ended.close()
            del ended
            yield [block]


def _place(plans: Iterable[TrainingPlan], data: Any, device: torch.device) -> dict[str, Any]:
    """Return what runs share on the device, by their problem."""
    placed: dict[str, Any] = {}
    for plan in plans:
        name = repr(plan.problem)
        if name not in placed:
            placed[name] = plan.problem.place(plan.problem.select(data), device)
    return placed


def _width(plans: Iterable[TrainingPlan], placed: Mapping[str, Any], device: torch.device) -> int:
    """Return how many runs stand side by side: one on a CPU."""
    if device.type != "cuda":
        return 1
    # networks of one problem are alike, so the largest batches take the most
    by_problem: dict[str, TrainingPlan] = {}
    for plan in plans:
        name = repr(plan.problem)
        other = by_problem.get(name, plan)
        by_problem[name] = max(plan, other, key=middle_batch_size)
    # what torch keeps of runs that have ended counts as free
    torch.cuda.empty_cache()
    free = torch.cuda.mem_get_info(device)[0]
    taken = max(measure_bytes(p, placed[name], device) for name, p in by_problem.items())
    return pack_width(max(map(middle_batch_size, by_problem.values())), free, taken)


def _updates(plan: TrainingPlan) -> int:
    return count_updates(plan.sizes, training_items(plan.problem), plan.epochs)


def _starts(
    assigned: Sequence[Assignment],
    plans: Mapping[str, TrainingPlan],
    placed: Mapping[str, Any],
    device: torch.device,
) -> list[Start]:
    starts = []
    for one in assigned:
        plan = plans[one.piece.key]
        made = (plan, placed[repr(plan.problem)], one.block, device)
        starts.append(Start(one.piece.key, lambda made=made: Run(*made)))  # type: ignore[misc]
    return starts


def calibrate(pieces: Sequence[Piece], device: str, pack: int) -> Mapping[str, float]:
    """See `escaping_minima.kinds.kind.Kind.calibrate`: an epoch on generated images.

    Texts are those of the sample, since generated ones are shorter.

    Of networks whose weights are still to be fetched, the seconds as measured elsewhere.
    """
    seconds = {}
    for piece in pieces:
        cell = cast(TrainingCell, piece.cell)
        plan = training_plan(cell)
        if not _can_be_timed(plan.problem):
            seconds[cell.id] = cell.cost
            continue
        alike = (cell.problem, cell.method, middle_batch_size(plan), seconds_per_item(plan.problem))
        key = (*alike, cell.precision, device, pack)
        if key not in _TIMED:
            _TIMED[key] = _seconds_per_item(plan, cell, device, pack)
        seconds[cell.id] = _TIMED[key] * cell.epochs * _items_an_epoch(plan.problem)
    return seconds


def _can_be_timed(problem: Any) -> bool:
    """Return whether a short run could be made: an encoder may not have been fetched yet."""
    return not hasattr(problem, "READING") or _can_be_read(problem.DATA_SET, *_reading(problem))


@lru_cache
def _can_be_read(name: str, *reading: Any) -> bool:
    """Return whether the sample of texts is there with what else they are read by; asked once."""
    try:
        _load(name, "sample", None, None, *reading)
    except UserError:
        return False
    return True


def _seconds_per_item(plan: TrainingPlan, cell: TrainingCell, device: str, pack: int) -> float:
    kind = resolve_training_device(device)
    place = torch.device("cuda:0" if kind == "cuda" else "cpu")
    problem, data = _short_problem(plan.problem, cell, kind)
    size = min(middle_batch_size(plan), training_items(problem))
    short = replace(plan, problem=problem, sizes=BatchSizes(size, size), epochs=1, keep_epochs=())
    placed = problem.place(problem.select(data), place)
    width = (kind == "cuda" and pack) or _width([short], {repr(problem): placed}, place)
    starts = [Start(str(i), lambda i=i: Run(short, placed, i, place)) for i in range(width)]  # type: ignore[misc]
    ended = list(run_pack(starts, make_streams(place, width), NoSession()))
    # the start is evaluated as well
    started = EVALUATION_SHARE * _evaluated_items(problem)
    total = sum(run.at.seconds for _, run in ended) / width
    return float(total / (_items_an_epoch(problem) + started))


def _timed_items(problem: Any, kind: str) -> int:
    """Return with how many items a network is timed at most."""
    least, most = TIMED_ITEMS
    if kind == "cuda":
        return most
    return min(most, max(least, int(TIMED_SECONDS / seconds_per_item(problem))))


def _short_problem(problem: Any, cell: TrainingCell, kind: str) -> tuple[Any, Any]:
    """Return a problem of the same network with little to do, and its data."""
    settings = dict(cell.problem_settings)
    most = _timed_items(problem, kind)
    if hasattr(problem, "READING"):
        # generated texts are shorter than real ones, which the samples hold
        few = {"data": "sample", "train_texts": most, **EVALUATED_TEXTS}
        problem = make_problem(cell.problem, {**settings, **few})
        return problem, _load(problem.DATA_SET, "sample", None, None, *_reading(problem))
    generated = load_images(problem.DATA_SET, "generated")
    settings |= {"data": "generated", "train_images": min(most, len(generated.train_images))}
    settings["test_images"] = min(most, len(generated.test_images))
    # there may be more of them than of generated images, and they cost nothing here
    settings |= {key: 0 for key in ("validation_images",) if key in settings}
    return make_problem(cell.problem, settings), generated


def _items_an_epoch(problem: Any) -> float:
    """Return what an epoch costs, in items trained on."""
    return float(training_items(problem) + EVALUATION_SHARE * _evaluated_items(problem))


def _evaluated_items(problem: Any) -> int:
    """Return how many items are evaluated after an epoch."""
    if hasattr(problem, "EVALUATED_ITEMS"):
        return int(problem.EVALUATED_ITEMS)
    return training_items(problem) + int(problem.test_images)


def _finish(run: Run, one: Assignment, data: Any, kind: str, beside: int) -> FinishedBlock:
    manifest = {
        "outcome": "diverged" if run.diverged else "done",
        "diverged_replicates": int(run.diverged),
        "parameters": count_parameters(run) + _embedded(run),
        "gradient_evaluations": run.objective.gradient_evaluations,
        "loss_evaluations": run.objective.loss_evaluations,
        "wall_seconds": round(run.at.seconds, 3),
        "blocks_side_by_side": beside,
        "data": {**data.checksums, **one.read},
        "data_accepted": list(data.accepted),
        "device": kind,
        **one.said,
    }
    return FinishedBlock(one.piece, run.table, manifest, run.further)


def _embedded(run: Run) -> int:
    """Return the number of weights of embeddings."""
    layers = (m for m in run.network.module.modules() if isinstance(m, torch.nn.Embedding))
    return sum(layer.weight.numel() for layer in layers)
