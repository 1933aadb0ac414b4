"""Intervals of means over walks: blocks of walks are drawn with replacement, whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from escaping_minima.statistics.clusters import cluster_bootstrap

#: It is fixed, so that the same tables give the same figures.
_SEED = 20201905


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
    rng = np.random.default_rng(_SEED)
    # a mean is its difference from nothing
    return float(values.mean()), *cluster_bootstrap(values, np.zeros(len(values)), rng, paired=True)
