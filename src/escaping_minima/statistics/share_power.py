"""Power of a comparison of shares at its margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# scipy.stats is imported where it is first used: planning a run reads this module, and the import
# takes half a second
import scipy

from escaping_minima.statistics.decision import tail_of, target
from escaping_minima.statistics.evidence import Direction
from escaping_minima.statistics.intervals import (
    FloatArray,
    clopper_pearson,
    split_tail,
)

# Enough right-hand counts to follow the smooth part of the power; up to about 1,500 trials every
# count that can matter is enumerated.
_NODES = 201
_NEGLIGIBLE_TAIL = 1e-7


@dataclass(frozen=True)
class _RightSide:
    """Right-hand outcomes: how likely each is, and what follows from it for the left count."""

    weights: FloatArray
    lower: FloatArray
    upper: FloatArray
    left_trials: FloatArray
    left_share: float


def planned_shares(
    direction: Direction,
    margin: float,
    right: float,
    *,
    constant: bool,
    paired: bool = False,
    beyond: float = 0.0,
) -> tuple[float, float]:
    """Place the true shares at which power is stated: effect at the margin, for equality 0.

    Parameters
    ----------
    direction : {"greater", "less", "equal"}
        Direction of the comparison.
    margin : float
        Its margin.
    right : float
        Right-hand share, the nuisance parameter.
    constant : bool
        Whether `right` is a given constant, which cannot be moved.
    paired : bool
        Whether the shares are discordant ones, which cannot exceed 1 together.
    beyond : float
        What the difference must lie beyond; the effect is stated from there.

    Returns
    -------
    left, right : float
        Both in [0, 1]. An estimated `right` is moved as far as the margin needs; against a
        constant too near the end of the range, the effect is what room there is.
    """
    shift = beyond + {"greater": margin, "less": -margin, "equal": 0.0}[direction]
    if not constant:
        highest = (1.0 - shift) / 2 if paired else 1.0 - max(shift, 0.0)
        right = min(max(right, -shift, 0.0), highest)
    return min(max(right + shift, 0.0), 1.0), right


def power(
    direction: Direction,
    margin: float,
    right: float,
    trials: int,
    a: float,
    *,
    right_trials: int | None = None,
    paired: bool = False,
    beyond: float = 0.0,
) -> float:
    """Probability of "reproduced" where the effect equals the margin (for equality: is 0).

    Deterministic: the decision is monotone in the left count, so for each right-hand count the
    left counts that decide are found by bisection of the decision itself, and their binomial
    probability is summed over the right-hand counts. These are all enumerated where they are
    few, else thinned evenly.

    Parameters
    ----------
    direction : {"greater", "less", "equal"}
        Direction of the comparison.
    margin : float
        Its margin.
    right : float
        Right-hand share: a constant, or the share assumed of the second sample.
    trials : int
        Trials of the left-hand share.
    a : float
        Level of the decision.
    right_trials : int, optional
        Trials of the right-hand share; a constant if not given.
    paired : bool
        Whether the shares are the discordant ones of `trials` pairs; else the two samples are
        taken as independent.
    beyond : float
        What the difference must lie beyond, see `Comparison`.

    Returns
    -------
    float
        The power, in [0, 1].

    Raises
    ------
    ValueError
        If `a` leaves no interval, or paired counts do not share their trials.
    """
    if paired and right_trials != trials:
        raise ValueError("paired shares need the same number of trials on both sides")
    constant = right_trials is None
    shares = planned_shares(
        direction, margin, right, constant=constant, paired=paired, beyond=beyond
    )
    tail = split_tail(tail_of(direction, a), not constant)
    side = _right_side(shares, trials, right_trials, paired, tail)
    low, high = (beyond + bound for bound in target(direction, margin))

    def lower_fails(left: FloatArray) -> np.ndarray:
        return clopper_pearson(left, trials, tail)[0] - side.upper <= low

    def upper_holds(left: FloatArray) -> np.ndarray:
        return clopper_pearson(left, trials, tail)[1] - side.lower < high

    below = _count_while(lower_fails, side.left_trials)
    up_to = _count_while(upper_holds, side.left_trials)
    left = scipy.stats.binom(side.left_trials, side.left_share)
    chance = left.cdf(up_to - 1) - left.cdf(below - 1)
    return min(1.0, float(np.sum(side.weights * np.maximum(chance, 0.0))))


def _right_side(
    shares: tuple[float, float], trials: int, right_trials: int | None, paired: bool, tail: float
) -> _RightSide:
    left, right = shares
    if right_trials is None:
        one, fixed = np.ones(1), np.full(1, right)
        return _RightSide(one, fixed, fixed, trials * one, left)
    counted = scipy.stats.binom(right_trials, right)
    ends = counted.ppf([_NEGLIGIBLE_TAIL, 1.0 - _NEGLIGIBLE_TAIL])
    counts = np.unique(np.round(np.linspace(ends[0], ends[1], _NODES)))
    weights = counted.pmf(counts)
    lower, upper = clopper_pearson(counts, right_trials, tail)
    room, share = np.full(counts.shape, float(trials)), left
    if paired:
        # A pair that went to the right cannot go to the left as well.
        room, share = trials - counts, left / (1.0 - right)
    return _RightSide(weights / weights.sum(), lower, upper, room, share)


def _count_while(holds: Callable[[FloatArray], np.ndarray], most: FloatArray) -> FloatArray:
    """Count the 0, 1, ..., `most` for which `holds` is true, where the true ones come first."""
    low, high = np.zeros_like(most), most + 1.0
    while np.any(low < high):
        middle = np.minimum(np.floor((low + high) / 2), most)
        true = holds(middle) & (low < high)
        high = np.where(true | (low >= high), high, middle)
        low = np.where(true, middle + 1.0, low)
    return low
