"""One comparison decided at a level: its interval, its p-value and its verdict."""

from __future__ import annotations

import math
import struct
from functools import lru_cache

from escaping_minima.statistics.evidence import Direction, Evidence, PartVerdict, Verdict

# Below this the inverse of the incomplete beta function is no longer reliable in float64; a p-value
# that would be smaller is reported as this bound.
SMALLEST_P = 1e-100


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


def effect(evidence: Evidence) -> float:
    """Observed effect.

    Parameters
    ----------
    evidence : Evidence
        What is compared.

    Returns
    -------
    float
        ``left - right``, for "less" ``right - left``: positive favours the statement.
    """
    difference = evidence.difference
    return -difference if evidence.direction == "less" else difference


def interval(evidence: Evidence, a: float) -> tuple[float, float]:
    """Confidence interval of the effect that decides at level `a`.

    Parameters
    ----------
    evidence : Evidence
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
    return _in_favour(evidence, _difference_interval(evidence, a))


def _in_favour(evidence: Evidence, bounds: tuple[float, float]) -> tuple[float, float]:
    lower, upper = bounds
    return (-upper, -lower) if evidence.direction == "less" else bounds


def _difference_interval(evidence: Evidence, a: float) -> tuple[float, float]:
    return evidence.difference_bounds(tail_of(evidence.direction, a))


def is_reproduced(evidence: Evidence, a: float) -> bool:
    """Whether the comparison is reproduced at level `a`.

    Parameters
    ----------
    evidence : Evidence
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
    low, high = target(evidence.direction, evidence.margin)
    lower, upper = _difference_interval(evidence, a)
    return low < lower and upper < high


@lru_cache(maxsize=100_000)
def p_value(evidence: Evidence) -> float:
    """Smallest level at which the comparison is reproduced.

    The intervals are nested, so the decision is monotone in the level and the search exact: it
    bisects over the floats themselves and returns the first at which the decision is positive.

    Parameters
    ----------
    evidence : Evidence
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
    largest = 0.5 if evidence.direction == "equal" else 1.0
    if not is_reproduced(evidence, largest):
        return 1.0
    if is_reproduced(evidence, SMALLEST_P):
        return SMALLEST_P
    fails, holds = _ordinal(SMALLEST_P), _ordinal(largest)
    while holds - fails > 1:
        middle = (fails + holds) // 2
        if is_reproduced(evidence, _from_ordinal(middle)):
            holds = middle
        else:
            fails = middle
    return _from_ordinal(holds)


def _ordinal(value: float) -> int:
    """Rank of a positive float among the floats: their bits order like integers."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def _from_ordinal(rank: int) -> float:
    return float(struct.unpack("<d", struct.pack("<q", rank))[0])


def verdict_at(evidence: Evidence, a: float) -> Verdict:
    """Verdict on a comparison at level `a`, without its p-value.

    Parameters
    ----------
    evidence : Evidence
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
    if is_reproduced(evidence, a):
        return Verdict.REPRODUCED
    lower, upper = interval(evidence, a)
    if evidence.direction == "equal":
        against = lower >= evidence.margin or upper <= -evidence.margin
    else:
        against = upper < evidence.slack
    return Verdict.NOT_REPRODUCED if against else Verdict.INCONCLUSIVE


def decide(evidence: Evidence, a: float) -> PartVerdict:
    """Decide a comparison at level `a`.

    "Greater" and "less" are reproduced if the interval of the effect lies above 0 (negligible if
    it also lies below the slack), not reproduced if it lies below the slack and not above 0.
    The slack is the margin, or nothing where the threshold has the margin in it.
    "Equal" is reproduced if the interval lies within the margins, not reproduced if it lies
    outside. Everything else is inconclusive.

    Parameters
    ----------
    evidence : Evidence
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
    verdict = verdict_at(evidence, a)
    low, high = _difference_interval(evidence, a)
    bounds = _in_favour(evidence, (low, high))
    ordered = evidence.direction != "equal"
    return PartVerdict(
        label=evidence.label,
        verdict=verdict,
        effect=effect(evidence),
        interval=bounds,
        level=1.0 - 2.0 * tail_of(evidence.direction, a),
        a=a,
        p=p_value(evidence),
        negligible=ordered and verdict is Verdict.REPRODUCED and bounds[1] < evidence.slack,
        measured=evidence.difference + evidence.threshold,
        measured_interval=(low + evidence.threshold, high + evidence.threshold),
        direction=evidence.direction,
        threshold=evidence.threshold,
        margin=evidence.margin,
        unit=evidence.unit,
        scale=evidence.scale,
    )
