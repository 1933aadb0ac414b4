"""A mean of independent runs with its interval, as tables and figures show it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from escaping_minima.report.figures.bands import FEWEST
from escaping_minima.statistics.means import MeanComparison

#: Error probability of each side of the intervals shown.
_TAIL = 0.025


def mean_columns(values: Sequence[float]) -> dict[str, Any]:
    """Return the mean of independent runs with Student's 95 percent interval.

    Parameters
    ----------
    values : sequence of float
        Those that are not finite are left out.

    Returns
    -------
    dict
        ``n``, ``mean``, ``low``, ``high``. Of two runs, whose interval would be wider than what is
        possible, and of runs that all agree, the ends are their range; of one run they are NaN.
    """
    finite = tuple(float(v) for v in values if math.isfinite(v))
    if not finite:
        return {"n": 0, "mean": math.nan, "low": math.nan, "high": math.nan}
    # the direction and the margin decide nothing here
    sample = MeanComparison(finite, "equal", 1.0)
    low, high = sample.difference_bounds(_TAIL)
    if len(finite) < FEWEST or not math.isfinite(low):
        low, high = (min(finite), max(finite)) if len(finite) > 1 else (math.nan, math.nan)
    return {"n": len(finite), "mean": sample.difference, "low": low, "high": high}
