"""One comparison of two shares, its interval, its p-value and its verdict at a level."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from escaping_minima.statistics.intervals import Share, difference_bounds

Direction = Literal["greater", "less", "equal"]

# Below this the inverse of the incomplete beta function is no longer reliable in float64; a p-value
# that would be smaller is reported as this bound.
SMALLEST_P = 1e-100


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT_REPRODUCED = "not reproduced"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"


@dataclass(frozen=True)
class Comparison:
    """The statement that one share is greater than, less than or equal to another.

    Parameters
    ----------
    left : Share
        The share the statement is about.
    right : Share or float
        What it is compared with: another share, or a constant in [0, 1]. A paired design gives
        its two discordant counts over the number of pairs, as `left` and `right`.
    direction : {"greater", "less", "equal"}
        What is said of `left` in relation to `right`.
    margin : float
        The smallest difference that would matter, a share in (0, 1).
    label : str
        How a reader knows this part.
    replicates : int, optional
        Independent replicates behind the comparison, where the trials are a subset of them or the
        two sides differ; the larger number of trials by default. Sample sizes are stated in it.
    paired : bool
        Whether `left` and `right` are the discordant counts of a paired design; matters for
        power alone, since the interval holds under any dependence.

    Raises
    ------
    ValueError
        If a field is out of range, or paired counts do not share their trials.
    """

    left: Share
    right: Share | float
    direction: Direction
    margin: float
    label: str = ""
    replicates: int | None = None
    paired: bool = False

    def __post_init__(self) -> None:
        if self.direction not in ("greater", "less", "equal"):
            raise ValueError(f"unknown direction {self.direction!r}")
        if not 0.0 < self.margin < 1.0:
            raise ValueError(f"margin must lie in (0, 1), got {self.margin}")
        if not isinstance(self.right, Share) and not 0.0 <= self.right <= 1.0:
            raise ValueError(f"a constant share must lie in [0, 1], got {self.right}")
        if self.replicates is not None and self.replicates < 1:
            raise ValueError(f"replicates must be at least 1, got {self.replicates}")
        if self.paired:
            self._check_pairs()

    def _check_pairs(self) -> None:
        if not isinstance(self.right, Share) or self.right.trials != self.left.trials:
            raise ValueError("discordant counts must be two shares of the same pairs")
        if self.left.successes + self.right.successes > self.left.trials:
            raise ValueError("more discordant pairs than pairs")

    @property
    def right_value(self) -> float:
        """The right-hand share as a number."""
        return self.right.value if isinstance(self.right, Share) else self.right

    @property
    def replicate_count(self) -> int:
        """The independent replicates that this comparison rests on."""
        if self.replicates is not None:
            return self.replicates
        right_trials = self.right.trials if isinstance(self.right, Share) else 0
        return max(self.left.trials, right_trials)


@dataclass(frozen=True)
class PartVerdict:
    """A comparison decided at one level, with all that a table shows of it.

    Parameters
    ----------
    label : str
        The label of the comparison.
    verdict : Verdict
        Reproduced, not reproduced or inconclusive; not tested where the claim was not.
    effect : float
        Observed effect, positive in favour of "greater" and "less".
    interval : tuple of float
        Interval of the effect.
    level : float
        Confidence level of `interval`: ``1 - a``, for equality ``1 - 2 a``.
    a : float
        Level at which the comparison was decided.
    p : float
        Smallest level at which it would be reproduced.
    negligible : bool
        Reproduced, but the whole interval lies below the margin.
    """

    label: str
    verdict: Verdict
    effect: float
    interval: tuple[float, float]
    level: float
    a: float
    p: float
    negligible: bool = False


def target(direction: Direction, margin: float) -> tuple[float, float]:
    """Open range in which the interval of ``left - right`` must lie for "reproduced".

    Parameters
    ----------
    direction : {"greater", "less", "equal"}
        The direction of the comparison.
    margin : float
        Its margin.

    Returns
    -------
    low, high : float
        Ends of the range, infinite where it is open.
    """
    if direction == "greater":
        return 0.0, math.inf
    if direction == "less":
        return -math.inf, 0.0
    return -margin, margin


def tail_of(direction: Direction, a: float) -> float:
    """Error probability of one side of the interval that decides at level `a`.

    Parameters
    ----------
    direction : {"greater", "less", "equal"}
        The direction of the comparison.
    a : float
        Level, in (0, 1), for equality in (0, 0.5].

    Returns
    -------
    float
        ``a`` for equality (two one-sided tests, each at ``a``), else ``a / 2``.

    Raises
    ------
    ValueError
        If the level leaves no interval.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
    approach for assessing the equivalence of average bioavailability. J. Pharmacokinet.
    Biopharm. 15, 657-680.
    """
    tail = a if direction == "equal" else a / 2
    if not 0.0 < tail <= 0.5:
        raise ValueError(f"level {a} gives no interval for {direction!r}")
    return tail


def effect(comparison: Comparison) -> float:
    """Observed effect.

    Parameters
    ----------
    comparison : Comparison
        What is compared.

    Returns
    -------
    float
        ``left - right``, for "less" ``right - left``: positive favours the statement.
    """
    difference = comparison.left.value - comparison.right_value
    return -difference if comparison.direction == "less" else difference


def interval(comparison: Comparison, a: float) -> tuple[float, float]:
    """Confidence interval of the effect that decides at level `a`.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    a : float
        Level, in (0, 1), for equality in (0, 0.5].

    Returns
    -------
    lower, upper : float
        Interval of level ``1 - a``, for equality ``1 - 2 a``, signed like `effect`.

    Raises
    ------
    ValueError
        If `a` leaves no interval.
    """
    lower, upper = _difference_interval(comparison, a)
    return (-upper, -lower) if comparison.direction == "less" else (lower, upper)


def _difference_interval(comparison: Comparison, a: float) -> tuple[float, float]:
    tail = tail_of(comparison.direction, a)
    return difference_bounds(comparison.left, comparison.right, tail)


def is_reproduced(comparison: Comparison, a: float) -> bool:
    """Whether the comparison is reproduced at level `a`.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    a : float
        Level, in (0, 1), for equality in (0, 0.5].

    Returns
    -------
    bool
        Whether the interval lies in the target of the direction.

    Raises
    ------
    ValueError
        If `a` leaves no interval.
    """
    low, high = target(comparison.direction, comparison.margin)
    lower, upper = _difference_interval(comparison, a)
    return low < lower and upper < high


@lru_cache(maxsize=100_000)
def p_value(comparison: Comparison) -> float:
    """Smallest level at which the comparison is reproduced.

    The intervals are nested, so the decision is monotone in the level and the search exact: it
    bisects over the floats themselves and returns the first at which the decision is positive.

    Parameters
    ----------
    comparison : Comparison
        What is compared.

    Returns
    -------
    float
        The p-value; 1.0 if no level gives "reproduced", never below `SMALLEST_P`.

    References
    ----------
    Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
    Technometrics 24, 295-300; Schuirmann (1987), see `tail_of`.
    """
    largest = 0.5 if comparison.direction == "equal" else 1.0
    if not is_reproduced(comparison, largest):
        return 1.0
    if is_reproduced(comparison, SMALLEST_P):
        return SMALLEST_P
    fails, holds = _ordinal(SMALLEST_P), _ordinal(largest)
    while holds - fails > 1:
        middle = (fails + holds) // 2
        if is_reproduced(comparison, _from_ordinal(middle)):
            holds = middle
        else:
            fails = middle
    return _from_ordinal(holds)


def _ordinal(value: float) -> int:
    """Rank of a positive float among the floats: their bits order like integers."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def _from_ordinal(rank: int) -> float:
    return float(struct.unpack("<d", struct.pack("<q", rank))[0])


