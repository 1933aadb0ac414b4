"""Which of two counts of cells is larger, where one can tell.

A count at its bound could be any larger number: it is known from below alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from escaping_minima.studies.batch_increase.mesh_measures import Count


def order(one: Count, other: Count) -> float:
    """Return -1, 0 or 1 where a count is known to be smaller, equal or larger; else NaN.

    What is at its bound could be any larger number: that it is not above the other says nothing.

    Parameters
    ----------
    one, other : Count
    """
    if one.at_bound and one.cells <= other.cells:
        return math.nan
    if other.at_bound and other.cells <= one.cells:
        return math.nan
    return float(np.sign(one.cells - other.cells))


def ratio(one: Count, other: Count) -> float:
    """Return one count over another, NaN where either is at its bound or the other is 0."""
    if one.at_bound or other.at_bound or not other.cells:
        return math.nan
    return one.cells / other.cells


def holds(orders: Collection[float], wanted: float) -> float:
    """Return 1 where all orders are as wanted, 0 where one is known not to be, else NaN."""
    known = [found for found in orders if not math.isnan(found)]
    if any(found != wanted for found in known):
        return 0.0
    return 1.0 if len(known) == len(orders) else math.nan


def trend(counts: Sequence[Count]) -> float:
    """Return Kendall's tau of counts and their place, over the pairs whose order is known.

    Parameters
    ----------
    counts : sequence of Count
        Such as those of windows; -1 where each is smaller than all before it.

    Returns
    -------
    float
        NaN where no pair is known.
    """
    orders = [order(later, earlier) for k, later in enumerate(counts) for earlier in counts[:k]]
    return _mean_of_known(orders)


def share_that_holds(found: Iterable[float]) -> float:
    """Return the share of settings at which something holds, of those that can tell; or NaN."""
    return _mean_of_known(found)


def _mean_of_known(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
