"""From the comparisons of a family of claims to one verdict a claim.

A claim consists of settings (the values of a parameter that is swept; most claims have one), a
setting of parts, and all parts must hold: a claim's p-value is the largest of its parts, and the
family is corrected by Holm's procedure over its claims.

Whatever says "some" pays for it. At a claim's level `a`,

- it is *reproduced* if Holm's procedure rejects it, which implies that every part is reproduced
  at `a`;
- a setting is *decided against* if all its parts are not reproduced at `a`, or any one at `a`
  divided by the number of its parts;
- statements that hold in part, which stand although the claim as a whole failed ("some parts",
  "some settings"), are decided at the level of the first claim that failed, divided by the number
  of settings and of parts. So the family-wise level covers them too.

A claim with one setting is *partly* reproduced if some parts are and some are not. A claim with
several settings is so if it holds at some of them, which are named; the others are decided
against or open, and the reason says which. It is *not reproduced* if it is decided against at
every setting, also where single parts hold there: the setting verdicts show those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from escaping_minima.statistics.decision import decide, is_reproduced, p_value, verdict_at
from escaping_minima.statistics.evidence import Evidence, PartVerdict, Verdict
from escaping_minima.statistics.holm import HolmStep, holm
from escaping_minima.statistics.power import replicates_needed

__all__ = ["Judgement", "Member", "Setting", "SettingVerdict", "Verdict", "judge_family"]


@dataclass(frozen=True)
class Setting:
    """The parts of a claim at one value of a swept parameter.

    Parameters
    ----------
    label : str
        The value, as a reader knows it.
    parts : tuple of Evidence
        All of them must hold; at least one.

    Raises
    ------
    ValueError
        If there is no part.
    """

    label: str
    parts: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError(f"setting {self.label!r} has no parts")


@dataclass(frozen=True)
class Member:
    """A claim as a member of its family.

    Parameters
    ----------
    id : str
        The claim's name.
    settings : tuple of Setting
        One, or one for each value of a swept parameter. An untested claim may have none.
    untested_reason : str, optional
        Why the numbers at hand do not test the claim.

    Raises
    ------
    ValueError
        If a tested claim has no settings, or two settings share a label.
    """

    id: str
    settings: tuple[Setting, ...]
    untested_reason: str | None = None

    def __post_init__(self) -> None:
        if not self.settings and self.untested_reason is None:
            raise ValueError(f"claim {self.id!r} has nothing to decide and no reason for it")
        labels = [setting.label for setting in self.settings]
        if len(set(labels)) != len(labels):
            raise ValueError(f"claim {self.id!r} has two settings of one label: {labels}")


@dataclass(frozen=True)
class SettingVerdict:
    """The verdict at one setting.

    Parameters
    ----------
    label : str
        The setting.
    verdict : Verdict
        Verdict on its parts.
    parts : tuple of PartVerdict
        Each part, decided and shown at the claim's level `a`.
    against : bool
        Whether the conjunction of the parts is decided against: at least one does not hold. Can
        be true where the verdict on the parts is still open.
    """

    label: str
    verdict: Verdict
    parts: tuple[PartVerdict, ...]
    against: bool


@dataclass(frozen=True)
class Judgement:
    """The verdict on one claim, with what it rests on.

    Parameters
    ----------
    id : str
        The claim.
    verdict : Verdict
        The verdict.
    p : float
        Largest p-value of its parts; 1 for an untested claim.
    a : float
        Level at which it was decided.
    rank : int
        Its rank in Holm's procedure.
    m : int
        Size of the family.
    negligible : bool
        Reproduced wholly or partly, and where it holds at least one part by less than its margin.
    holds_at : tuple of str
        Labels of the settings at which all parts hold.
    settings : tuple of SettingVerdict
        The verdict at each setting, with each part.
    reason : str
        What a reader must know beside the verdict; may be empty.
    needed : int or None
        For an inconclusive claim, the replicates with 80 percent power at the margin for every
        part that is open; None with a reason where no number helps.
    """

    id: str
    verdict: Verdict
    p: float
    a: float
    rank: int
    m: int
    negligible: bool
    holds_at: tuple[str, ...]
    settings: tuple[SettingVerdict, ...]
    reason: str
    needed: int | None


def judge_family(
    members: Sequence[Member], alpha: float = 0.05, block: int = 500
) -> list[Judgement]:
    """Judge all claims of a family together.

    Parameters
    ----------
    members : sequence of Member
        The family, fixed beforehand. Untested members count, with p = 1.
    alpha : float
        Family-wise level.
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
    p_values = [_largest_p(member) for member in members]
    steps = holm(p_values, alpha)
    first_failure = min((step.a for step in steps if not step.rejected), default=alpha)
    return [
        _judge(member, p, step, len(members), min(step.a, first_failure), block)
        for member, p, step in zip(members, p_values, steps, strict=True)
    ]


def _largest_p(member: Member) -> float:
    if member.untested_reason is not None:
        return 1.0
    return max(p_value(part) for setting in member.settings for part in setting.parts)


