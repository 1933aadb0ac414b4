"""A comparison of a median over independent training runs with a constant."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy import special

from escaping_minima.statistics.decision import tail_of
from escaping_minima.statistics.evidence import Direction
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.run_values import RunValues


@dataclass(frozen=True)
class MedianComparison(RunValues):
    """The statement that a median over independent runs is above, below or near a constant.

    Its interval lies between two order statistics, so its level holds whatever the law of the
    values: the k-th smallest of n exceeds the median with a chance of at most ``P(B < k)``, with B
    the heads in n tosses of a coin. With fewer than 6 runs no interval has an error of 2.5 percent
    on each side, with fewer than 9 none of 0.25 percent: it is then infinite.

    Parameters
    ----------
    differences, direction, margin, label, unit, threshold
        See `RunValues`.

    References
    ----------
    Thompson, W. R. (1936). On confidence ranges for the median and other expectation distributions
    for populations of unknown distribution form. Ann. Math. Statist. 7, 122-128.
    """

    #: An interval without width, where many runs agree, is still one of a sample.
    known: ClassVar[bool] = False

    @cached_property
    def difference(self) -> float:
        """The median of the differences."""
        return statistics.median(self.differences)

    @cached_property
    def _sorted(self) -> tuple[float, ...]:
        return tuple(sorted(self.differences))

    @property
    def can_plan(self) -> bool:
        """Whether the runs show a spread."""
        return self._sd > 0.0

    @property
    def plan_range(self) -> None:
        """None: where a median can be judged, the runs are many enough for one number."""

    def difference_bounds(self, tail: float) -> tuple[float, float]:
        """Order-statistic bounds of the median.

        Parameters
        ----------
        tail : float
            Largest error probability of each side, in (0, 0.5].

        Returns
        -------
        lower, upper : float
            Infinite where the runs are too few for the tail.

        Raises
        ------
        ValueError
            If ``tail`` lies outside (0, 0.5].
        """
        if not 0.0 < tail <= 0.5:
            raise ValueError(f"tail must lie in (0, 0.5], got {tail}")
        rank = _rank(len(self.differences), tail)
        if rank == 0:
            return -math.inf, math.inf
        return self._sorted[rank - 1], self._sorted[-rank]

    def power_at_margin(self, replicates: int, a: float) -> float:
        """Power with other runs of the same spread; see `median_power`."""
        return median_power(self.direction, self.margin, self._sd, replicates, a)


@dataclass(frozen=True)
class MeanOfFew(MeanComparison):
    """The statement about a constant where the runs are too few for their median.

    More runs will be judged by their median, and are planned so.

    Parameters
    ----------
    differences, direction, margin, label, unit, threshold
        See `RunValues`.
    """

    def power_at_margin(self, replicates: int, a: float) -> float:
        """Power with other runs of the same spread."""
        if not median_is_enough(replicates, a):
            return super().power_at_margin(replicates, a)
        return median_power(self.direction, self.margin, self._sd, replicates, a)


def median_is_enough(runs: int, a: float) -> bool:
    """Whether a median of so many runs has an interval with error ``a / 2`` on each side."""
    return _rank(runs, a / 2) > 0


def median_power(direction: Direction, margin: float, sd: float, n: int, a: float) -> float:
    """Probability of "reproduced" where the median lies at the margin (for equality: at 0).

    An order is reproduced if enough runs lie beyond the constant, an equality if few enough lie
    beyond either margin: binomial and trinomial counts, with the chances of normal values.

    Parameters
    ----------
    direction : {"greater", "less", "equal"}
        Direction of the comparison.
    margin : float
        Its margin.
    sd : float
        Standard deviation of one run, in the unit of the margin; above 0.
    n : int
        Runs.
    a : float
        Level of the decision.

    Returns
    -------
    float
        The power, in [0, 1]; 0 where the runs are too few for the level.
    """
    rank = _rank(n, tail_of(direction, a))
    if rank == 0:
        return 0.0
    beyond = float(special.ndtr(-margin / sd))
    if direction != "equal":
        # fewer than `rank` runs on the wrong side
        return float(special.bdtr(rank - 1, n, beyond))
    below = np.arange(rank)
    chance = np.diff(special.bdtr(below, n, beyond), prepend=0.0)
    above = special.bdtr(rank - 1, n - below, beyond / (1.0 - beyond))
    return float(np.sum(chance * above))


def against_constant(
    values: tuple[float, ...],
    constant: float,
    direction: Direction,
    margin: float,
    label: str,
    a: float,
    unit: str = "",
    runs: int | None = None,
) -> MedianComparison | MeanOfFew:
    """Compare the runs of one method with a number: by their median where they are enough for it.

    A skewed measure against a constant is where Student's t errs most. The median's interval needs
    ``2 ** -n`` to be at most ``a / 2``; with fewer runs the mean is judged, by t. The number of
    runs decides, never what they gave.

    Parameters
    ----------
    values : tuple of float
        One an independent run.
    constant : float
        What they are compared with.
    direction : {"greater", "less", "equal"}
        What is said of their centre in relation to the constant.
    margin : float
        The smallest difference that would matter.
    label : str
        How a reader knows this part; it is said there if the median is compared.
    a : float
        Level at which the part alone would have to decide against its claim: the family's alpha
        over the numbers of its claims, of the claim's settings and of their parts.
    unit : str
        Unit of the values.
    runs : int, optional
        How many decide whether the median is judged: those of the whole run, where some of them
        are left out here. The given values by default.

    Returns
    -------
    MedianComparison or MeanOfFew

    Raises
    ------
    ValueError
        If a field is out of range.
    """
    differences = tuple(value - constant for value in values)
    if median_is_enough(len(values) if runs is None else runs, a):
        return MedianComparison(
            differences, direction, margin, f"{label} (median)", unit, threshold=constant
        )
    return MeanOfFew(differences, direction, margin, label, unit, threshold=constant)


def _rank(n: int, tail: float) -> int:
    """Rank from either end of the order statistics that bound the median; 0 if n are too few."""
    # bdtr falls to 0.5 at the middle, beyond which no tail reaches
    return int(np.count_nonzero(special.bdtr(np.arange(n // 2 + 1), n, 0.5) <= tail))
