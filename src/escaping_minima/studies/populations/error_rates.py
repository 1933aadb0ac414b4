"""How wrong the paper's tests go at the intraclass correlation that was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from escaping_minima.draws.streams import Streams
from escaping_minima.statistics.false_positives import Test, expected_rate, false_positive_rate
from escaping_minima.studies.populations.tests_table import KEYS

#: Intraclass correlations of the curve.
GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_TESTS: tuple[Test, ...] = ("t", "mann_whitney")
# The estimate may lie below 0, where no trajectory has an effect, or at 1, where no model has one.
_LEAST, _MOST = 0.0, 0.99


def error_rates(tests: pd.DataFrame) -> pd.DataFrame:
    """Simulate the error of the naive test of each row, at its own numbers.

    Parameters
    ----------
    tests : DataFrame
        As `tests_table` gives them.

    Returns
    -------
    DataFrame
        The names of the rows that have two trajectories or more, without SetV; ``icc``, the mean
        of both sides, no less than 0, to two decimals; ``trajectories``, ``models`` of a
        trajectory; ``shared``, whether both sets are of the same trajectories; ``rate`` with
        ``low`` and ``high``; ``expected``, the exact rate, of the t-test alone.
    """
    rows = []
    for row in tests.to_dict("records"):
        icc = _mean(row["icc"], row["other_icc"])
        count = int(row["trajectories"])
        if math.isnan(icc) or count < 2 or row["right_set"] == "V":
            continue
        shared = row["cell"] == row["other_cell"]
        numbers = _rates(row["test"], shared, icc, count, round(row["models"] / count))
        rows.append({key: row[key] for key in KEYS} | numbers)
    return pd.DataFrame(rows, columns=[*KEYS, *_NUMBERS])


_NUMBERS = ("icc", "trajectories", "models", "shared", "rate", "low", "high", "expected")


def error_curve(trajectories: int, models: int, grid: Sequence[float] = GRID) -> pd.DataFrame:
    """Simulate the errors of both tests in both designs over a grid of correlations.

    Parameters
    ----------
    trajectories, models : int
        Of each set, and of each trajectory.
    grid : sequence of float
        Intraclass correlations, from 0 to below 1.

    Returns
    -------
    DataFrame
        ``test`` and the numbers of `error_rates`.
    """
    return pd.DataFrame(
        {"test": test} | _rates(test, shared, icc, trajectories, models)
        for test in _TESTS
        for shared in (False, True)
        for icc in grid
    )


def _mean(one: float, other: float) -> float:
    """Return the mean of what is known of two correlations, within their range."""
    known = [min(max(v, _LEAST), _MOST) for v in (one, other) if not math.isnan(v)]
    return round(sum(known) / len(known), 2) if known else math.nan


@lru_cache(maxsize=4096)
def _rates(test: Test, shared: bool, icc: float, trajectories: int, models: int) -> dict[str, Any]:
    rng = Streams("populations", 0).generator(f"errors {test} {shared}", 0)
    found = false_positive_rate(icc, trajectories, models, test, rng, shared)
    exact = expected_rate(icc, trajectories, models, shared) if test == "t" else math.nan
    numbers = (icc, trajectories, models, shared, found.rate, found.low, found.high, exact)
    return dict(zip(_NUMBERS, numbers, strict=True))
