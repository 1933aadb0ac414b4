"""What is run at both commits: the published cells cut short, and one case for each part."""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.records import read_cell
from escaping_minima.kinds.search.cell import SearchCell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.package import ROOT
from escaping_minima.parts.registry import ROOMS, part_record
from escaping_minima.vouching import (
    arena_cases,
    examine_cases,
    floor_cases,
    search_cases,
    walk_cases,
)
from escaping_minima.vouching.cuts import (
    BATCHES,
    EPOCHS,
    LEFT_OVER,
    STEPS,
    TEST_IMAGES,
    Record,
    cut,
    items_of,
    offers,
)

#: The texts of the cases of single parts, of the set that is read in less time.
TEXTS = {"data": "sample", "data_set": "tweeteval-emotion"}

#: Batch size, method, network and function of the cases of single parts.
SIZE = 10
METHOD = "gd"
NETWORK = "takase_mnist"
PLANE = "himmelblau"
#: Functions of the plane whose flow is too slow for the observer of basins.
GENTLE = ("gentle_plane",)
#: Of the channels of networks whose width is a setting.
DIVISOR = 8
#: Settings with which a method that waits before it perturbs does so in few updates.
IMPATIENT = {"patience": 1, "gradient_tolerance": 1e3}
#: Settings of parts that would do nothing in so short a run as they are.
PART_SETTINGS: dict[str, dict[str, Any]] = {
    "steps": {"epochs": (2,)},
    "cosine": {"warm_up": 0.5},
    "annealing": {"moves": 14},
}
#: The schedule of a temperature, for methods that have one.
COOLING = ("schedules", "cooling")
#: Parts that need a method which tells more of its step than METHOD does.
NEEDS_METHOD = {
    "acceptance": "nim_mbh",
    "annealing": "sgd_sa",
    "noise_activity": "nim_bh",
    "tested_moves": "ssa",
}
#: What cells may name that is no part.
_FURTHER_TRAINING: dict[str, dict[str, Any]] = {
    "bfloat16": {"precision": "bfloat16"},
    "contiguous": {"memory_format": "contiguous"},
    "seeds": {"seeds": {"order": 1}},
    "kept": {"keep_epochs": (0, 1)},
    "one_order": {"reshuffle": False},
}


@dataclass(frozen=True)
class Case:
    """A run that both trees make.

    Attributes
    ----------
    job : str
        Cases of one job are trained by one call, side by side where the engine does that.
    record : Mapping
        The cell, as plans carry it.
    published : tuple of Mapping
        The published cells that this one is a short form of.
    stopped : bool
        Whether the run is stopped by a signal at a checkpoint, then resumed.
    """

    job: str
    record: Record
    published: tuple[Record, ...] = ()
    stopped: bool = False


def all_cases(published: Path, device: str, planned: Sequence[Record] = ()) -> list[Case]:
    """Return the cases of a device.

    Parameters
    ----------
    published : Path
        The folder of published tables, a folder for each study.
    device : str
        "cpu" or "cuda".
    planned : sequence of Mapping
        Cells that are to count as published ones, since their runs are under way.

    Raises
    ------
    UserError
        If a published cell is of a kind that no rule says how to cut.
    """
    by_text = {json.dumps(record, sort_keys=True): record for record in planned}
    by_text |= {json.dumps(r, sort_keys=True): r for r in published_records(published)}
    short = published_cases(list(by_text.values()), device)
    further = (*probe_cases(device), *tuning_cases(device), *resumed_cases())
    return [*short, *part_cases(device), *further]