def _judge(
    member: Member, p: float, step: HolmStep, m: int, in_part: float, block: int
) -> Judgement:
    needed: int | None = None
    if member.untested_reason is not None:
        verdict, reason = Verdict.NOT_TESTED, member.untested_reason
        settings = tuple(_untested(setting, step.a) for setting in member.settings)
    else:
        share = in_part / len(member.settings)
        settings = tuple(
            _decide_setting(setting, step.rejected, step.a, share) for setting in member.settings
        )
        verdict, reason = _verdict(settings), _reason(settings)
        if verdict is Verdict.INCONCLUSIVE:
            needed, why = _needed(member, share, block)
            held = "held back by a claim of smaller p-value that failed" if p <= step.a else ""
            reason = "; ".join(filter(None, (held, reason, why)))
    shown = (Verdict.REPRODUCED, Verdict.PARTLY)
    return Judgement(
        id=member.id,
        verdict=verdict,
        p=p,
        a=step.a,
        rank=step.rank,
        m=m,
        negligible=verdict in shown and any(part.negligible for part in _holding(settings)),
        holds_at=tuple(s.label for s in settings if s.verdict is Verdict.REPRODUCED),
        settings=settings,
        reason=reason,
        needed=needed,
    )


def _untested(setting: Setting, a: float) -> SettingVerdict:
    """Show effects and intervals, and no verdict, not even on a part."""
    parts = tuple(
        replace(decide(part, a), verdict=Verdict.NOT_TESTED, negligible=False)
        for part in setting.parts
    )
    return SettingVerdict(setting.label, Verdict.NOT_TESTED, parts, against=False)


def _decide_setting(
    setting: Setting, claim_reproduced: bool, a: float, in_part: float
) -> SettingVerdict:
    """Decide one setting: at `a` what concerns all parts, at `in_part` what survives a failure."""
    count = len(setting.parts)
    parts = tuple(decide(part, a) for part in setting.parts)
    # Looked up at the claim's level first: a wider interval may fall back on 0 and look like
    # evidence against what the shown one supports.
    failing = [
        comparison
        for comparison, part in zip(setting.parts, parts, strict=True)
        if part.verdict is Verdict.NOT_REPRODUCED
    ]
    all_against = len(failing) == count
    holding = _some(setting.parts, Verdict.REPRODUCED, in_part / count)
    if claim_reproduced or all(is_reproduced(part, in_part) for part in setting.parts):
        verdict = Verdict.REPRODUCED
    elif all_against:
        verdict = Verdict.NOT_REPRODUCED
    elif holding and _some(failing, Verdict.NOT_REPRODUCED, in_part / count):
        verdict = Verdict.PARTLY
    else:
        verdict = Verdict.INCONCLUSIVE
    against = all_against or _some(failing, Verdict.NOT_REPRODUCED, a / count)
    return SettingVerdict(setting.label, verdict, parts, against)


def _some(parts: Sequence[Evidence], verdict: Verdict, level: float) -> bool:
    return any(verdict_at(part, level) is verdict for part in parts)


def _verdict(settings: Sequence[SettingVerdict]) -> Verdict:
    if len(settings) == 1:
        return settings[0].verdict
    holds = [setting.verdict is Verdict.REPRODUCED for setting in settings]
    if all(holds):
        return Verdict.REPRODUCED
    if any(holds):
        return Verdict.PARTLY
    if all(setting.against for setting in settings):
        return Verdict.NOT_REPRODUCED
    return Verdict.INCONCLUSIVE


def _holding(settings: Sequence[SettingVerdict]) -> list[PartVerdict]:
    """Return what a positive verdict rests on: the parts of the settings at which it holds."""
    rests_on = [s for s in settings if len(settings) == 1 or s.verdict is Verdict.REPRODUCED]
    return [part for setting in rests_on for part in setting.parts]


def _reason(settings: Sequence[SettingVerdict]) -> str:
    """Where a swept claim holds, is decided against and is open."""
    if len(settings) == 1:
        return ""
    groups: dict[str, list[str]] = {"holds at": [], "decided against at": [], "open at": []}
    for setting in settings:
        if setting.verdict is Verdict.REPRODUCED:
            groups["holds at"].append(setting.label)
        else:
            groups["decided against at" if setting.against else "open at"].append(setting.label)
    return "; ".join(f"{name} {', '.join(labels)}" for name, labels in groups.items() if labels)


def _needed(member: Member, in_part: float, block: int) -> tuple[int | None, str]:
    """Replicates that would decide every open part, at the strictest level a verdict needs."""
    numbers: list[int] = []
    for setting in member.settings:
        level = in_part / len(setting.parts)
        for part in setting.parts:
            if verdict_at(part, level) is not Verdict.INCONCLUSIVE:
                continue
            so_far = max(numbers, default=0)
            number = replicates_needed(part, level, block=block, minimum=so_far)
            if number is None and not part.can_plan:
                return None, "the replicates show no spread to say how many would decide"
            if number is None:
                return None, "no practicable number of replicates decides at this margin"
            if number > part.replicate_count:
                numbers.append(number)
    if not numbers:
        return None, (
            "the replicates at hand already have 80 percent power at the margin: "
            "the effect may lie between none and the margin"
        )
    return max(numbers), f"80 percent power at the margin takes {max(numbers)} replicates"
