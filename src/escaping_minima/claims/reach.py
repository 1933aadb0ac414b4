"""Which verdicts a record can reach at all, with the runs at hand.

A share of nothing cannot be undercut, two runs cannot decide what needs seven, and of a setting
without runs nothing can be said. So every left side is replaced by the most favourable values that
it could have, and by the least, where all else stays: what it is compared with, the pools, the
number of runs and their spread, what is left out.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from escaping_minima.claims.grammar import Part
from escaping_minima.claims.members import build_member
from escaping_minima.claims.records import Claim
from escaping_minima.claims.sides import Values, differences
from escaping_minima.claims.source import ALPHA, Source
from escaping_minima.claims.together import TOGETHER, pseudo_values
from escaping_minima.statistics.decision import p_value, q_value
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.families import AnyOf, Member
from escaping_minima.statistics.families import Part as Statement

#: An effect that leaves no doubt, in margins.
_HUGE = 1000.0
#: The largest logarithm, in percent, of a factor whose square is a float.
_LARGEST = 30_000.0


def reachable(claim: Claim, source: Source) -> list[str]:
    """Return which of "reproduced" and "not reproduced" the main reading of a claim could reach.

    Decided at the family-wise level, the laxest that a claim can have, so what cannot be reached
    cannot be whatever the other claims do.

    Parameters
    ----------
    claim : Claim
    source : Source
    """
    best, worst = (
        build_member(claim, claim.readings[0], source, partial(_extreme, favourable))
        for favourable in (True, False)
    )
    found: list[str] = []
    if _untested(best):
        return found
    if all(_p(part) <= ALPHA for setting in best.settings for part in setting.parts):
        found.append(str(Verdict.REPRODUCED))
    if all(len(s.parts) * min(map(_q, s.parts)) <= ALPHA for s in worst.settings):
        found.append(str(Verdict.NOT_REPRODUCED))
    return found


def _untested(member: Member) -> bool:
    return member.why_untested is not None or any(s.untested_reason for s in member.settings)


def _p(part: Statement) -> float:
    if isinstance(part, AnyOf):
        return len(part.parts) * min(map(p_value, part.parts))
    return p_value(part)


def _q(part: Statement) -> float:
    return max(map(q_value, part.parts)) if isinstance(part, AnyOf) else q_value(part)


def _extreme(favourable: bool, part: Part, left: Values, right: Values | float) -> Values:
    """Return the values of the left side that favour a part most, or least."""
    towards = {"greater": 1, "less": -1, "equal": 0}[part.direction]
    if not favourable:
        towards = -towards or _farther(left, right)
    if part.compared == "signs":
        if isinstance(right, Values):
            return replace(left, values=right.chosen(left.ids).values + towards)
        return replace(left, values=np.full(len(left.values), right + towards))
    if left.share:
        return _share(towards, left, right)
    return replace(left, values=_shifted(_HUGE * part.margin * towards, part, left, right))


def _farther(left: Values, right: Values | float) -> int:
    """Return on which side of an equality there is more room: a share has only so much."""
    return -1 if left.share and _value(right) > 0.5 else 1


def _value(right: Values | float) -> float:
    if not isinstance(right, Values):
        return right / 100
    return float(right.values[right.members].mean()) if right.members.any() else 0.5


def _share(towards: int, left: Values, right: Values | float) -> Values:
    if towards:
        return replace(left, values=np.full(len(left.values), float(towards > 0)))
    if isinstance(right, Values) and right.design == left.design:
        return right
    ones = np.zeros(len(left.values))
    inside = np.flatnonzero(left.members)
    ones[inside[: round(_value(right) * len(inside))]] = 1.0
    return replace(left, values=ones)


def _shifted(effect: float, part: Part, left: Values, right: Values | float) -> NDArray[np.float64]:
    """Move all values alike, so that their difference from the right has a mean of `effect`."""
    if isinstance(right, Values) and part.compared in TOGETHER:
        return _shifted_together(effect, part, left, right)
    ratio = part.compared == "ratio"
    found = differences(left, right, ratio) if isinstance(right, Values) else left.values - right
    there = found[np.isfinite(found)]
    if not len(there):
        return left.values
    shift = effect - float(there.mean())
    return left.values * np.exp(shift / 100) if ratio else left.values + shift


def _shifted_together(
    effect: float, part: Part, left: Values, right: Values
) -> NDArray[np.float64]:
    """Move all values alike, or stretch their distances from the mean, until there is `effect`."""
    shift = effect - float(pseudo_values(part, left, right).mean())
    if part.compared == "best":
        return left.values + shift
    factor = np.exp(np.clip(shift, -_LARGEST, _LARGEST) / 100)
    # a spread does not depend on the mean, beside which small distances would be rounded off
    return np.asarray(factor * (left.values - left.values.mean()))
