"""Shares of starts and gaps of losses of every cell, with their intervals."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.sides import MissingRunsError
from escaping_minima.studies.escape.codes import LAST
from escaping_minima.studies.escape.run_tables import Starts, Tables
from escaping_minima.studies.escape.terrain import TERRAIN

#: What tells cells apart.
KEYS = ("role", "problem", "arm", "point")
SHARE_COLUMNS = (*KEYS, "measure", "starts", "share", "low", "high")
GAP_COLUMNS = (*KEYS, "groups", "gap", "low", "high", "worst")
#: The level of the intervals of tables and figures.
LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


def shares(tables: Tables) -> pd.DataFrame:
    """Return `SHARE_COLUMNS`: of each cell what share of its starts did what, in percent.

    Intervals are Wilson's, of 95 percent.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209-212.
    """
    rows = [row for cell in tables.cells.to_dict("records") for row in _shares_of(cell, tables)]
    return pd.DataFrame(rows, columns=list(SHARE_COLUMNS))


def gaps(tables: Tables) -> pd.DataFrame:
    """Return `GAP_COLUMNS`: of each cell the mean gap of its losses, in percent of the height.

    Intervals are Student's, over groups of starts; of one group there is none.
    """
    rows = [_gap_of(cell, tables) for cell in tables.cells.to_dict("records")]
    return pd.DataFrame([row for row in rows if row], columns=list(GAP_COLUMNS))


def wilson(successes: int, trials: int) -> tuple[float, float, float]:
    """Return a share and the ends of its interval, in percent; see `shares`."""
    share, z = successes / trials, _Z
    centre = share + z * z / (2 * trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low, high = ((centre + sign * half) / (1 + z * z / trials) for sign in (-1, 1))
    return 100.0 * share, 100.0 * max(low, 0.0), 100.0 * min(high, 1.0)


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return a mean and the ends of its interval by Student's t; NaN where one value has none."""
    from scipy.stats import t

    mean, n = float(values.mean()), len(values)
    if n < 2:
        return mean, np.nan, np.nan
    half = float(t.ppf(0.5 + LEVEL / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return mean, mean - half, mean + half


def counted(starts: Starts, only_best: bool) -> dict[str, np.ndarray]:
    """Return which starts did what, by measure; of some cells only their ends are kept."""
    if only_best:
        return {"best": starts.best}
    placed = starts.start >= 0
    found = {
        "best": starts.best,
        "escaped": starts.escape <= LAST,
        "found": starts.found <= LAST,
    }
    if placed.any():
        same = starts.end == starts.start
        found |= {"own": placed & same, "moved": ~same & (starts.end >= 0)}
    return found


def _shares_of(cell: dict[str, Any], tables: Tables) -> Iterator[dict[str, Any]]:
    try:
        starts = tables.starts(cell["cell"])
    except MissingRunsError:
        return
    names = {key: cell[key] for key in KEYS}
    for measure, did in counted(starts, cell["role"] == "restarts").items():
        share, low, high = wilson(int(did.sum()), len(did))
        numbers = {"starts": len(did), "share": share, "low": low, "high": high}
        yield {**names, "measure": measure, **numbers}


def _gap_of(cell: dict[str, Any], tables: Tables) -> dict[str, Any] | None:
    try:
        rows = tables.of("losses", cell["cell"])
    except MissingRunsError:
        return None
    problem = cell["problem"]
    above = rows[["mean", "worst"]].to_numpy(float) - tables.lowest(problem)
    percent = 100.0 * above / TERRAIN[problem].height
    gap, low, high = mean_interval(percent[:, 0])
    numbers = {"groups": len(rows), "gap": gap, "low": low, "high": high}
    return {**{key: cell[key] for key in KEYS}, **numbers, "worst": float(percent[:, 1].mean())}
