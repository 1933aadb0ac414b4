"""How `train` runs missing blocks: one runner for each engine, found by the kind of cell."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from escaping_minima.engine.devices import free_gpu, resolve_device, resolve_training_device
from escaping_minima.engine.side_by_side import OWN_SETTING
from escaping_minima.errors import UserError
from escaping_minima.plan.cells import Cell, PlaneCell, TrainingCell
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.registry import load_method, load_problem
from escaping_minima.steps.usable_checkpoint import keep_usable, remove_all

if TYPE_CHECKING:
    from escaping_minima.data.load import ImageData
    from escaping_minima.engine.run_training import TrainingResult

#: Blocks of the plane that run in one tensor; more no longer pay.
SIDE_BY_SIDE = 20


class Interrupted(Exception):  # noqa: N818 - a request obeyed, not an error
    """A runner was asked to stop and has saved its state."""


@dataclass(frozen=True)
class Surroundings:
    """What a run's surroundings give it, none of which touches its numbers.

    Attributes
    ----------
    device : str
        "auto", "cpu" or "cuda".
    checkpoint_seconds : float
        At least this long between two checkpoints.
    should_stop : callable
        True means: save and raise Interrupted.
    data_folder : Path or None
        Where full data sets lie.
    accepted : tuple of str
        SHA-256 of other versions of data files that the user accepts.
    gpu_locks : Path
        Where jobs of this machine that run at once say which GPU they hold.
    """

    device: str
    checkpoint_seconds: float
    should_stop: Callable[[], bool]
    data_folder: Path | None
    accepted: tuple[str, ...]
    gpu_locks: Path


@dataclass(frozen=True)
class FinishedBlock:
    """A block as it is written.

    Attributes
    ----------
    cell : Cell
    block : int
    table : DataFrame
    manifest : dict
        What the runner knows of it.
    """

    cell: Cell
    block: int
    table: pd.DataFrame
    manifest: dict[str, Any]


def side_by_side(cells: Iterable[PlannedBlocks]) -> list[list[PlannedBlocks]]:
    """Group cells whose blocks can run together, in the order of the first of each group."""
    groups: dict[str, list[PlannedBlocks]] = {}
    for planned in cells:
        groups.setdefault(_company(planned.cell), []).append(planned)
    return list(groups.values())


def pieces(group: Iterable[PlannedBlocks]) -> list[tuple[Cell, int]]:
    """Return the blocks of a group, as cell and index, each once, in the order they are run."""
    found = {(b, p.cell.id): (p.cell, b) for p in group for b in p.indices}
    # blocks of one index share their noise, so on the plane they run together
    return sorted(found.values(), key=lambda piece: piece[1])


def present_data(cell: Cell, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data that a cell would rest on now; None if they are not there.

    What was trained on data that were deleted since is as good as before.
    """
    if not isinstance(cell, TrainingCell):
        return {}
    try:
        return _load(load_problem(cell.problem, cell.problem_settings), around).checksums
    except UserError:
        return None


def _load(problem: Any, around: Surroundings) -> ImageData:
    from escaping_minima.data.load import load_images

    return load_images(problem.DATA_SET, problem.data, around.data_folder, around.accepted)


def _company(cell: Cell) -> str:
    """Return what cells have in common that can run side by side."""
    if not isinstance(cell, PlaneCell):
        return cell.id
    shared = {k: v for k, v in cell.method_settings.items() if k != OWN_SETTING}
    return replace(cell, method_settings=shared).id


def run_missing(
    missing: Sequence[tuple[Cell, int]], checkpoints: Path, tag: str, around: Surroundings
) -> Iterator[list[FinishedBlock]]:
    """Run blocks of cells that `side_by_side` has grouped, several at a time where that pays.

    Parameters
    ----------
    missing : sequence of (Cell, int)
        The blocks to run: cell and index, in the order of `pieces`.
    checkpoints : Path
        The folder of the checkpoints of the group.
    tag : str
        Enters the checkpoints' names with data and device: a state of others is not resumed.
    around : Surroundings

    Yields
    ------
    list of FinishedBlock
        Their checkpoint is removed once they have been taken.

    Raises
    ------
    Interrupted
    """
    on_the_plane = [(cell, block) for cell, block in missing if isinstance(cell, PlaneCell)]
    for first in range(0, len(on_the_plane), SIDE_BY_SIDE):
        some = on_the_plane[first : first + SIDE_BY_SIDE]
        yield from _run_plane(some, checkpoints, tag, around)
    for cell, block in missing:
        if isinstance(cell, TrainingCell):
            yield from _run_training(cell, block, checkpoints, tag, around)


