"""Intervals of means over walks: blocks of walks are drawn with replacement, whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Draws of a bootstrap; the seed is fixed, so that the same tables give the same figures.
_DRAWS, _SEED = 4000, 20201905
#: Error probability of each side of an interval.
_TAIL = 0.025


def bootstrap_mean(blocks: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean of equal blocks and its 95 percent percentile interval.

    A block is the unit here as in the verdicts, though its walks draw their minibatches apart.

    Parameters
    ----------
    blocks : sequence of float
        The mean over the walks of each block.

    Returns
    -------
    mean, low, high : float
        Of a single block the ends are NaN; without any, all are.
    """
    values = np.asarray(blocks, float)
    if not len(values):
        return math.nan, math.nan, math.nan
    if len(values) == 1:
        return float(values[0]), math.nan, math.nan
    drawn = np.random.default_rng(_SEED).integers(0, len(values), (_DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [_TAIL, 1 - _TAIL])
    return float(values.mean()), float(low), float(high)
