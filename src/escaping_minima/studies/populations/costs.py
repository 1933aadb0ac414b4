"""What the runs would take that a claim lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from escaping_minima.parts.study_settings import described_settings
from escaping_minima.report.tables.words import spanned
from escaping_minima.schedules.batch_sizes import batch_bounds
from escaping_minima.studies.populations.cell_rows import count_items
from escaping_minima.studies.populations.names import IMAGE_TASKS, TRAJECTORIES
from escaping_minima.studies.populations.plan import plan_cells
from escaping_minima.studies.populations.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.plan.cells import PlannedCell

#: The scale whose runs test the claims, and what they need beside it: the paper's network on texts,
#: all of it trained. What is not there of these runs, a claim lacks.
WHOLE = "gpu"
NETWORK: Mapping[str, str | int] = {"encoder": "bert-base-uncased", "trained_layers": 0}
#: Milliseconds of an update of SGD on ResNet-50: minibatches of 128 in bfloat16, each update a CUDA
#: graph, three runs on streams: 14,908 images a second on one H200, November 2026
#: (benchmarks/resnet50_training.py).
STEP = 8.6
#: What a pass forward costs, in updates of SGD.
FORWARD = 1 / 3
#: What an update costs beside one of SGD on a GPU: SAM takes two gradients, and so do those that
#: add noise to the model, whose second one is masked there and not left out. Measured of SAM and
#: NiM-BH in the same run.
_SHARE = {"sam": 2.0, "nim": 2.1, "nig_bh": 2.1, "nim_bh": 2.1, "nig_mbh": 2.1, "nim_mbh": 2.1}
#: Roles whose runs rest on those of another.
_NEEDS = {"tuned": "search", "acting": "search"}


@dataclass(frozen=True)
class Missing:
    """What is missing.

    Attributes
    ----------
    trajectories : int
        Runs of the full length.
    gpu_hours : float
        Of one H200, for what trains on images; see `STEP`.
    core_hours : float
        Of one core, for what trains on texts.
    """

    trajectories: int
    gpu_hours: float
    core_hours: float

    def words(self) -> str:
        """Say it: what a claim lacks."""
        hours = [(self.gpu_hours, "GPU hours"), (self.core_hours, "core hours")]
        said = " and ".join(f"{number:,.1f} {what}" for number, what in hours if number)
        trajectories = spanned([self.trajectories], "trajectory", "trajectories")
        return f"{trajectories}, {said or 'no time to speak of'}"


def missing_runs(
    jobs: Iterable[str], tasks: Iterable[str], methods: Iterable[str], cells: pd.DataFrame
) -> Missing:
    """Return what is missing of the runs that test the claims.

    Parameters
    ----------
    jobs : iterable of str
        Roles, as families of claims name them; the searches that they rest on are counted as well.
    tasks, methods : iterable of str
    cells : DataFrame
        ``cells.csv``: ``cell``, ``blocks``. Blocks of cells with other settings are none of theirs.
    """
    there = dict(zip(cells["cell"], cells["blocks"], strict=True))
    roles, tasks, methods = set(jobs), set(tasks), set(methods)
    lacking = [
        run
        for run in _whole()
        if run.labels["task"] in tasks
        and run.labels["method"] in methods
        and _is_wanted(run.labels, roles)
        and run.block >= int(there.get(run.cell, 0))
    ]
    return Missing(
        sum(run.labels["role"] in TRAJECTORIES for run in lacking),
        sum(run.seconds for run in lacking if run.labels["task"] in IMAGE_TASKS) / 3600.0,
        sum(run.seconds for run in lacking if run.labels["task"] not in IMAGE_TASKS) / 3600.0,
    )


@dataclass(frozen=True)
class _Run:
    """A block with what it takes: of a GPU on images, of a core on texts."""

    labels: Mapping[str, Any]
    cell: str
    block: int
    seconds: float


def _is_wanted(labels: Mapping[str, Any], roles: set[str]) -> bool:
    role, variant = labels["role"], labels["variant"]
    return role in roles or (variant in roles and _NEEDS.get(variant) == role)


def _gpu_seconds(cell: Any) -> float:
    """Return what a block of a cell that trains on images takes of a GPU."""
    training = cell.training if cell.KIND == "search" else cell.record()
    size = training["batch_size"]["first"]
    train, *others = count_items(cell.problem_settings).values()
    evaluated = sum(len(batch_bounds(items, size)) for items in (train, *others))
    passes = _SHARE.get(cell.method, 1.0) * len(batch_bounds(train, size)) + FORWARD * evaluated
    return float(training["epochs"] * passes * STEP / 1000.0)


@cache
def _whole() -> tuple[_Run, ...]:
    """Return all runs that test the claims."""
    numbers = {name: said.scales[WHOLE] for name, said in described_settings(Settings).items()}
    planned = plan_cells(Settings(**{**numbers, **NETWORK}))
    # blocks of one cell share it, and its name is long in the making
    cells = {id(item.cell): item for item in planned}
    priced = {key: (item.cell.id, _seconds(item)) for key, item in cells.items()}
    found = []
    for item in planned:
        cell, seconds = priced[id(item.cell)]
        found.append(_Run(item.labels, cell, item.first, seconds))
    return tuple(found)


def _seconds(item: PlannedCell) -> float:
    if item.labels["task"] in IMAGE_TASKS:
        return _gpu_seconds(item.cell)
    return float(item.cell.cost)
