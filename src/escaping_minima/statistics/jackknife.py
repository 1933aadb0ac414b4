"""Comparisons of what several runs have together: how far they scatter, and the best of a few.

Such a number is one of a whole sample, so no run has a value of it. Leaving each run out in turn
gives one: n times the number of all runs less n - 1 times that of the others. These pseudo-values
are nearly independent, their mean is the number with most of its bias taken off, and Student's t on
them gives its interval. Two methods that are paired by seed lose the same seed together, so what
the seed does to both cancels, as it does in a difference of means.

Of normal runs the ratio of two variances has an exact interval (F); of others that one is wrong
however many runs there are, and this one is not: how far is measured in docs/verdicts.md.

References
----------
Miller, R. G. (1968). Jackknifing variances. Ann. Math. Statist. 39, 567-582; Miller, R. G. (1974).
The jackknife - a review. Biometrika 61, 1-15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from escaping_minima.statistics.means import MeanComparison

Floats = NDArray[np.float64]
Runs = NDArray[np.intp]

#: Fewer runs have no spread once one is left out.
FEWEST_FOR_SPREAD = 3
#: Of how many runs the best is looked at. Few: leaving out one of ten runs says how the best of a
#: few varies, and nothing of the best of ten.
BEST_OF = 3


@dataclass(frozen=True)
class JackknifedComparison(MeanComparison):
    """The statement about a number of all runs together, its pseudo-values as the differences.

    Parameters
    ----------
    differences, direction, margin, label, unit, threshold, within_margin
        See `RunValues`.
    """

    @property
    def favouring(self) -> None:
        """None: a pseudo-value is no run's."""


def pseudo_values(statistic: Callable[[Runs], float], count: int) -> Floats:
    """Return the pseudo-value of each run.

    Parameters
    ----------
    statistic : callable
        Gives the number of some runs, by their places.
    count : int
        How many runs there are; two or more.

    Returns
    -------
    ndarray, shape (count,)
    """
    every = np.arange(count)
    others = np.array([statistic(np.delete(every, place)) for place in every])
    # n T - (n - 1) T_i, written so that equal numbers leave no rounding
    whole = statistic(every)
    return whole + (count - 1) * (whole - others)


def spread_values(left: Floats, right: Floats) -> Floats:
    """Return the pseudo-values of 100 ln(standard deviation of left / of right).

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        A value a run, paired by their places; `FEWEST_FOR_SPREAD` or more.

    Returns
    -------
    ndarray, shape (n,)
        Not finite where a side, or a side without one of its runs, does not scatter.
    """

    def ratio(chosen: Runs) -> float:
        spreads = np.std([left[chosen], right[chosen]], axis=1, ddof=1)
        return float(100.0 * (np.log(spreads[0]) - np.log(spreads[1])))

    with np.errstate(divide="ignore", invalid="ignore"):
        return pseudo_values(ratio, len(left))


def best_values(
    left: Floats, right: Floats, left_by: Floats | None = None, right_by: Floats | None = None
) -> Floats:
    """Return the pseudo-values of the best of `BEST_OF` runs, left less right.

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        A value a run, paired by their places; more than `BEST_OF`.
    left_by, right_by : ndarray, shape (n,), optional
        What the best is chosen by (its accuracy on other images, say); the values by default.

    Returns
    -------
    ndarray, shape (n,)
    """

    def difference(chosen: Runs) -> float:
        ours = expected_best(left[chosen], None if left_by is None else left_by[chosen])
        theirs = expected_best(right[chosen], None if right_by is None else right_by[chosen])
        return ours - theirs

    return pseudo_values(difference, len(left))


def expected_best(values: Floats, by: Floats | None = None) -> float:
    """Return the mean, over every choice of `BEST_OF` of the runs, of the value of the best one.

    Parameters
    ----------
    values : ndarray, shape (n,)
        `BEST_OF` or more.
    by : ndarray, shape (n,), optional
        What the best is chosen by; of equal ones the later run counts as the better.
    """
    order = np.argsort(values if by is None else by, kind="stable")
    # the run of rank i is the best of those choices whose others all rank below it
    weights = np.array([comb(rank, BEST_OF - 1) for rank in range(len(values))], float)
    return float(weights @ values[order] / comb(len(values), BEST_OF))