def published_records(folder: Path) -> list[Record]:
    """Return every published cell."""
    found: list[Record] = []
    for path in sorted(folder.glob("*/cells.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found.extend(json.loads(line["settings"]) for line in csv.DictReader(file))
    return found


def published_cases(records: Sequence[Record], device: str) -> list[Case]:
    """Return the published cells cut short; cells that are equal then are one case."""
    by_text: dict[str, list[Record]] = {}
    by_id = {read_cell(record).id: record for record in records}
    # what others rest on comes before them
    for record in sorted(records, key=_place_in_turn):
        short = cut(record, device, by_id)
        by_text.setdefault(json.dumps(short, sort_keys=True), []).append(record)
    return [
        Case(_published_job(short), short, tuple(whole))
        for short, whole in ((json.loads(text), whole) for text, whole in by_text.items())
    ]


def part_cases(device: str) -> list[Case]:
    """Return a case for each part, and for what a cell of training may name besides."""
    problems = [name for name in registered("problems") if _has_own_case(name)]
    methods = [name for name in registered("methods") if name not in walk_cases.METHODS]
    images = BATCHES[device] * SIZE + LEFT_OVER
    pairs = {(p, m): None for m in methods for p in (PLANE, NETWORK)}
    pairs |= {(p, methods[0]): None for p in problems}
    cases = [Case(f"part_{p}_{m}", _part_record(p, m, device)) for p, m in pairs]
    for name in methods:
        if settings := {k: v for k, v in IMPATIENT.items() if offers("methods", name, k)}:
            record = _network_record(NETWORK, name, images, method_settings=settings)
            cases.append(Case(f"impatient_{name}", record))
        if offers("methods", name, "temperature"):
            cooled = _network_record(NETWORK, name, images, temperature=_slot(*COOLING))
            cases.append(Case(f"cooled_{name}", cooled))
    for name, more in _further_points().items():
        method = NEEDS_METHOD.get(name, METHOD)
        record = make_points_cell(PLANE, method, STEPS, 200, **more).record()
        cases.append(Case(f"points_{name}", record))
    for name, more in (_further_training() | _FURTHER_TRAINING).items():
        method = NEEDS_METHOD.get(name, METHOD)
        cases.append(Case(f"training_{name}", _network_record(NETWORK, method, images, **more)))
    others = (
        *walk_cases.walk_parts(),
        *floor_cases.floor_cells(),
        *examine_cases.examinations(),
        *arena_cases.contests(),
    )
    cases += [Case(name, cell.record()) for name, cell in others]
    # a single image that is left over joins the batch before it
    return [*cases, Case("left_over", _network_record(NETWORK, METHOD, 2 * SIZE + 1))]


def probe_cases(device: str) -> list[Case]:
    """Return a probe for each measure that has one, each after what it measures at, in one job."""
    path = part_record("observers", "path", {"every": 50, "coordinates": (0, 1)}).record()
    points = make_points_cell(PLANE, METHOD, STEPS, 200, observers=(path,))
    images = BATCHES[device] * SIZE + LEFT_OVER
    kept = read_cell(_network_record(NETWORK, METHOD, images, keep_epochs=(EPOCHS,)))
    cases = []
    for name in sorted({*registered("measures")} - {*walk_cases.MEASURES, *examine_cases.MEASURES}):
        at_points = offers("measures", name, "at_points")
        target, what = (points, "path") if at_points else (kept, f"epoch{EPOCHS}")
        probe = make_probe_cell(target, what, name)
        cases += [Case(f"probe_{name}", cell.record()) for cell in (target, probe)]
    for name, cells in walk_cases.walk_probes():
        cases += [Case(name, cell.record()) for cell in cells]
    return cases


def tuning_cases(device: str) -> list[Case]:
    """Return a search, and a run that is tuned by its trial."""
    search = _search(BATCHES[device])
    found = [Case("search", cell.record()) for cell in (search, search_cases.tuned(search))]
    in_arena = arena_cases.searched_and_tuned()
    return [*found, *(Case("arena_search", cell.record()) for cell in in_arena)]


def resumed_cases() -> list[Case]:
    """Return a run of each kind that is long enough to be stopped before its end."""
    plane = make_points_cell(PLANE, "nim_mbh", 6 * STEPS, 200).record()
    network = _network_record(NETWORK, "adagrad", images=30 * SIZE + LEFT_OVER)
    return [
        Case("resumed_points", plane, stopped=True),
        Case("resumed_training", network, stopped=True),
        Case("resumed_walks", walk_cases.long_walk().record(), stopped=True),
        Case("resumed_search", _search(30).record(), stopped=True),
        *(Case(name, c.record(), stopped=True) for name, c in arena_cases.long_contests()),
    ]


def registered(room: str) -> list[str]:
    """Return the names of the parts of a room; helpers of the room are not parts."""
    return sorted(p.stem for p in (ROOT / room).glob("*.py") if _assigns(p, ROOMS[room]))


def _place_in_turn(record: Record) -> int:
    """Return 0 for what rests on no other cell, 1 for tuned runs, 2 for probes (of these too)."""
    return 2 if "target" in record else int("tuned_by" in record)


def _published_job(record: Record) -> str:
    return f"published_{record['problem']}_{record['method']}"


def _part_record(problem: str, method: str, device: str) -> Record:
    if _is_network(problem):
        return _network_record(problem, method, BATCHES[device] * SIZE + LEFT_OVER)
    # basins are those of the plane
    has_basins = _is_plane(problem) and problem not in GENTLE
    more: dict[str, Any] = {} if has_basins else {"observers": ()}
    return make_points_cell(problem, method, STEPS, 200, **more).record()


def _network_record(problem: str, method: str, images: int, **more: Any) -> Record:
    sizes = {"first": SIZE, "last": SIZE, "line": "epochs"}
    kind = TEXTS if offers("problems", problem, "READING") else {"data": "sample"}
    data: dict[str, Any] = {**kind, **items_of(problem, images)}
    if offers("problems", problem, "divisor"):
        data["divisor"] = DIVISOR
    return make_training_cell(problem, method, EPOCHS, sizes, data, **more).record()


def _search(batches: int) -> SearchCell:
    images = batches * SIZE + LEFT_OVER
    return search_cases.short_search(images, TEST_IMAGES, SIZE, EPOCHS)


def _further_points() -> dict[str, dict[str, Any]]:
    """Return what cells of points name for each part that they may have."""
    watching = _observers("watch_points")
    alone = {name: {"observers": (_slot("observers", name),)} for name in watching}
    return {"unobserved": {"observers": ()}, **alone}


def _further_training() -> dict[str, dict[str, Any]]:
    """Return what cells of training name for each part that they may have."""
    watching = _observers("watch_training")
    return {
        **{name: {"rate": _slot("schedules", name)} for name in registered("schedules")},
        **{name: {"modifiers": (_slot("modifiers", name),)} for name in registered("modifiers")},
        **{name: {"observers": (_slot("observers", name),)} for name in watching},
    }


def _observers(offering: str) -> list[str]:
    """Return the observers of a kind of run."""
    return [name for name in registered("observers") if offers("observers", name, offering)]


def _slot(room: str, name: str) -> dict[str, Any]:
    """Return a part as a record names it."""
    return part_record(room, name, PART_SETTINGS.get(name)).record()


def _has_own_case(problem: str) -> bool:
    """Say whether a problem is for cells of points or of training."""
    return not walk_cases.is_walked(problem) and not offers("problems", problem, "summed")


def _is_network(problem: str) -> bool:
    return offers("problems", problem, "DATA_SET")


def _is_plane(problem: str) -> bool:
    return offers("problems", problem, "hessian")


def _assigns(path: Path, name: str) -> bool:
    """Say whether a module gives a name a value."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    targets = [t for node in body if isinstance(node, ast.Assign) for t in node.targets]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
