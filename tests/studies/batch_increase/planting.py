"""Planted runs: curves with known effects, collected as a run's blocks are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.collect.merging import Offered
from escaping_minima.kinds.training.cell import TrainingCell
from escaping_minima.parts.study_settings import Switch, described_settings
from escaping_minima.plan.jobs import PlannedBlocks, plan_study
from escaping_minima.results.blocks import Block
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.studies.batch_increase.collect import TABLES
from escaping_minima.studies.batch_increase.settings import Settings

STUDY = "batch_increase"
PARAMETERS = 1_111_946
#: Settings with which nothing is run.
NONE: Mapping[str, Any] = {
    name: False if isinstance(one.allowed, Switch) else getattr(one.allowed, "least", 0)
    for name, one in described_settings(Settings).items()
}
#: The numbers of a run that meets what every claim needs, without its controls.
ENOUGH: Mapping[str, Any] = {
    **NONE,
    "data": "full",
    "seeds": 10,
    "epochs": 3000,
    "mesh_epochs": 1000,
    "controls": False,
    "sample_seeds": 0,
    "sample_controls": False,
}
#: A first run: the sample alone.
QUICK: Mapping[str, Any] = {**ENOUGH, "seeds": 0, "mesh_epochs": 0, "sample_seeds": 3}
#: Every kind of cell, at a size that takes no time.
EVERYTHING: Mapping[str, Any] = {
    **NONE,
    "data": "generated",
    "seeds": 3,
    "epochs": 200,
    "mesh_epochs": 60,
    "controls": True,
    "sample_seeds": 3,
    "sample_controls": True,
}


#: Runs that some world has had, by what they depend on.
_MADE: dict[tuple[Any, ...], tuple[dict[str, Any], Any]] = {}


@dataclass(frozen=True)
class Shape:
    """The curves of a strategy; x is the epoch as a share of all epochs.

    Attributes
    ----------
    loss, error : float
        Least test loss, and test error in percent where the loss is least.
    rise : float
        Test loss and error climb by this share of the least between x = turn and turn + ramp.
    turn : float
    scatter : float
        Standard deviation of an epoch's test loss, as a share of it.
    train : float
        Training loss at the turn.
    fall : float
        The training loss falls by exp(-fall) between x = turn and turn + ramp.
    ramp : float
        How long the climb and the fall take, as a share of all epochs.
    drift : float
        Test and training loss go on changing by this share of themselves over the last tenth.
    speed : float
        The training loss comes down by exp(-speed x).
    reach : float
        Size of the least weight or bias at the end; the largest is four fifths of it.
    """

    loss: float = 0.03
    error: float = 0.6
    rise: float = 0.3
    turn: float = 0.5
    scatter: float = 0.002
    train: float = 0.01
    fall: float = 1.0
    ramp: float = 0.2
    drift: float = 0.0
    speed: float = 40.0
    reach: float = 0.15


@dataclass(frozen=True)
class World:
    """What every strategy's curves look like, and how much seeds differ.

    Attributes
    ----------
    shapes : Mapping
        By strategy.
    luck : float
        Standard deviation between the runs of a strategy, of the logarithm of every level.
    variants : Mapping
        Factor of test loss and error under a reading or under "gd".
    lost : frozenset
        (strategy, seed) of the main runs that diverge half-way.
    """

    shapes: Mapping[str, Shape]
    luck: float = 0.002
    variants: Mapping[str, float] = field(default_factory=dict)
    lost: frozenset[tuple[str, int]] = frozenset()

    def change(self, chosen: Callable[[str], bool], **values: float) -> World:
        """Return a world where some strategies have other values."""
        shapes = {n: replace(s, **values) if chosen(n) else s for n, s in self.shapes.items()}
        return replace(self, shapes=shapes)


def paper_world() -> World:
    """Return a world in which everything that the paper says is true."""
    shapes = {
        f"fixed_{size}": Shape(
            loss=0.03 * (1 + place / 5),
            error=0.6 * (1 + place / 5),
            train=0.010 / (1 + place / 5),
            ramp=0.35 if size == 10 else 0.2,
            speed=30 if size == 10 else 40,
        )
        for place, size in enumerate((10, 55, 100, 255, 500))
    }
    increase = Shape(loss=0.025, error=0.5, rise=0.03, scatter=0.001, train=0.012, fall=0.0)
    return World(shapes | {"linear_100": increase, "linear_500": increase})


class _Known:
    """A cell whose name and record are worked out once: tables ask for them a thousand times."""

    def __init__(self, cell: TrainingCell) -> None:
        self._cell, self.id, self._record = cell, cell.id, cell.record()

    def record(self) -> dict[str, Any]:
        return self._record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cell, name)


@cache
def _plan(numbers: frozenset[tuple[str, Any]]) -> list[PlannedBlocks]:
    found = [item for job in plan_study(STUDY, dict(numbers)) for item in job.cells]
    return [replace(item, cell=_Known(item.cell)) for item in found]


def planted(world: World, numbers: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the collected tables of a world, for a plan of some numbers."""
    cells = _plan(frozenset(numbers.items()))
    return TABLES.merge(offered(world, item, seed) for item in cells for seed in item.indices)


