"""How many hours of a GPU the runs would take that a family of claims lacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, cast

from escaping_minima.kinds.training.cell import TrainingCell
from escaping_minima.parts.study_settings import described_settings
from escaping_minima.studies.sgd_sa.companions import COMPANIONS
from escaping_minima.studies.sgd_sa.layout import PAPER_BATCH
from escaping_minima.studies.sgd_sa.plan import plan_cells
from escaping_minima.studies.sgd_sa.run_tables import DIRECTIONS, Place
from escaping_minima.studies.sgd_sa.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.grammar import Side
    from escaping_minima.claims.records import Family
    from escaping_minima.plan.cells import PlannedCell

#: Milliseconds of an update of SGD at the paper's size, by network: minibatches of 512 in bfloat16,
#: each update a CUDA graph, several runs on streams: 116,219 and 40,762 images a second on one H200
#: (benchmarks/cifar_training.py, November 2026).
STEP = {"vgg16": 4.4, "resnet34": 12.6}
#: What an update costs beside one of SGD: a pass forward is a third of it. SGD-SA makes two more,
#: SSA three in all.
SHARE = {"gd": 1.0, "sgd_sa": 5 / 3, "ssa": 1.0}
FORWARD = 1 / 3


#: Role and network: what the settings run as a whole.
Group = tuple[str, str]


def missing_hours(sides: Iterable[Side], family: Family, cells: pd.DataFrame) -> float:
    """Return the hours of the runs that are not there of those that some sides are about.

    The settings run all of a role and network or none of it: so many seeds of each of these are
    counted as the family needs.

    Parameters
    ----------
    sides : iterable of Side
        Of the family's claims.
    family : Family
    cells : DataFrame
        ``cells.csv``: ``cell``, ``seeds``.

    Returns
    -------
    float
        Hours of one H200 at the paper's size; see `STEP`.
    """
    there = dict(zip(cells["cell"], cells["seeds"], strict=True))
    groups = {group for side in sides for group in _groups(side, family)}
    return sum(
        max(0, family.needs["seeds"] - int(there.get(cell, 0))) * hours
        for group in sorted(groups)
        for cell, hours in _planned()[group].items()
    )


def _groups(side: Side, family: Family) -> Iterator[Group]:
    """Yield the first role, of those that the family takes, that has the side's run."""
    network = side["network"]
    if "direction" in side:
        yield DIRECTIONS, network
        return
    own = [role for role in family.jobs if role != "small"]
    companions = [COMPANIONS[role] for role in own if role in COMPANIONS]
    for role in [side["role"]] if "role" in side else [*own, *companions]:
        if (role, network, side["run"], side.get("variant", "")) in _places():
            yield role, network
            return


@cache
def _items() -> tuple[PlannedCell, ...]:
    """Return one run of each training; what is measured at states of them takes next to nothing."""
    numbers = {name: said.scales["gpu"] for name, said in described_settings(Settings).items()}
    once = {name: 1 for name in numbers if name.endswith("seeds")}
    planned = plan_cells(Settings(**{**numbers, **once, "all_networks": True}))
    return tuple(item for item in planned if isinstance(item.cell, TrainingCell))


@cache
def _places() -> frozenset[Place]:
    names = ("role", "network", "run", "variant")
    return frozenset(tuple(item.labels[name] for name in names) for item in _items())


@cache
def _planned() -> dict[Group, dict[str, float]]:
    """Return the hours of a run of each cell, by group."""
    found: dict[Group, dict[str, float]] = {}
    for item in _items():
        group = found.setdefault((item.labels["role"], item.labels["network"]), {})
        group[item.cell.id] = _hours(cast(TrainingCell, item.cell))
    return found


def _hours(cell: TrainingCell) -> float:
    images, settings = cell.problem_settings, cell.batch_size
    evaluated = images["evaluated_images"] + images["test_images"]
    updates = math.ceil(images["train_images"] / settings["first"])
    passes = SHARE[cell.method] * updates + FORWARD * evaluated / PAPER_BATCH
    return float(cell.epochs * passes * STEP[cell.problem] / 3.6e6)
