"""Which runs a figure draws: this run's, or the published ones where this run has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from escaping_minima.report.figures import bands
from escaping_minima.studies.populations.names import METHODS, TASKS
from escaping_minima.studies.populations.scope import size_words
from escaping_minima.studies.populations.trajectories import Trajectories

#: Roles in which all methods are run: the paper does not say of which its figures are, and they are
#: read as of tuned methods.
ROLES = ("tuned", "base")
_Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Lines(bands.Curves):
    """The trajectories of a role on one task and network, a line a method.

    Attributes
    ----------
    task, network, role : str
    """

    LINE: ClassVar[str] = "method"
    RUN: ClassVar[str] = "trajectory"
    RUNS: ClassVar[str] = "trajectories"

    task: str
    network: str
    role: str

    def detail(self, bands: bool = True) -> str:
        """Say on what the lines rest."""
        return f"{self.describe(bands)}; {size_words(self.rows)}"


@dataclass(frozen=True)
class Sources(bands.Sources):
    """The tables of this run, and the published ones to fall back on."""

    def trajectories(self) -> tuple[Trajectories, bool] | None:
        """Return the first tables that have trajectories, and whether they are published."""

        def find(tables: _Tables, published: bool) -> tuple[Trajectories, bool] | None:
            runs = Trajectories.build(tables)
            return (runs, published) if len(runs.populations) else None

        return self.first(find)

    def having(self, name: str) -> tuple[_Tables, bool] | None:
        """Return the first tables among which one is, and whether they are published."""
        return self.first(lambda tables, there: (tables, there) if name in tables else None)

    def epochs(self) -> list[Lines]:
        """Return the epochs of all methods, of each task and network of the first role that has it.

        Curves have a row an epoch, of those epochs that all trajectories of a cell have.
        """
        return self._each("epochs.parquet")

    def windows(self, needed: Sequence[str] = ()) -> list[Lines]:
        """Return the smoothed losses of minibatches likewise, a row a window.

        Parameters
        ----------
        needed : sequence of str
            Methods without which there is nothing to draw.
        """
        return self._each("curves.parquet", needed)

    def monotonic(self) -> list[Lines]:
        """Return the epochs of monotonic basin hopping, with what it is compared with."""
        return self.first(_find_monotonic) or []

    def _each(self, name: str, needed: Sequence[str] = ()) -> list[Lines]:
        def find_task(task: str) -> list[Lines]:
            def find(tables: _Tables, published: bool) -> list[Lines] | None:
                return list(_find(tables, published, name, task, needed)) or None

            return self.first(find) or []

        return [lines for task in TASKS for lines in find_task(task)]


def _find(
    tables: _Tables, published: bool, name: str, task: str, needed: Sequence[str]
) -> Iterator[Lines]:
    """Yield each network of a task once, in the first role that has it."""
    runs, done = Trajectories.build(tables), set()
    if name not in tables:
        return
    for role in ROLES:
        for other, network, rows in runs.arms(role):
            if other != task or network in done or not set(needed) <= set(rows["method"]):
                continue
            done.add(network)
            yield _lines(rows, runs.epochs, tables[name], published)


def _find_monotonic(tables: _Tables, published: bool) -> list[Lines] | None:
    runs = Trajectories.build(tables)
    compared = {
        (task, network): rows[rows["method"].isin(["gd", *(m for m in METHODS if "bh" in m)])]
        for task, network, rows in runs.arms("base")
    }
    found = [
        _lines(pd.concat([rows, compared[task, network]]), runs.epochs, runs.epochs, published)
        for task, network, rows in runs.arms("monotonic")
        if (task, network) in compared
    ]
    return found or None


def _lines(
    rows: pd.DataFrame, epochs: pd.DataFrame, curves: pd.DataFrame, published: bool
) -> Lines:
    """Return the curves of some cells of one task and network."""
    measures, first = _diverged(epochs, rows), rows.iloc[0]
    return Lines(
        published=published,
        cells=dict(zip(rows["method"], rows["cell"], strict=True)),
        rows=rows.assign(seeds=rows["blocks"]),
        curves=_as_curves(curves, measures),
        measures=measures,
        task=str(first["task"]),
        network=str(first["network"]),
        role=str(first["role"]),
    )


def _as_curves(table: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Name the rows of whole runs as curves do, of those epochs that all runs of a cell have.

    Updates are the gradient evaluations, the mean of the trajectories: local searches may differ in
    theirs. Long runs are published with the models of their sets, which differ too.
    """
    whole = measures.index[measures["diverged"] == 0]
    table = table[pd.MultiIndex.from_frame(table[["cell", "block"]]).isin(whole)]
    table = table.rename(columns={"block": "seed", "updates": "updates_made"})
    # windows count from 0, and curves are drawn from 1 on
    table = table.assign(epoch=table["window"] + 1) if "window" in table else table
    by_row = table.groupby(["cell", "epoch"])
    runs = table.groupby("cell")["seed"].transform("nunique")
    evaluations = by_row["gradient_evaluations"].transform("mean")
    return table.assign(updates=evaluations)[by_row["seed"].transform("nunique") == runs]


def _diverged(epochs: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Say of each trajectory whether it diverged: it has no finite loss in its last epoch."""
    own = epochs[epochs["cell"].isin(set(rows["cell"]))]
    reached = own["epoch"].where(np.isfinite(own["train_loss"].astype(float)), 0)
    last = reached.groupby([own["cell"], own["block"]]).max()
    wanted = last.index.get_level_values("cell").map(rows.set_index("cell")["epochs"].astype(int))
    return pd.DataFrame({"diverged": (last.to_numpy() < wanted.to_numpy()).astype(int)}, last.index)