def offered(world: World, planned: PlannedBlocks, seed: int) -> Offered:
    """Return a run of a world as `collect` has it; one that another world had is made once."""
    strategy, labels = planned.labels["strategy"], tuple(planned.labels.values())
    variants = tuple(world.variants.items())
    lost = (strategy, seed) in world.lost
    # all that the run of a world depends on
    key = (planned.cell.id, labels, seed, world.shapes[strategy], world.luck, variants, lost)
    if key not in _MADE:
        table, manifest = block(world, planned, seed)
        parts = TABLES.of_block(Block(planned.cell, seed, table, manifest))
        _MADE[key] = manifest, parts
    manifest, parts = _MADE[key]
    return Offered(planned, seed, dict(manifest), parts)


def block(world: World, planned: PlannedBlocks, seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return table and manifest of a run of a world."""
    cell = planned.cell
    strategy = planned.labels["strategy"]
    table = _curves(world, cell, planned.labels, seed)
    lost = planned.labels["role"] == "main" and (strategy, seed) in world.lost
    if lost:
        table = table.iloc[: cell.epochs // 2].copy()
        table.loc[table.index[-1], "test_loss"] = np.inf
    test_images = cell.problem_settings["test_images"]
    rng = np.random.default_rng([seed, int(cell.id, 16)])
    wrong = rng.random(test_images) < table["test_error"].iloc[-1] / 100
    table["wrong"] = [b""] * (len(table) - 1) + [np.packbits(wrong).tobytes()]
    return table, {
        "outcome": "diverged" if lost else "done",
        "diverged_replicates": int(lost),
        "parameters": PARAMETERS,
        "gradient_evaluations": int(table["updates"].iloc[-1]),
        "loss_evaluations": 0,
        "wall_seconds": 1.5,
        "data": {"train-images": "0" * 64},
        "commit": "0" * 40,
        "dirty": False,
        "source_hash": planned.source_hash,
        "device": "cpu",
        "machine": "planted",
        "versions": {"torch": "2", "numpy": "2"},
    }


def _curves(world: World, cell: TrainingCell, labels: Mapping[str, Any], seed: int) -> pd.DataFrame:
    shape = world.shapes[labels["strategy"]]
    epochs, images = cell.epochs, cell.problem_settings["train_images"]
    # what a seed does to all strategies, and what it does to this one
    common = np.random.default_rng(seed).normal(0, 0.05)
    own = np.random.default_rng([seed, int(cell.id, 16)])
    factor = world.variants.get(labels["variant"] or cell.method, 1.0)
    x = np.arange(epochs + 1) / epochs
    # no two runs settle in the same epoch, or have the same trend
    apart = np.random.default_rng([seed, int(cell.id, 16), 1])
    ramp = shape.ramp * (1 + 0.02 * apart.normal())
    jitter = 1 + 0.0005 * apart.normal(size=epochs + 1)
    after = np.clip((x - shape.turn) / ramp, 0, 1)
    drift = 1 + shape.drift * np.clip((x - 0.9) / 0.1, 0, 1)
    early = np.exp(-40 * x)
    # a slope up to the turn, so that the least is there
    valley = (1 + 0.2 * np.clip(shape.turn - x, 0, None) + shape.rise * after) * drift
    test, train = (np.exp(common + own.normal(0, world.luck)) for _ in range(2))
    scatter = 1 + shape.scatter * own.normal(size=epochs + 1)
    sizes = BatchSizes(**cell.batch_size)
    size = [0] + [sizes.size(e, epochs) for e in range(1, epochs + 1)]
    updates = np.cumsum([0] + [_batches(sizes, images, s) for s in size[1:]])
    down = 2 * np.exp(-shape.speed * x)
    train_loss = train * (shape.train * np.exp(-shape.fall * after) * drift + down) * jitter
    reach = (1 / 3 + 2 / 3 * x) * shape.reach * np.exp(own.normal(0, world.luck))
    return pd.DataFrame(
        {
            "epoch": np.arange(epochs + 1.0),
            "batch_size": np.array(size, float),
            "updates": updates.astype(float),
            "running_loss": np.where(x > 0, 2 * train_loss, np.nan),
            "train_loss": train_loss,
            "train_error": np.minimum(20 * train_loss, 90),
            "test_loss": factor * test * (shape.loss * valley * scatter + 2 * early),
            "test_error": np.minimum(factor * test * (shape.error * valley + 50 * early), 90),
            "parameter_min": -reach,
            "parameter_max": 0.8 * reach,
            "weight_min": -0.9 * reach,
            "weight_max": 0.7 * reach,
        }
    )


@cache
def _batches(sizes: BatchSizes, images: int, size: int) -> int:
    return len(sizes.bounds(images, size))
