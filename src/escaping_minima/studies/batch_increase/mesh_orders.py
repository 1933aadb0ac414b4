"""Which of two counts of cells is larger, where one can tell.

A count at its bound could be any larger number: it is known from below alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

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
    known = [found for found in orders if not math.isnan(found)]
    return float(np.mean(known)) if known else math.nan
