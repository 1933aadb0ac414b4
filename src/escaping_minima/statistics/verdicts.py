"""From the statements of a family of claims to one verdict a claim.

A claim consists of settings (the values of a parameter that is swept; most claims have one), a
setting of parts, and all parts must hold. Each part has a p, the smallest level at which it is
reproduced, and a q, the smallest level at which it is decided against. A setting with P parts and
a claim with S settings have

- for "all hold": the largest p of all parts;
- for "not all hold" at a setting: P times the smallest q of its parts; for a claim that fails at
  every setting the largest of these;
- for "some hold" at a setting: P times the smallest p of its parts.

A union is the mirror image: P times its smallest p, and its largest q.

Holm's procedure at alpha over the claims decides which are reproduced, a second one which are not.
So the chance of any false "reproduced" in a family is at most alpha, and of any false "not
reproduced" too; where all claims are orders, whose levels are two-sided, both together. Statements
about single settings stand beside that of the whole claim: for each claim they have alpha / m, by
a Holm procedure each over its settings ("holds", "is decided against", "some parts hold"), so
that each of these kinds of statement is false in at most alpha of families. A claim that is true
everywhere is called partly reproduced only by a false one of the second kind, one that is false
everywhere by a false one of the first or the third.

The words are read off: of a setting off its parts, of a claim off its settings (`judgements`). The
order of claims and settings decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from escaping_minima.statistics.decision import decide
from escaping_minima.statistics.evidence import PartVerdict, Verdict
from escaping_minima.statistics.families import AnyOf, Member, Part, Setting
from escaping_minima.statistics.judgements import (
    Judgement,
    SettingVerdict,
    SettingWord,
    UnionVerdict,
    verdict_of,
    word_of,
)
from escaping_minima.statistics.levels import (
    ClaimLevels,
    ClaimNumbers,
    SettingLevels,
    claim_numbers,
    family_levels,
    part_numbers,
)
from escaping_minima.statistics.needed import named_size

__all__ = ["judge_family"]


def judge_family(
    members: Sequence[Member], alpha: float = 0.05, block: int = 500
) -> list[Judgement]:
    """Judge all claims of a family together.

    Parameters
    ----------
    members : sequence of Member
        The family, fixed beforehand. Untested members count, with p = q = 1.
    alpha : float
        Family-wise level, of each of the two words.
    block : int
        Replicates come in whole blocks of this size, for the numbers needed.

    Returns
    -------
    list of Judgement
        One a member, in the same order.

    Raises
    ------
    ValueError
        If two members share an id, or `alpha` is out of range.

    References
    ----------
    Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
    Technometrics 24, 295-300; Holm, S. (1979). A simple sequentially rejective multiple test
    procedure. Scand. J. Statist. 6, 65-70.
    """
    ids = [member.id for member in members]
    if len(set(ids)) != len(ids):
        raise ValueError(f"two claims of one id in a family: {ids}")
    numbers = [claim_numbers(member) for member in members]
    return [
        _judge(member, found, levels, alpha / len(members), len(members), block)
        for member, found, levels in zip(
            members, numbers, family_levels(numbers, alpha), strict=True
        )
    ]


def _judge(
    member: Member,
    numbers: ClaimNumbers,
    levels: ClaimLevels,
    share: float,
    m: int,
    block: int,
) -> Judgement:
    why = member.why_untested
    settings = tuple(
        _decide_setting(setting, at, claim_tested=why is None)
        for setting, at in zip(member.settings, levels.settings, strict=True)
    )
    needed, needed_range = None, None
    if why is not None:
        verdict, reason = Verdict.NOT_TESTED, why
    else:
        verdict, reason = verdict_of(s.word for s in settings), _where(settings)
        if verdict is Verdict.INCONCLUSIVE:
            size = named_size(member.settings, settings, share, block)
            needed, needed_range = size.number, size.span
            reason = "; ".join(filter(None, (reason, size.words)))
    return Judgement(
        id=member.id,
        verdict=verdict,
        p=numbers.p,
        q=numbers.q,
        levels=(levels.reproduced.a, levels.refuted.a),
        ranks=(levels.reproduced.rank, levels.refuted.rank),
        m=m,
        negligible=verdict in (Verdict.REPRODUCED, Verdict.PARTLY) and _negligible(settings),
        left_out=member.left_out,
        settings=settings,
        reason=reason,
        needed=needed,
        needed_range=needed_range,
    )


def _decide_setting(setting: Setting, levels: SettingLevels, claim_tested: bool) -> SettingVerdict:
    """Decide each part at the levels from which the word of the setting can be read."""
    a, a_against = levels.of_parts(max(len(setting.parts), 1))
    parts = tuple(_decide_part(part, a, a_against) for part in setting.parts)
    if not claim_tested or setting.untested_reason is not None:
        parts, word = tuple(map(_untested, parts)), SettingWord.UNTESTED
    else:
        word = word_of(part.verdict for part in parts)
    return SettingVerdict(
        setting.label, word, parts, levels.hold, levels.against, setting.untested_reason
    )


def _decide_part(part: Part, a: float, a_against: float) -> PartVerdict | UnionVerdict:
    if not isinstance(part, AnyOf):
        return decide(part, a, a_against)
    parts = tuple(decide(p, a / len(part.parts), a_against) for p in part.parts)
    verdicts = {p.verdict for p in parts}
    if Verdict.REPRODUCED in verdicts:
        verdict = Verdict.REPRODUCED
    elif verdicts == {Verdict.NOT_REPRODUCED}:
        verdict = Verdict.NOT_REPRODUCED
    else:
        verdict = Verdict.INCONCLUSIVE
    return UnionVerdict(part.label, verdict, *part_numbers(part), parts)


def _untested(part: PartVerdict | UnionVerdict) -> PartVerdict | UnionVerdict:
    """Show effects and intervals, and no verdict, not even on a part."""
    if isinstance(part, UnionVerdict):
        parts = tuple(replace(p, verdict=Verdict.NOT_TESTED, negligible=False) for p in part.parts)
        return replace(part, verdict=Verdict.NOT_TESTED, parts=parts)
    return replace(part, verdict=Verdict.NOT_TESTED, negligible=False)


def _negligible(settings: Sequence[SettingVerdict]) -> bool:
    """Whether something that a positive verdict rests on holds by less than its margin."""
    return any(
        part.negligible
        for setting in settings
        if setting.word in (SettingWord.HOLDS, SettingWord.SPLIT)
        for part in setting.parts
    )


_WHERE = {
    SettingWord.HOLDS: "holds at",
    SettingWord.SPLIT: "split at",
    SettingWord.AGAINST: "decided against at",
    SettingWord.OPEN: "open at",
}


def _where(settings: Sequence[SettingVerdict]) -> str:
    """Where a swept claim holds, is split, is decided against, is open and is not tested."""
    if len(settings) == 1:
        return ""
    found = []
    for word, words in _WHERE.items():
        if labels := [s.label for s in settings if s.word is word]:
            found.append(f"{words} {', '.join(labels)}")
    found += [
        f"not tested at {s.label}: {s.untested_reason}"
        for s in settings
        if s.word is SettingWord.UNTESTED
    ]
    return "; ".join(found)
