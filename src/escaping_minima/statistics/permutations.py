"""Permutation tests whose unit is the cluster: a trajectory with all its models.

Models of one trajectory are near copies of one another, so that what is exchanged is a trajectory,
by its mean. All arrangements are gone through where they are few, else named draws of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from escaping_minima.statistics.intervals import FloatArray

#: Most arrangements that are gone through: 10 against 10 have 184,756, signs of 17 have 131,072.
MOST_ENUMERATED = 200_000
#: Random arrangements where there are more.
DRAWS = 99_999
# Sums of the same numbers in another order agree to this, relative to the largest of them.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PermutationTest:
    """What a permutation test found.

    Parameters
    ----------
    p : float
        Two-sided p-value.
    difference : float
        Left mean less right mean, or the mean difference.
    arrangements : int
        How many were gone through or drawn.
    exact : bool
        Whether these were all.
    least_p : float
        The smallest p-value that any data of this size could give.
    """

    p: float
    difference: float
    arrangements: int
    exact: bool
    least_p: float


def permutation_test(
    left: Sequence[float], right: Sequence[float], rng: np.random.Generator
) -> PermutationTest:
    """Test that two independent sets of clusters come from one distribution.

    Parameters
    ----------
    left, right : sequence of float
        The mean of each cluster; at least one a side, finite.
    rng : Generator
        For random arrangements, where all are too many.

    Returns
    -------
    PermutationTest

    Raises
    ------
    ValueError
        If a side is empty or a mean is not finite.

    References
    ----------
    Pitman, E. J. G. (1937). Significance tests which may be applied to samples from any
    populations. Suppl. J. R. Statist. Soc. 4, 119-130; Phipson, B., & Smyth, G. K. (2010).
    Permutation p-values should never be zero. Statist. Appl. Genet. Mol. Biol. 9, 39.
    """
    ours, theirs = _checked(left), _checked(right)
    pooled = np.concatenate([ours, theirs])
    n, size = len(pooled), len(ours)
    count = math.comb(n, size)
    exact = count <= MOST_ENUMERATED
    chosen = _choices(n, size) if exact else _drawn_choices(n, size, rng)
    sums = pooled[chosen].sum(axis=1)
    # the difference of means is linear in the sum of those on the left
    statistics = sums / size - (pooled.sum() - sums) / (n - size)
    return _found(float(ours.mean() - theirs.mean()), statistics, exact, count, n == 2 * size)


def sign_flip_test(differences: Sequence[float], rng: np.random.Generator) -> PermutationTest:
    """Test that paired differences of clusters are symmetric about 0.

    Parameters
    ----------
    differences : sequence of float
        One a cluster; at least one, finite.
    rng : Generator
        For random signs, where all are too many.

    Returns
    -------
    PermutationTest

    Raises
    ------
    ValueError
        If there is no difference or one is not finite.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments, section 21; Phipson & Smyth (2010), see
    `permutation_test`.
    """
    values = _checked(differences)
    n = len(values)
    count = 2**n
    exact = count <= MOST_ENUMERATED
    signs = _signs(n) if exact else rng.choice([-1.0, 1.0], (DRAWS, n))
    return _found(float(values.mean()), signs @ values / n, exact, count, symmetric=True)


def _checked(values: Sequence[float]) -> FloatArray:
    found = np.asarray(values, float)
    if found.ndim != 1 or not len(found) or not np.all(np.isfinite(found)):
        raise ValueError(f"a mean for each cluster, at least one and finite, got {values}")
    return found


@lru_cache(maxsize=8)
def _choices(n: int, size: int) -> NDArray[np.intp]:
    """Every choice of `size` out of n, a row each."""
    flat = np.fromiter((i for c in combinations(range(n), size) for i in c), np.intp)
    return flat.reshape(-1, size)


def _drawn_choices(n: int, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return np.argsort(rng.random((DRAWS, n)), axis=1)[:, :size]


@lru_cache(maxsize=8)
def _signs(n: int) -> FloatArray:
    """Every arrangement of n signs, a row each."""
    bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
    return np.asarray(1.0 - 2.0 * bits)


def _found(
    observed: float, statistics: FloatArray, exact: bool, count: int, symmetric: bool
) -> PermutationTest:
    """Count the arrangements that are as far from 0 as the observed one, itself among them."""
    room = _ROUNDING * max(abs(observed), float(np.abs(statistics).max()))
    far = int(np.count_nonzero(np.abs(statistics) >= abs(observed) - room))
    # with equal sides, and with signs, the mirror image of an arrangement is as far from 0
    least = min(1.0, (2 if symmetric else 1) / count)
    if exact:
        return PermutationTest(far / count, observed, count, True, least)
    # a draw may be the observed one: it is counted among them
    drawn = len(statistics) + 1
    return PermutationTest((far + 1) / drawn, observed, drawn, False, max(least, 1 / drawn))
