"""The smallest levels at which something can be said of a claim, and those that a family gives it.

What decides a word is here, in numbers alone; `verdicts` says how, and adds what a reader sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from escaping_minima.statistics.decision import p_value, q_value, verdict_at
from escaping_minima.statistics.evidence import Evidence, Verdict
from escaping_minima.statistics.families import AnyOf, Member, Part
from escaping_minima.statistics.holm import HolmStep, holm
from escaping_minima.statistics.judgements import SettingWord, verdict_of, word_of

#: p and q: the smallest levels at which a part is reproduced, and decided against.
Numbers = tuple[float, float]


@dataclass(frozen=True)
class ClaimNumbers:
    """The smallest levels of what can be said of a claim: at each setting, and as a whole.

    Parameters
    ----------
    parts : tuple of tuple of Numbers
        By setting; none where a setting is not tested, which counts 1 in everything.
    tested : bool
        Whether the claim is.
    """

    parts: tuple[tuple[Numbers, ...], ...]
    tested: bool

    @cached_property
    def hold(self) -> tuple[float, ...]:
        """Smallest level of "all parts hold", by setting."""
        return tuple(max((p for p, _ in parts), default=1.0) for parts in self.parts)

    @cached_property
    def against(self) -> tuple[float, ...]:
        """Smallest level of "not all parts hold", by setting."""
        return tuple(of_any([q for _, q in parts]) for parts in self.parts)

    @cached_property
    def some(self) -> tuple[float, ...]:
        """Smallest level of "some parts hold", by setting."""
        return tuple(of_any([p for p, _ in parts]) for parts in self.parts)

    @cached_property
    def p(self) -> float:
        """Smallest level at which it holds at all settings."""
        return max(self.hold) if self.tested else 1.0

    @cached_property
    def q(self) -> float:
        """Smallest level at which it holds at none."""
        return max(self.against) if self.tested else 1.0


@dataclass(frozen=True)
class SettingLevels:
    """Levels of the statements about one setting, and whether it holds.

    Parameters
    ----------
    hold, against, some : float
        Of "all parts hold", "not all parts hold" and "some parts hold".
    holds : bool
        Whether all parts do.
    """

    hold: float
    against: float
    some: float
    holds: bool

    def of_parts(self, count: int) -> tuple[float, float]:
        """Levels at which each of `count` parts is decided, for it and against it.

        From what they give the word of the setting can be read. What is said of some parts is
        chosen among them; never all of these hold then, since one has a p above the level at which
        the setting would.
        """
        a = self.hold if self.holds or count == 1 else min(self.hold, self.some / count)
        return a, self.against / count


@dataclass(frozen=True)
class ClaimLevels:
    """What a family gives a claim.

    Parameters
    ----------
    reproduced, refuted : HolmStep
        Its steps in the two procedures over the claims.
    settings : tuple of SettingLevels
        Levels of the whole claim where that decided, else of the single setting.
    """

    reproduced: HolmStep
    refuted: HolmStep
    settings: tuple[SettingLevels, ...]


def of_any(levels: Sequence[float]) -> float:
    """Smallest level of "at least one of these", by Bonferroni; 1 of nothing."""
    return min(1.0, len(levels) * min(levels)) if levels else 1.0


def exact_numbers(part: Evidence) -> Numbers:
    """Return p and q of a comparison."""
    return p_value(part), q_value(part)


def claim_numbers(
    member: Member, numbers_of: Callable[[Evidence], Numbers] = exact_numbers
) -> ClaimNumbers:
    """Return the smallest levels of what can be said of a claim.

    Parameters
    ----------
    member : Member
    numbers_of : callable, optional
        Gives p and q of a comparison.
    """
    parts = (
        tuple(part_numbers(p, numbers_of) for p in s.parts) if s.untested_reason is None else ()
        for s in member.settings
    )
    return ClaimNumbers(tuple(parts), member.why_untested is None)


def part_numbers(part: Part, numbers_of: Callable[[Evidence], Numbers] = exact_numbers) -> Numbers:
    """Return p and q of a part, which may be a union."""
    if not isinstance(part, AnyOf):
        return numbers_of(part)
    p, q = zip(*map(numbers_of, part.parts), strict=True)
    return of_any(p), max(q)


def family_levels(claims: Sequence[ClaimNumbers], alpha: float) -> list[ClaimLevels]:
    """Give each claim of a family its levels, in the same order.

    Raises
    ------
    ValueError
        If `alpha` is out of range.
    """
    reproduced = holm([claim.p for claim in claims], alpha)
    refuted = holm([claim.q for claim in claims], alpha)
    share = alpha / max(len(claims), 1)
    return [
        ClaimLevels(step, against, _setting_levels(claim, step, against, share))
        for claim, step, against in zip(claims, reproduced, refuted, strict=True)
    ]


def _setting_levels(
    claim: ClaimNumbers, reproduced: HolmStep, refuted: HolmStep, share: float
) -> tuple[SettingLevels, ...]:
    alone = len(claim.parts) == 1
    steps = (holm(found, share) for found in (claim.hold, claim.against, claim.some))
    return tuple(
        SettingLevels(
            hold=reproduced.a if alone or reproduced.rejected else hold.a,
            against=refuted.a if alone or refuted.rejected else against.a,
            some=some.a,
            holds=reproduced.rejected or hold.rejected,
        )
        for hold, against, some in zip(*steps, strict=True)
    )


def verdict_in_family(claims: Sequence[ClaimNumbers], index: int, alpha: float) -> Verdict:
    """Return the verdict on one claim of a family, from numbers alone."""
    claim = claims[index]
    if not claim.tested:
        return Verdict.NOT_TESTED
    reproduced = holm([c.p for c in claims], alpha)[index]
    refuted = holm([c.q for c in claims], alpha)[index]
    levels = _setting_levels(claim, reproduced, refuted, alpha / len(claims))
    return verdict_of(_word(parts, at) for parts, at in zip(claim.parts, levels, strict=True))


def _word(parts: Sequence[Numbers], levels: SettingLevels) -> SettingWord:
    if not parts:
        return SettingWord.UNTESTED
    a, a_against = levels.of_parts(len(parts))
    return word_of(verdict_at(p, q, a, a_against) for p, q in parts)