def _name(some: Sequence[tuple[Cell, int]]) -> str:
    """Return a name that belongs to this list of blocks and to no other."""
    text = " ".join(f"{cell.id}/{block}" for cell, block in some)
    return f"b{some[0][1]}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def _tag(tag: str, checksums: Mapping[str, str], device: str) -> str:
    """Return what a state must have in common with the run that goes on from it."""
    text = json.dumps([sorted(checksums.items()), device])
    return f"{tag}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _run_plane(
    some: Sequence[tuple[PlaneCell, int]], checkpoints: Path, tag: str, around: Surroundings
) -> Iterator[list[FinishedBlock]]:
    from escaping_minima.engine import run_blocks as engine

    device = resolve_device(around.device)
    checkpoint = checkpoints / f"{_name(some)}.{_tag(tag, {}, device)}.pt"
    keep_usable(checkpoint)
    settings = engine.BlockSettings(
        checkpoint=checkpoint,
        checkpoint_seconds=around.checkpoint_seconds,
        should_stop=around.should_stop,
        device=device,
    )
    first = some[0][0]
    function = load_problem(first.problem, first.problem_settings)
    methods = [load_method(cell.method, cell.method_settings) for cell, _ in some]
    blocks = [block for _, block in some]
    began = time.monotonic()
    try:
        results = engine.run_blocks(
            first.problem, function, methods, first.steps, first.snapshot_every, blocks, settings
        )
    except engine.Interrupted:
        raise Interrupted from None
    seconds = (time.monotonic() - began) / len(some)
    yield [
        FinishedBlock(cell, block, table, _describe_plane(table, seconds, len(some), device))
        for (cell, block), table in zip(some, map(pd.DataFrame, results), strict=True)
    ]
    remove_all(checkpoint)


def _describe_plane(
    table: pd.DataFrame, seconds: float, beside: int, device: str
) -> dict[str, Any]:
    lost = int((~np.isfinite(table[["end_x", "end_y"]]).all(axis=1)).sum())
    return {
        "outcome": "diverged" if lost == len(table) else "done",
        "diverged_replicates": lost,
        "gradient_evaluations": int(table["gradient_evaluations"].sum()),
        "loss_evaluations": int(table["loss_evaluations"].sum()),
        "wall_seconds": round(seconds, 3),
        "blocks_side_by_side": beside,
        "data": {},
        "device": device,
    }


def _run_training(
    cell: TrainingCell, block: int, checkpoints: Path, tag: str, around: Surroundings
) -> Iterator[list[FinishedBlock]]:
    from escaping_minima.engine import run_training as engine
    from escaping_minima.engine.batch_sizes import BatchSizes
    from escaping_minima.engine.named_draws import require_named_draws

    device = resolve_training_device(around.device)
    # without this a resumed run on a GPU could differ in the last digit
    torch.backends.cudnn.deterministic = True
    # convolutions in float32 as on a CPU, not with the ten bits of TF32
    torch.backends.cudnn.allow_tf32 = False
    problem = load_problem(cell.problem, cell.problem_settings)
    method = load_method(cell.method, cell.method_settings)
    require_named_draws(problem.network())
    data = problem.select(_load(problem, around))
    sizes = BatchSizes(**cell.batch_size)
    checkpoint = checkpoints / f"b{block}.{_tag(tag, data.checksums, device)}.pt"
    keep_usable(checkpoint)
    with free_gpu(device, around.gpu_locks) as place:
        if device == "cuda":
            # a graph is captured on the current device
            torch.cuda.set_device(place)
        settings = engine.TrainingSettings(
            checkpoint=checkpoint,
            checkpoint_seconds=around.checkpoint_seconds,
            should_stop=around.should_stop,
            device=place,
        )
        try:
            result = engine.run_training(
                cell.problem, problem, data, method, sizes, cell.epochs, block, settings
            )
        except engine.Stopped:
            raise Interrupted from None
    table = pd.DataFrame(result.curves)
    # the end alone has it: which test images are classified wrongly, one bit each
    table["wrong"] = [b""] * (len(table) - 1) + [np.packbits(result.wrong).tobytes()]
    yield [FinishedBlock(cell, block, table, _describe_training(result, data, device))]
    remove_all(checkpoint)


def _describe_training(result: TrainingResult, data: ImageData, device: str) -> dict[str, Any]:
    return {
        "outcome": "diverged" if result.diverged else "done",
        "diverged_replicates": int(result.diverged),
        "parameters": result.parameters,
        "gradient_evaluations": result.gradient_evaluations,
        "loss_evaluations": result.loss_evaluations,
        "wall_seconds": round(result.seconds, 3),
        "blocks_side_by_side": 1,
        "data": dict(data.checksums),
        "data_accepted": list(data.accepted),
        "device": device,
    }
