"""Curves of several runs, their means with bands, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from escaping_minima.collect.collected import read_collected
from escaping_minima.report.tables.words import spanned

#: Error probability of each side of a band.
_TAIL = 0.025
#: Runs from which on a band is an interval: that of two runs is as wide as the axis.
FEWEST = 3

_Values = NDArray[np.float64]
_Tables = Mapping[str, pd.DataFrame]
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Band:
    """A mean curve over seeds with a pointwise 95 percent interval.

    Attributes
    ----------
    epoch, updates, mean, low, high : ndarray
        One entry a measured epoch. Of fewer than FEWEST runs, the ends are the range of the runs.
    """

    epoch: _Values
    updates: _Values
    mean: _Values
    low: _Values
    high: _Values


@dataclass(frozen=True, kw_only=True)
class Curves:
    """The curves of some cells, as one run has them.

    Attributes
    ----------
    published : bool
        Whether they are the published run's, as this one has none.
    cells : Mapping
        Line -> cell.
    rows : DataFrame
        Of ``cells.csv``: ``seeds``, ``epochs``, ``diverged``, ``data_words``.
    curves : DataFrame
        ``cell``, ``seed``, ``epoch``, ``updates`` and what was measured.
    measures : DataFrame
        By cell and seed; ``diverged``.
    """

    #: What a line stands for, and what it is the mean of, one and several, in words.
    LINE: ClassVar[str] = "line"
    RUN: ClassVar[str] = "seed"
    RUNS: ClassVar[str] = "seeds"

    published: bool
    cells: Mapping[str, str]
    rows: pd.DataFrame
    curves: pd.DataFrame
    measures: pd.DataFrame

    @property
    def epochs(self) -> int:
        """Epochs of a run."""
        return int(self.rows["epochs"].max())

    def band(self, line: str, column: str) -> Band:
        """Return the mean of a column of the curves over the runs that did not diverge."""
        part = self._whole(line)
        wide = part.pivot(index="epoch", columns="seed", values=column).astype(float)
        updates = part.groupby("epoch")["updates"].first()
        epoch = wide.index.to_numpy(float)
        return Band(epoch, updates.to_numpy(float), *mean_and_band(wide.to_numpy()))

    def extreme(self, line: str, column: str) -> pd.Series[float]:
        """Return the least or largest value over seeds of a column, as its name says, by epoch."""
        return self._whole(line).groupby("epoch")[column].agg(column.rpartition("_")[2])

    def _whole(self, line: str) -> pd.DataFrame:
        """Return the curves of the runs that did not diverge."""
        cell = self.cells[line]
        lost = self.measures.loc[cell, "diverged"]
        part = self.curves[self.curves["cell"] == cell]
        return part[~part["seed"].isin(lost.index[lost > 0])]

    def describe(self, bands: bool = True) -> str:
        """Say on how many seeds and epochs the curves rest, and what their bands are if any."""
        runs = spanned(self.rows["seeds"], self.RUN, self.RUNS)
        words = f"{runs} a {self.LINE}, {spanned([self.epochs], 'epoch')}"
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

    own: _Tables
    published: _Tables | None

    @classmethod
    def read(cls, own: _Tables, published: Path) -> Self:
        """Take this run's tables, and read the published ones if there are any."""
        there = (published / "cells.csv").exists()
        return cls(own, read_collected(published) if there else None)

    def first(self, find: Callable[[_Tables, bool], _Found | None]) -> _Found | None:
        """Return what is found in this run's tables, else in the published ones, else None.

        Parameters
        ----------
        find : callable
            Given tables and whether they are the published ones.
        """
        for tables, published in ((self.own, False), (self.published, True)):
            if tables is None:
                continue
            found = find(tables, published)
            if found is not None:
                return found
        return None


def mean_and_band(values: _Values) -> tuple[_Values, _Values, _Values]:
    """Return the mean over runs and the ends of its band, entry by entry; see `Band`.

    Parameters
    ----------
    values : ndarray, shape (entries, runs)

    Returns
    -------
    tuple of ndarray
        Mean, low and high; empty where there are no runs.
    """
    n = values.shape[1]
    if not n:
        # every run diverged
        return np.array([]), np.array([]), np.array([])
    mean = values.mean(axis=1)
    if n < FEWEST:
        return mean, values.min(axis=1), values.max(axis=1)
    half = -float(special.stdtrit(n - 1, _TAIL)) * values.std(axis=1, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half
