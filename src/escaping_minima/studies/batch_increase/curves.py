"""Which curves a figure draws: this run's, or the published ones where this run has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from escaping_minima.claims.records import load_records
from escaping_minima.results.collected import read_collected
from escaping_minima.studies.batch_increase.evidence import Tables, conditions_of
from escaping_minima.studies.batch_increase.names import strategy_at
from escaping_minima.studies.batch_increase.schedules import fixed_updates

#: Error probability of each side of a band.
_TAIL = 0.025
#: Runs from which on a band is an interval: that of two runs is as wide as the axis.
FEWEST = 3
_Curves = NDArray[np.float64]
_PLACES = ("N1", "mean", "N2", "linear")


@dataclass(frozen=True)
class Band:
    """A mean curve over seeds with a pointwise 95 percent interval.

    Attributes
    ----------
    epoch, updates, mean, low, high : ndarray
        One entry a measured epoch. Of fewer than FEWEST runs, the ends are the range of the runs.
    """

    epoch: _Curves
    updates: _Curves
    mean: _Curves
    low: _Curves
    high: _Curves


@dataclass(frozen=True)
class Arm:
    """The four strategies of a condition as one run has them.

    Attributes
    ----------
    condition : int
        N2.
    published : bool
        Whether they are the published run's, as this one has none.
    cells : Mapping
        Strategy -> cell.
    rows : DataFrame
        Of ``cells.csv``.
    curves, measures : DataFrame
        Of those cells.
    """

    condition: int
    published: bool
    cells: Mapping[str, str]
    rows: pd.DataFrame
    curves: pd.DataFrame
    measures: pd.DataFrame

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies, fixed sizes first."""
        return tuple(strategy_at(place, self.condition) for place in _PLACES)

    @property
    def epochs(self) -> int:
        """Epochs of a run."""
        return int(self.rows["epochs"].max())

    def band(self, strategy: str, column: str) -> Band:
        """Return the mean of a column of the curves over the runs that did not diverge."""
        part = self._whole(strategy)
        wide = part.pivot(index="epoch", columns="seed", values=column).astype(float)
        updates = part.groupby("epoch")["updates"].first()
        epoch = wide.index.to_numpy(float)
        return Band(epoch, updates.to_numpy(float), *_mean_and_band(wide.to_numpy()))

    def extreme(self, strategy: str, column: str) -> pd.Series[float]:
        """Return the least or largest value over seeds of a column, as its name says, by epoch."""
        return self._whole(strategy).groupby("epoch")[column].agg(column.rpartition("_")[2])

    def _whole(self, strategy: str) -> pd.DataFrame:
        """Return the curves of the runs that did not diverge."""
        cell = self.cells[strategy]
        lost = self.measures.loc[cell, "diverged"]
        part = self.curves[self.curves["cell"] == cell]
        return part[~part["seed"].isin(lost.index[lost > 0])]

    @property
    def updates(self) -> int:
        """Updates of a whole run with the fixed size N2."""
        return fixed_updates(self.condition, int(self.rows["images"].max()), self.epochs)

    def describe(self, bands: bool = True) -> str:
        """Say on how many seeds and epochs the curves rest, and what their bands are if any."""
        seeds = _span(self.rows["seeds"])
        words = f"{seeds} seeds a strategy, {self.epochs:,} epochs"
        drawn = self.curves.loc[self.curves["epoch"] > 0, "epoch"].nunique()
        if drawn < self.epochs:
            words += f" ({drawn} of them drawn)"
        if bands:
            few = self.rows["seeds"].max() < FEWEST
            words += ", bands: " + ("range" if few else "95 percent")
        lost = int(self.rows["diverged"].sum())
        return f"{words}, {lost} diverged runs left out" if lost else words

    def data_words(self) -> str:
        """Say what the runs were trained on."""
        return "; ".join(dict.fromkeys(self.rows["data_words"]))


@dataclass(frozen=True)
class Sources:
    """The tables of this run, and the published ones to fall back on.

    Attributes
    ----------
    own : Mapping of str to DataFrame
        Collected tables, by file name.
    published : Mapping of str to DataFrame or None
    """

    own: Mapping[str, pd.DataFrame]
    published: Mapping[str, pd.DataFrame] | None

    @staticmethod
    def read(own: Mapping[str, pd.DataFrame], published: Path) -> Sources:
        """Take this run's tables, and read the published ones if there are any."""
        there = (published / "cells.csv").exists()
        return Sources(own, read_collected(published) if there else None)

    def arm(self, condition: int, roles: Sequence[str]) -> Arm | None:
        """Return the four strategies of a condition, in the first of some roles that has them.

        Parameters
        ----------
        condition : int
        roles : sequence of str
            The published tables come after all roles of this run.
        """
        for tables, published in ((self.own, False), (self.published, True)):
            if tables is None:
                continue
            found = _find_arm(tables, condition, roles, published)
            if found is not None:
                return found
        return None


def _find_arm(
    collected: Mapping[str, pd.DataFrame], condition: int, roles: Sequence[str], published: bool
) -> Arm | None:
    tables = Tables.build(collected, load_records("batch_increase"))
    for role in roles:
        cells = tables.role_cells(role)
        if condition not in conditions_of(cells):
            continue
        chosen = {s: cells[s] for s in (strategy_at(place, condition) for place in _PLACES)}
        curves = collected["curves.parquet"]
        return Arm(
            condition,
            published,
            chosen,
            tables.rows(chosen),
            curves[curves["cell"].isin(list(chosen.values()))],
            tables.measures,
        )
    return None


def _mean_and_band(values: _Curves) -> tuple[_Curves, _Curves, _Curves]:
    """Return the mean over runs, and the ends of its band, epoch by epoch."""
    n = values.shape[1]
    if not n:
        # every run diverged
        return np.array([]), np.array([]), np.array([])
    mean = values.mean(axis=1)
    if n < FEWEST:
        return mean, values.min(axis=1), values.max(axis=1)
    half = -float(special.stdtrit(n - 1, _TAIL)) * values.std(axis=1, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


def _span(values: pd.Series[int]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low}" if low == high else f"{low} to {high}"
