"""Clusters of near copies: how alike their members are, and intervals whose unit is the cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from escaping_minima.statistics.intervals import FloatArray

#: Draws of a bootstrap.
DRAWS = 4000


@dataclass(frozen=True)
class Intraclass:
    """How alike the members of a cluster are.

    Parameters
    ----------
    icc : float
        Share of the variance that lies between clusters; below 0 where members of one cluster
        differ more than chance gives. NaN where nothing varies.
    low, high : float
        Ends of its interval.
    reason : str
        Why there is none; else empty.
    """

    icc: float
    low: float
    high: float
    reason: str = ""


def intraclass_correlation(clusters: Sequence[ArrayLike], level: float = 0.95) -> Intraclass:
    """Estimate the intraclass correlation by one-way analysis of variance.

    Parameters
    ----------
    clusters : sequence of array_like
        The values of each cluster, at least one in each; clusters need not be of one size.
    level : float
        Of the interval, in (0, 1). It is exact for normal values in clusters of one size, and
        uses their effective size where they differ.

    Returns
    -------
    Intraclass
        NaN with a reason of fewer than two clusters, of no cluster with two values, and where
        nothing varies.

    Raises
    ------
    ValueError
        If the level is out of range.

    References
    ----------
    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater
    reliability. Psychol. Bull. 86, 420-428 (form 1,1); Donner, A. (1986). A review of inference
    procedures for the intraclass correlation coefficient in the one-way random effects model.
    Int. Statist. Rev. 54, 67-82 (effective size).
    """
    _check(level)
    groups = [np.asarray(c, float) for c in clusters]
    sizes = np.array([len(g) for g in groups])
    count, total = len(groups), int(sizes.sum())
    if count < 2 or total == count:
        return Intraclass(math.nan, math.nan, math.nan, _too_few(count))
    means = np.array([g.mean() for g in groups])
    grand = float(sizes @ means) / total
    between = float(sizes @ (means - grand) ** 2) / (count - 1)
    within = sum(float(((g - g.mean()) ** 2).sum()) for g in groups) / (total - count)
    size = (total - float(sizes @ sizes) / total) / (count - 1)
    if between == within == 0.0:
        return Intraclass(math.nan, math.nan, math.nan, "all values are equal")
    tail = (1.0 - level) / 2
    dfs = count - 1, total - count
    upper = special.fdtri(*dfs, 1.0 - tail)
    lower = special.fdtri(*dfs, tail)
    return Intraclass(
        _correlation(between, within, size),
        _correlation(between, within * float(upper), size),
        _correlation(between, within * float(lower), size),
    )


def _check(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {level}")


def _too_few(count: int) -> str:
    return "one cluster" if count == 1 else "no cluster" if not count else "no two of a cluster"


def _correlation(between: float, within: float, size: float) -> float:
    return (between - within) / (between + (size - 1.0) * within)


def cluster_bootstrap(
    left: ArrayLike,
    right: ArrayLike,
    rng: np.random.Generator,
    paired: bool,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile interval of a difference of means, clusters drawn whole.

    With few clusters a percentile interval is too narrow (of ten normal means its 95 percent are
    about 90), so it is shown, and decides nothing.

    Parameters
    ----------
    left, right : array_like
        The mean of each cluster; where they are paired, in the same order.
    rng : Generator
        For the draws.
    paired : bool
        Whether both sides are of the same clusters, which are then drawn together.
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    low, high : float
        Of left less right; NaN where a side has fewer than two clusters.

    Raises
    ------
    ValueError
        If paired sides differ in length, or the level is out of range.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). Bootstrap Methods and their Application, section 3.8.
    """
    _check(level)
    ours, theirs = np.asarray(left, float), np.asarray(right, float)
    if paired and len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} clusters are not paired with {len(theirs)}")
    if min(len(ours), len(theirs)) < 2:
        return math.nan, math.nan
    sides = [ours - theirs] if paired else [ours, -theirs]
    differences = sum(_drawn_means(side, rng) for side in sides)
    tail = (1.0 - level) / 2
    low, high = np.quantile(differences, [tail, 1.0 - tail])
    return float(low), float(high)


def _drawn_means(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    drawn = rng.integers(0, len(values), (DRAWS, len(values)))
    return np.asarray(values[drawn].mean(axis=1))
