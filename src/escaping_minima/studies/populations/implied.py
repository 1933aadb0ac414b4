"""What two printed pairs of mean and standard deviation imply for a test of the two samples.

Student's t follows from means, standard deviations and numbers alone. The U test does not, but the
share of pairs that it counts is bounded by them, whatever the distributions. Printed numbers are
rounded, so that each gives a range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from scipy import special, stats


@dataclass(frozen=True)
class Sample:
    """Mean and standard deviation as printed.

    Parameters
    ----------
    mean, sd : str
        With the decimals that they are printed with.
    """

    mean: str
    sd: str

    def __str__(self) -> str:
        return f"{self.mean} ± {self.sd}"


@dataclass(frozen=True)
class Implied:
    """P-value of a test as printed numbers give it.

    Parameters
    ----------
    p : float
        Of the numbers as they stand.
    low, high : float
        Smallest and largest that numbers which are printed like these could give.
    """

    p: float
    low: float
    high: float


def implied_t(one: Sample, other: Sample, n: int) -> Implied:
    """Return the p-value of Student's t-test, n values a sample.

    Parameters
    ----------
    one, other : Sample
    n : int
        Two or more.
    """
    values = [_t_p(*sample, n) for sample in _corners(one, other)]
    as_printed = _t_p(float(one.mean), float(one.sd), float(other.mean), float(other.sd), n)
    high = 1.0 if _may_be_equal(one, other) else max(values)
    return Implied(as_printed, min(values), high)


def largest_u_p(one: Sample, other: Sample, n: int) -> float:
    """Return the largest p-value of the U test, whatever the two distributions.

    Of all pairs of a value of each sample the differences have the difference of the means as
    theirs, and at most the sum of the variances. By Cantelli's inequality at most
    ``V / (V + D^2)`` of them are on the other side of 0.

    Parameters
    ----------
    one, other : Sample
    n : int
        Values a sample.

    References
    ----------
    Cantelli, F. P. (1928). Sui confini della probabilita. Atti Congr. Int. Mat. Bologna 6, 47-59.
    """
    if _may_be_equal(one, other):
        return 1.0
    share = max(_opposite_share(*corner) for corner in _corners(one, other))
    # U less its mean, corrected for continuity; its variance is largest where no values are equal
    beyond = n * n * (0.5 - share) - 0.5
    if beyond <= 0.0:
        return 1.0
    return 2.0 * float(special.ndtr(-beyond / math.sqrt(n * n * (2 * n + 1) / 12.0)))


def largest_spread_change(one: Sample, other: Sample, n: int) -> float:
    """Return by how much two spreads can differ where no sorted value of one is below the other's.

    Then the n differences are of one sign and sum to n times that of the means, so that their
    standard deviation is at most ``sqrt(n)`` times it, and spreads differ by no more than that.

    Parameters
    ----------
    one, other : Sample
    n : int
        Values a sample.

    Returns
    -------
    float
        In the unit of the samples; rounding of all four numbers included.
    """
    apart = abs(float(Decimal(one.mean) - Decimal(other.mean)))
    return math.sqrt(n) * (apart + _half(one.mean) + _half(other.mean)) + (
        _half(one.sd) + _half(other.sd)
    )


def _half(printed: str) -> float:
    """Half a unit of the last printed place."""
    return float(Decimal(5).scaleb(Decimal(printed).as_tuple().exponent - 1))  # type: ignore[operator]


def _may_be_equal(one: Sample, other: Sample) -> bool:
    apart = abs(float(Decimal(one.mean) - Decimal(other.mean)))
    return apart <= _half(one.mean) + _half(other.mean)


def _corners(one: Sample, other: Sample) -> Iterator[tuple[float, float, float, float]]:
    """Yield the ends of the ranges that the printed numbers stand for."""
    ends = [
        (float(number) - _half(number), float(number) + _half(number))
        for number in (one.mean, one.sd, other.mean, other.sd)
    ]
    yield from product(*ends)


def _opposite_share(mean: float, sd: float, other: float, other_sd: float) -> float:
    variance = sd**2 + other_sd**2
    return variance / (variance + (mean - other) ** 2)


def _t_p(mean: float, sd: float, other: float, other_sd: float, n: int) -> float:
    return float(stats.ttest_ind_from_stats(mean, sd, n, other, other_sd, n).pvalue)
