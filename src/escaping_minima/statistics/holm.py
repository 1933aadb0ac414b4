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
        Place of its p-value in ascending order, from 1.
    a : float
        Level at which it is decided, ``alpha / (m - rank + 1)``.
    rejected : bool
        Whether its p-value and all smaller ones are at most their levels.
    """

    rank: int
    a: float
    rejected: bool


def holm(p_values: Sequence[float], alpha: float) -> list[HolmStep]:
    """Step through a family from its smallest p-value until the first failure.

    Controls the probability of any false rejection at `alpha`, whatever the dependence.

    Parameters
    ----------
    p_values : sequence of float
        One p-value a member, in [0, 1]. Equal ones are ranked in the order given.
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
    steps: dict[int, HolmStep] = {}
    going = True
    for rank, index in enumerate(sorted(range(m), key=lambda i: p_values[i]), start=1):
        a = alpha / (m - rank + 1)
        going = going and p_values[index] <= a
        steps[index] = HolmStep(rank, a, going)
    return [steps[index] for index in range(m)]
