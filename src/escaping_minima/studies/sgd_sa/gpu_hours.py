"""How many hours of a GPU the runs would take that a family of claims lacks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, cast

from escaping_minima.kinds.training.cell import TrainingCell
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.sgd_sa.layout import PAPER_BATCH
from escaping_minima.studies.sgd_sa.plan import plan_cells
from escaping_minima.studies.sgd_sa.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.plan.cells import PlannedCell

#: Milliseconds of an update of SGD at the paper's size, by network: minibatches of 512 in bfloat16,
#: each update a CUDA graph, several runs on streams. A prototype on one H100, November 2026; this
#: code has not been timed on one.
STEP = {"vgg16": 4.8, "resnet34": 13.5}
#: What an update costs beside one of SGD: a pass forward is a third of it. SGD-SA makes two more,
#: SSA three in all.
SHARE = {"gd": 1.0, "sgd_sa": 5 / 3, "ssa": 1.0}
FORWARD = 1 / 3


def missing_hours(roles: Collection[str], seeds: int, cells: pd.DataFrame) -> float:
    """Return the hours that the runs take which are not there, at the paper's size.

    Parameters
    ----------
    roles : collection of str
        Of the runs.
    seeds : int
        So many of each.
    cells : DataFrame
        ``cells.csv``: ``cell``, ``seeds``.

    Returns
    -------
    float
        Hours of one H100; see `STEP`.
    """
    there = dict(zip(cells["cell"], cells["seeds"], strict=True))
    planned = list(_planned(roles, seeds))
    blocks = Counter(item.cell.id for item in planned)
    by_id = {item.cell.id: cast(TrainingCell, item.cell) for item in planned}
    return sum(
        max(0, count - int(there.get(cell, 0))) * _hours(by_id[cell])
        for cell, count in blocks.items()
    )


def _planned(roles: Collection[str], seeds: int) -> Iterator[PlannedCell]:
    """Yield the runs of some roles; what is measured at states of them takes next to nothing."""
    numbers = {name: said.scales["gpu"] for name, said in described_settings(Settings).items()}
    counts = {name: seeds for name in numbers if name.endswith("seeds")}
    for item in plan_cells(Settings(**{**numbers, **counts})):
        if item.labels["role"] in roles and isinstance(item.cell, TrainingCell):
            yield item


def _hours(cell: TrainingCell) -> float:
    images, settings = cell.problem_settings, cell.batch_size
    evaluated = images["evaluated_images"] + images["test_images"]
    updates = math.ceil(images["train_images"] / settings["first"])
    passes = SHARE[cell.method] * updates + FORWARD * evaluated / PAPER_BATCH
    return float(cell.epochs * passes * STEP[cell.problem] / 3.6e6)
