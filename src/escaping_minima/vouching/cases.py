"""What is run at both commits: the published cells cut short, and one case for each part.

Data and epochs are cut, networks and batch sizes are not: shapes choose the kernels that compute.
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.training.cell import make_training_cell

PACKAGE = Path(__file__).resolve().parents[1]

#: Where parts are found by name, and the constant that makes a module of that room a part.
ROOMS = {"methods": "METHOD", "problems": "PROBLEM", "observers": "OBSERVER"}

#: Steps on a function of the plane: two snapshots, four searches of basin hopping, five pages.
STEPS = 450
#: Epochs: the first and the last batch size of a schedule.
EPOCHS = 2
#: Whole batches of the largest size in an epoch, before a short one of LEFT_OVER images. A GPU
#: captures a batch size that has come up ten times, so there must be more of them there.
BATCHES = {"cpu": 2, "cuda": 12}
LEFT_OVER = 3
#: Test images: two batches of evaluation and a short one.
TEST_IMAGES = 253

#: Small batch sizes and images for cases of single parts.
SIZE = 10

Record = Mapping[str, Any]


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


def all_cases(published: Path, device: str) -> list[Case]:
    """Return the cases of a device.

    Parameters
    ----------
    published : Path
        The folder of published tables, a folder for each study.
    device : str
        "cpu" or "cuda".

    Raises
    ------
    UserError
        If a published cell is of a kind that no rule says how to cut.
    """
    short = published_cases(published_records(published), device)
    return [*short, *part_cases(device), *resumed_cases()]


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
    for record in records:
        by_text.setdefault(json.dumps(cut(record, device), sort_keys=True), []).append(record)
    return [
        Case(_published_job(short), short, tuple(whole))
        for short, whole in ((json.loads(text), whole) for text, whole in by_text.items())
    ]


def part_cases(device: str) -> list[Case]:
    """Return a case for each method, on the plane and on a network, and for each problem."""
    plane = next(name for name in registered("problems") if not _is_network(name))
    network = next(name for name in registered("problems") if _is_network(name))
    methods = registered("methods")
    pairs = {(p, m): None for m in methods for p in (plane, network)}
    pairs |= {(p, methods[0]): None for p in registered("problems")}
    cases = [Case(f"part_{p}_{m}", _part_record(p, m, device)) for p, m in pairs]
    # a single image that is left over joins the batch before it
    joined = _network_record(network, methods[0], images=2 * SIZE + 1)
    return [*cases, Case("left_over", joined)]


def resumed_cases() -> list[Case]:
    """Return a run of each kind that is long enough to be stopped before its end."""
    plane = make_points_cell("himmelblau", "nim_mbh", 6 * STEPS, 200).record()
    network = _network_record("takase_mnist", "adagrad", images=30 * SIZE + LEFT_OVER)
    return [
        Case("resumed_points", plane, stopped=True),
        Case("resumed_training", network, stopped=True),
    ]


def registered(room: str, package: Path = PACKAGE) -> list[str]:
    """Return the names of the parts of a room; helpers of the room are not parts."""
    return sorted(
        path.stem for path in (package / room).glob("*.py") if _assigns(path, ROOMS[room])
    )


def kind_of(record: Record) -> str:
    """Return the kind of a cell; two kinds are older than the word."""
    if "kind" in record:
        return str(record["kind"])
    return "training" if "epochs" in record else "points"


def cut(record: Record, device: str) -> Record:
    """Return a cell cut short.

    Raises
    ------
    UserError
        If no rule says how to cut its kind.
    """
    kind = kind_of(record)
    if kind not in CUTS:
        raise UserError(
            f"vouch: found a published cell of kind {kind!r}; allowed: {', '.join(CUTS)}; "
            "say in vouching/cases.py how such a cell is cut short"
        )
    return CUTS[kind](record, device)


def _cut_points(record: Record, device: str) -> Record:
    return {**record, "steps": min(record["steps"], STEPS)}


def _cut_training(record: Record, device: str) -> Record:
    problem = record["problem_settings"]
    largest = max(v for v in record["batch_size"].values() if isinstance(v, int))
    short = {
        "data": "sample" if problem["data"] == "full" else problem["data"],
        "train_images": min(problem["train_images"], BATCHES[device] * largest + LEFT_OVER),
        "test_images": min(problem["test_images"], TEST_IMAGES),
    }
    epochs = min(record["epochs"], EPOCHS)
    return {**record, "epochs": epochs, "problem_settings": {**problem, **short}}


#: How a cell of each kind is cut short.
CUTS: dict[str, Callable[[Record, str], Record]] = {
    "points": _cut_points,
    "training": _cut_training,
}


def _published_job(record: Record) -> str:
    return f"published_{record['problem']}_{record['method']}"


def _part_record(problem: str, method: str, device: str) -> Record:
    if _is_network(problem):
        return _network_record(problem, method, BATCHES[device] * SIZE + LEFT_OVER)
    return make_points_cell(problem, method, STEPS, 200).record()


def _network_record(problem: str, method: str, images: int) -> Record:
    sizes = {"first": SIZE, "last": SIZE, "line": "epochs"}
    data = {"data": "sample", "train_images": images, "test_images": TEST_IMAGES}
    return make_training_cell(problem, method, EPOCHS, sizes, data).record()


def _is_network(problem: str) -> bool:
    return _assigns(PACKAGE / "problems" / f"{problem}.py", "DATA_SET")


def _assigns(path: Path, name: str) -> bool:
    """Say whether a module gives a name a value, at its top or in a class."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(name in _targets(node) for node in ast.walk(tree))


def _targets(node: ast.AST) -> Iterator[str]:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    yield from (t.id for t in targets if isinstance(t, ast.Name))
