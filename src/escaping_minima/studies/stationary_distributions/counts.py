"""Counts of outcomes of every run of the main table and of the sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from escaping_minima.landscape.classify import ELSE, outcome_names
from escaping_minima.parts.registry import make_problem
from escaping_minima.statistics.intervals import clopper_pearson
from escaping_minima.studies.stationary_distributions.evidence import Tables
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, METHODS, RADII

#: Pointwise intervals have this probability in each tail.
TAIL = 0.025
_DIGITS = 4


@dataclass(frozen=True)
class Run:
    """What the starts of one function, method and radius came to.

    Attributes
    ----------
    function, method : str
    k : int
        Point of the sweep; 0 is the main run.
    radius : float or None
        None where the method has none.
    counts : Mapping of str to int
        Starts by outcome: each minimum, then the parts of Else.
    """

    function: str
    method: str
    k: int
    radius: float | None
    counts: Mapping[str, int]

    @property
    def starts(self) -> int:
        """Number of starts."""
        return sum(self.counts.values())

    def count(self, outcomes: Sequence[str]) -> int:
        """Return how many starts came to one of some outcomes."""
        return sum(self.counts.get(name, 0) for name in outcomes)

    def in_bin(self, name: str) -> int:
        """Return how many starts came to a bin of Table 1: a minimum, or Else for the rest."""
        return self.count(ELSE) if name == "Else" else self.counts[name]


def list_runs(tables: Tables) -> list[Run]:
    """Return the runs of the main table and of the sweep, by method, function and k."""
    cells = tables.cells[tables.cells["role"].isin(["main", "sweep"])]
    runs = [
        _run(tables, cell.function, cell.method, int(cell.k), cell.radius)
        for cell in cells.itertuples()
    ]
    return sorted(runs, key=lambda r: (FUNCTIONS.index(r.function), METHODS.index(r.method), r.k))


def main_runs(runs: Sequence[Run]) -> list[Run]:
    """Return the runs at the main radius, in printed order."""
    return [run for run in runs if run.k == 0]


def percent(share: float) -> float:
    """Return a share in percent, rounded for a table."""
    return round(100 * share, _DIGITS)


def significant(value: float) -> float:
    """Return a p-value or a level, rounded to four significant digits for a table."""
    return float(f"{value:.{_DIGITS}g}")


def share_columns(count: int, starts: int) -> dict[str, float]:
    """Return the columns of a share: count, starts, percent and exact 95 percent interval."""
    low, high = clopper_pearson(count, starts, TAIL)
    return {
        "count": count,
        "starts": starts,
        "share": percent(count / starts),
        "low": percent(float(low)),
        "high": percent(float(high)),
    }


def _run(tables: Tables, function: str, method: str, k: int, radius: float) -> Run:
    names = outcome_names(make_problem(function, {}))
    ends = tables.outcomes[function][tables.cell(function, method, k)].to_numpy()
    found = np.bincount(ends, minlength=len(names))
    known = None if RADII[method] is None or pd.isna(radius) else float(radius)
    counts = dict(zip(names, found.tolist(), strict=True))
    return Run(function, method, k, known, counts)