def verdict_at(comparison: Comparison, a: float) -> Verdict:
    """Verdict on a comparison at level `a`, without its p-value.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    a : float
        Level, in (0, 1), for equality in (0, 0.5].

    Returns
    -------
    Verdict
        Reproduced, not reproduced or inconclusive.

    Raises
    ------
    ValueError
        If `a` leaves no interval.
    """
    if is_reproduced(comparison, a):
        return Verdict.REPRODUCED
    lower, upper = interval(comparison, a)
    margin = comparison.margin
    if comparison.direction == "equal":
        against = lower >= margin or upper <= -margin
    else:
        against = upper < margin
    return Verdict.NOT_REPRODUCED if against else Verdict.INCONCLUSIVE


def decide(comparison: Comparison, a: float) -> PartVerdict:
    """Decide a comparison at level `a`.

    "Greater" and "less" are reproduced if the interval of the effect lies above 0 (negligible if
    it also lies below the margin), not reproduced if it lies below the margin and not above 0.
    "Equal" is reproduced if the interval lies within the margins, not reproduced if it lies
    outside. Everything else is inconclusive.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    a : float
        Level, in (0, 1), for equality in (0, 0.5].

    Returns
    -------
    PartVerdict
        The verdict with effect, interval, level and p-value.

    Raises
    ------
    ValueError
        If `a` leaves no interval.

    References
    ----------
    Schuirmann (1987), see `tail_of`.
    """
    verdict = verdict_at(comparison, a)
    bounds = interval(comparison, a)
    ordered = comparison.direction != "equal"
    return PartVerdict(
        label=comparison.label,
        verdict=verdict,
        effect=effect(comparison),
        interval=bounds,
        level=1.0 - 2.0 * tail_of(comparison.direction, a),
        a=a,
        p=p_value(comparison),
        negligible=ordered and verdict is Verdict.REPRODUCED and bounds[1] < comparison.margin,
    )
