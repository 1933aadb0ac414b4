"""One comparison decided: the levels that it takes each way, its interval and its verdict."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import lru_cache

from escaping_minima.statistics.evidence import Bounded, Direction, Evidence, PartVerdict, Verdict

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


def in_favour(evidence: Bounded, bounds: tuple[float, float]) -> tuple[float, float]:
    """Bounds of the effect, given those of the difference; see `effect`."""
    lower, upper = bounds
    return (-upper, -lower) if evidence.direction == "less" else bounds


def is_reproduced(evidence: Bounded, a: float) -> bool:
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
    lower, upper = evidence.difference_bounds(tail_of(evidence.direction, a))
    return low < lower and upper < high


def is_against(evidence: Bounded, a: float) -> bool:
    """Whether the comparison is decided against at level `a`.

    The interval has error ``a / 2`` on each side whatever the direction: an order is refuted by one
    side, but an equality by either of two, which together have `a`.

    Parameters
    ----------
    evidence : Evidence
        What is compared.
    a : float
        Level, in (0, 1].

    Returns
    -------
    bool
        Whether the effect is surely smaller than the slack, for an equality surely outside the
        margins.

    Raises
    ------
    ValueError
        If `a` leaves no interval.
    """
    lower, upper = in_favour(evidence, evidence.difference_bounds(_two_sided(a)))
    if evidence.direction == "equal":
        return lower >= evidence.margin or upper <= -evidence.margin
    return upper < evidence.slack


def _two_sided(a: float) -> float:
    """Error probability of one side of the interval that decides against at level `a`."""
    return tail_of("greater", a)


@lru_cache(maxsize=100_000)
def p_value(evidence: Evidence) -> float:
    """Smallest level at which the comparison is reproduced.

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
    return _smallest_level(lambda a: is_reproduced(evidence, a), largest)


@lru_cache(maxsize=100_000)
def q_value(evidence: Evidence) -> float:
    """Smallest level at which the comparison is decided against.

    Parameters
    ----------
    evidence : Evidence
        What is compared.

    Returns
    -------
    float
        In [`SMALLEST_P`, 1]; 1.0 also where no level decides against it. Where the statement is
        true by its margin, a value of at most u has probability at most u (for an order u / 2).
    """
    return _smallest_level(lambda a: is_against(evidence, a), 1.0)


def _smallest_level(decided: Callable[[float], bool], largest: float) -> float:
    """Return the smallest level at which something is decided, 1.0 if it is not at `largest`.

    The intervals are nested, so a decision is monotone in the level and the search exact: it
    bisects over the floats themselves and returns the first at which the decision is positive.
    """
    if not decided(largest):
        return 1.0
    if decided(SMALLEST_P):
        return SMALLEST_P
    fails, holds = _ordinal(SMALLEST_P), _ordinal(largest)
    while holds - fails > 1:
        middle = (fails + holds) // 2
        if decided(_from_ordinal(middle)):
            holds = middle
        else:
            fails = middle
    return _from_ordinal(holds)


def _ordinal(value: float) -> int:
    """Rank of a positive float among the floats: their bits order like integers."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def _from_ordinal(rank: int) -> float:
    return float(struct.unpack("<d", struct.pack("<q", rank))[0])


def verdict_at(p: float, q: float, a: float, a_against: float) -> Verdict:
    """Verdict on what is reproduced from level `p` and decided against from level `q` on.

    What both ways can be said of, true but less than its margin, is reproduced.
    """
    if p <= a:
        return Verdict.REPRODUCED
    return Verdict.NOT_REPRODUCED if q <= a_against else Verdict.INCONCLUSIVE


def decide(evidence: Evidence, a: float, a_against: float) -> PartVerdict:
    """Decide a comparison, each way at a level of its own.

    "Greater" and "less" are reproduced if the effect is surely above 0 (negligible if it is also
    surely below the slack), not reproduced if it is surely below the slack and not surely above 0.
    The slack is the margin, or nothing where the threshold has the margin in it. "Equal" is
    reproduced if the interval lies within the margins, not reproduced if it lies outside.
    Everything else is inconclusive.

    The interval shows this: for an order its lower end has the level of "reproduced" and its upper
    end that of "not reproduced". For an equality it is the interval that decided, or where none
    did the wider of the two.

    Parameters
    ----------
    evidence : Evidence
        What is compared.
    a : float
        Level of "reproduced", in (0, 1), for equality in (0, 0.5].
    a_against : float
        Level of "not reproduced", in (0, 1].

    Returns
    -------
    PartVerdict
        The verdict with effect, interval, levels, p and q.

    Raises
    ------
    ValueError
        If a level leaves no interval.

    References
    ----------
    Schuirmann (1987), see `tail_of`.
    """
    p, q = p_value(evidence), q_value(evidence)
    verdict = verdict_at(p, q, a, a_against)
    tails = _shown_tails(evidence, verdict, a, a_against)
    low, high = _shown_bounds(evidence, tails)
    ordered = evidence.direction != "equal"
    return PartVerdict(
        label=evidence.label,
        verdict=verdict,
        effect=effect(evidence),
        interval=in_favour(evidence, (low, high)),
        level=1.0 - sum(tails),
        a=a,
        a_against=a_against,
        p=p,
        q=q,
        negligible=ordered and verdict is Verdict.REPRODUCED and q <= a_against,
        measured=evidence.difference + evidence.threshold,
        measured_interval=(low + evidence.threshold, high + evidence.threshold),
        direction=evidence.direction,
        threshold=evidence.threshold,
        margin=evidence.margin,
        unit=evidence.unit,
        scale=evidence.scale,
        known=evidence.known,
        favouring=evidence.favouring,
    )


def _shown_tails(
    evidence: Evidence, verdict: Verdict, a: float, a_against: float
) -> tuple[float, float]:
    """Error probabilities of the shown interval: of its end against the statement, and for it."""
    tail, tail_against = tail_of(evidence.direction, a), _two_sided(a_against)
    if evidence.direction != "equal":
        return tail, tail_against
    if verdict is Verdict.REPRODUCED:
        return tail, tail
    if verdict is Verdict.NOT_REPRODUCED:
        return tail_against, tail_against
    return (min(tail, tail_against),) * 2


def _shown_bounds(evidence: Evidence, tails: tuple[float, float]) -> tuple[float, float]:
    """Bounds of the difference whose end against the statement has the first of two tails."""
    below, above = tails if evidence.direction != "less" else tails[::-1]
    return evidence.difference_bounds(below)[0], evidence.difference_bounds(above)[1]
