"""A cell of the study with what the study calls it, and what is recorded along its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.training.cell import (
    USUAL_OBSERVERS,
    TrainingCell,
    make_training_cell,
)
from escaping_minima.parts.registry import part_record
from escaping_minima.studies.batch_increase.strategies import PROBLEM, Strategy, by_name

#: Step size of plain SGD. The paper has no SGD run; a tenth is the usual start with batch
#: normalisation.
SGD_RATE = 0.1
#: Epochs at whose end runs of an increase keep their states, as far as they go, beside the last.
KEPT = (0, 1, 10, 100)
#: The observer that compares batches with all images.
_COMPARES = "loss_deviation"


@dataclass(frozen=True)
class Item:
    """A cell with what the study calls it."""

    cell: Cell
    labels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Runs(Item):
    """Runs of a training, which may keep states."""

    cell: TrainingCell

    @property
    def strategy(self) -> Strategy:
        """How their batch size goes."""
        return by_name()[self.labels["strategy"]]

    @property
    def is_compared(self) -> bool:
        """Whether some of their own batches are compared with all images."""
        return any(slot["name"] == _COMPARES for slot in self.cell.observers)


@dataclass(frozen=True)
class Watch:
    """What is recorded along a run besides losses, extrema and wrong images.

    Attributes
    ----------
    mesh : bool
        Whether coordinates are recorded, which meshes are counted from.
    deviations : bool
        Whether the minibatch of an update in the middle of each epoch is compared with all
        training images.
    keep : tuple of int
        Epochs at whose end the state is kept.
    """

    mesh: bool = False
    deviations: bool = False
    keep: tuple[int, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return the fields of a cell."""
        observers = list(USUAL_OBSERVERS)
        if self.mesh:
            observers.append(part_record("observers", "coordinates").record())
        if self.deviations:
            settings = {"updates_per_epoch": 1}
            observers.append(part_record("observers", _COMPARES, settings).record())
        return {"observers": tuple(observers), "keep_epochs": self.keep}


NOTHING = Watch()


def adagrad(
    strategy: Strategy,
    problem: Mapping[str, Any],
    epochs: int,
    role: str,
    variant: str = "",
    settings: Mapping[str, Any] | None = None,
    watch: Watch = NOTHING,
) -> Runs:
    """Return the runs of a strategy with the paper's optimiser.

    Parameters
    ----------
    strategy : Strategy
    problem : Mapping
        Settings of the problem.
    epochs : int
    role, variant : str
        What the study calls them.
    settings : Mapping, optional
        Of the optimiser.
    watch : Watch, optional
    """
    return _item("adagrad", strategy, problem, epochs, role, variant, settings, watch)


def sgd(
    strategy: Strategy, problem: Mapping[str, Any], epochs: int, role: str, variant: str = ""
) -> Runs:
    """Return the runs of a strategy with plain SGD; see `adagrad`."""
    settings = {"learning_rate": SGD_RATE}
    return _item("gd", strategy, problem, epochs, role, variant, settings, NOTHING)


def kept_epochs(strategy: Strategy, epochs: int) -> tuple[int, ...]:
    """Return the epochs at whose end states are kept: of a fixed size the last alone."""
    earlier = () if strategy.is_fixed else KEPT
    return (*(epoch for epoch in earlier if epoch < epochs), epochs)


def _item(
    method: str,
    strategy: Strategy,
    problem: Mapping[str, Any],
    epochs: int,
    role: str,
    variant: str,
    settings: Mapping[str, Any] | None,
    watch: Watch,
) -> Runs:
    cell = make_training_cell(
        PROBLEM, method, epochs, strategy.record(), problem, settings, **watch.fields()
    )
    return Runs(cell, {"role": role, "strategy": strategy.name, "variant": variant})
