"""The collected tables of the study by what a reader asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import pandas as pd

from escaping_minima.studies.populations.names import TASKS, TRAJECTORIES
from escaping_minima.studies.populations.sets import select_sets

#: Columns that name a population beside its cell.
NAMES = ("role", "task", "network", "method")
_EPOCHS = (
    *("cell", "block", "epoch", "gradient_evaluations", "running_loss"),
    *(f"{split}_{what}" for split in ("train", "validation", "test") for what in ("loss", "score")),
)


@dataclass(frozen=True)
class Trajectories:
    """What was trained, and the models of each trajectory.

    Attributes
    ----------
    cells : DataFrame
        ``cells.csv``.
    epochs : DataFrame
        ``epochs.parquet``; without rows where no trajectory was run.
    """

    cells: pd.DataFrame
    epochs: pd.DataFrame

    @classmethod
    def build(cls, tables: Mapping[str, pd.DataFrame]) -> Self:
        """Take the tables that there are."""
        empty = pd.DataFrame(columns=list(_EPOCHS)).astype({"block": int, "epoch": int})
        return cls(tables["cells.csv"], tables.get("epochs.parquet", empty))

    @cached_property
    def populations(self) -> pd.DataFrame:
        """Rows of ``cells.csv`` of which there are trajectories, the tasks in the paper's order."""
        there = self.cells["role"].isin(TRAJECTORIES)
        rows = self.cells[there & self.cells["cell"].isin(set(self.epochs["cell"]))]
        order = {task: place for place, task in enumerate(TASKS)}
        return rows.sort_values("task", key=lambda tasks: tasks.map(order), kind="stable")

    @cached_property
    def selected(self) -> pd.DataFrame:
        """SetA, SetB and SetV; see `select_sets`."""
        models = self.populations.set_index("cell")["models"].astype(int)
        return select_sets(self.epochs[self.epochs["cell"].isin(models.index)], models)

    def arms(self, role: str) -> Iterator[tuple[str, str, pd.DataFrame]]:
        """Yield each task and network of a role, with the rows of its methods."""
        rows = self.populations[self.populations["role"] == role]
        for (task, network), methods in rows.groupby(["task", "network"], sort=False):
            yield str(task), str(network), methods
