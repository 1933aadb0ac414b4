"""A comparison of means over independent training runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from scipy import special

from escaping_minima.statistics.run_values import RunValues
from escaping_minima.statistics.t_power import t_power

# From fewer runs a sample size is named as a range.
_ENOUGH_FOR_A_NUMBER = 5


@dataclass(frozen=True)
class MeanComparison(RunValues):
    """The statement that a mean over independent runs is greater than, less than or equal to 0.

    The runs of two methods are paired (by their seed) before: each pair gives one difference. The
    interval is Student's, on the differences, so its level is exact where these are normal.

    One run has no spread: its interval is infinite, and nothing is decided. Nor is it where all
    runs agree exactly: a coarse measure (an accuracy on 100 images, a whole number of epochs) makes
    a few of them agree by chance, and an interval without width would be decided with certainty.
    A number that cannot vary is `known` and needs no second run.

    Parameters
    ----------
    differences, direction, margin, label, unit, threshold, within_margin
        See `RunValues`.
    known : bool
        Whether the number has no sampling error (a count that follows from the settings): its
        interval is the point.

    Raises
    ------
    ValueError
        If a field is out of range, a difference is not finite, or known differences are not all
        the same.

    References
    ----------
    Student (1908). The probable error of a mean. Biometrika 6, 1-25.
    """

    known: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.known and self._sd > 0.0:
            raise ValueError(f"a known number cannot differ between runs: {self.differences}")

    @cached_property
    def difference(self) -> float:
        """The mean difference."""
        return math.fsum(self.differences) / len(self.differences)

    @property
    def can_plan(self) -> bool:
        """Whether the runs show a spread, or the number has none."""
        return self.known or self._sd > 0.0

    @property
    def plan_range(self) -> tuple[Self, Self] | None:
        """The runs with their spread at either end of its 80 percent interval, if they are few.

        From 2 to 4 normal differences the ends are 0.61 to 7.96, 0.66 to 3.08 and 0.69 to 2.27
        times the standard deviation that was found: chi-square, a tenth on each side.
        """
        n = len(self.differences)
        if self.known or self._sd == 0.0 or n >= _ENOUGH_FOR_A_NUMBER:
            return None
        least, most = (
            math.sqrt((n - 1) / float(special.chdtri(n - 1, above))) for above in (0.1, 0.9)
        )
        return self._with_spread(least), self._with_spread(most)

    def _with_spread(self, factor: float) -> Self:
        mean = self.difference
        return replace(
            self, differences=tuple(mean + factor * (d - mean) for d in self.differences)
        )

    def difference_bounds(self, tail: float) -> tuple[float, float]:
        """Student's bounds of the mean difference.

        Parameters
        ----------
        tail : float
            Error probability of each side, in (0, 0.5].

        Returns
        -------
        lower, upper : float
            Infinite where the runs show no spread, the mean itself where it is known.

        Raises
        ------
        ValueError
            If ``tail`` lies outside (0, 0.5].
        """
        if not 0.0 < tail <= 0.5:
            raise ValueError(f"tail must lie in (0, 0.5], got {tail}")
        if not self.can_plan:
            return -math.inf, math.inf
        if self.known:
            return self.difference, self.difference
        n = len(self.differences)
        # the lower quantile keeps its precision where 1 - tail would round to 1
        half = -float(special.stdtrit(n - 1, tail)) * self._sd / math.sqrt(n)
        return self.difference - half, self.difference + half

    def power_at_margin(self, replicates: int, a: float) -> float:
        """Power with other runs of the same spread; see `t_power`."""
        if self.known:
            return 1.0
        return t_power(self.direction, self.margin, self._sd, replicates, a)
