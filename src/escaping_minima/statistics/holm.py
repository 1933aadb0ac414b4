"""Holm's step-down correction for a family of claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class HolmStep:
    """What Holm's procedure gives one member of a family.

    Parameters
    ----------
    rank : int
        Place of its p-value in ascending order, from 1; equal ones share the first of theirs.
    a : float
        Level at which it is decided. With r of m rejected, ``alpha / (m - rank + 1)`` for one that
        is, and ``alpha / (m - r)`` for every other: none of those has a p-value at most that.
    rejected : bool
        Whether its p-value is at most `a`.
    """

    rank: int
    a: float
    rejected: bool


def holm(p_values: Sequence[float], alpha: float) -> list[HolmStep]:
    """Step through a family from its smallest p-value until the first failure.

    Controls the probability of any false rejection at `alpha`, whatever the dependence. The order
    in which the members are given decides nothing.

    Parameters
    ----------
    p_values : sequence of float
        One p-value a member, in [0, 1].
    alpha : float
        Family-wise level, in (0, 1).

    Returns
    -------
    list of HolmStep
        One step a member, in the order of `p_values`.

    Raises
    ------
    ValueError
        If `alpha` or a p-value is out of range.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Statist.
    6, 65-70.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie in (0, 1), got {alpha}")
    if not all(0.0 <= p <= 1.0 for p in p_values):
        raise ValueError(f"p-values must lie in [0, 1], got {list(p_values)}")
    m = len(p_values)
    ascending = sorted(p_values)
    failed = (k for k, p in enumerate(ascending) if p > alpha / (m - k))
    rejections = next(failed, m)
    steps = []
    for p in p_values:
        before = sum(other < p for other in ascending)
        rejected = before < rejections
        steps.append(
            HolmStep(before + 1, alpha / (m - (before if rejected else rejections)), rejected)
        )
    return steps


def holm_p_values(p_values: Sequence[float]) -> list[float]:
    """Return the smallest family-wise level at which Holm's procedure rejects each member.

    Parameters
    ----------
    p_values : sequence of float
        One p-value a member, in [0, 1].

    Returns
    -------
    list of float
        In the order of `p_values`; none is below its own.

    Raises
    ------
    ValueError
        If a p-value is out of range.

    References
    ----------
    Holm (1979), see `holm`; Wright, S. P. (1992). Adjusted p-values for simultaneous inference.
    Biometrics 48, 1005-1013.
    """
    if not all(0.0 <= p <= 1.0 for p in p_values):
        raise ValueError(f"p-values must lie in [0, 1], got {list(p_values)}")
    m, level = len(p_values), 0.0
    adjusted: dict[float, float] = {}
    for k, p in enumerate(sorted(p_values)):
        level = max(level, min(1.0, (m - k) * p))
        # equal ones share that of the first, which is the largest factor
        adjusted.setdefault(p, level)
    return [adjusted[p] for p in p_values]
