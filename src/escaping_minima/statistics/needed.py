"""The number of replicates that an inconclusive claim names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escaping_minima.statistics.decision import q_value
from escaping_minima.statistics.evidence import Evidence
from escaping_minima.statistics.families import AnyOf, Part, Setting
from escaping_minima.statistics.judgements import SettingVerdict, SettingWord
from escaping_minima.statistics.power import replicates_needed

#: Power of all that is open together.
POWER = 0.8

_NO_SPREAD = "the replicates show no spread to say how many would decide"
_NO_NUMBER = "no practicable number of replicates decides at this margin"
_ENOUGH = (
    "the replicates at hand already have 80 percent power at the margin: "
    "the effect may lie between none and the margin"
)


@dataclass(frozen=True)
class NamedSize:
    """How many replicates would decide, in words and as a number or a range.

    Parameters
    ----------
    words : str
    number : int or None
    span : tuple of int or None
    """

    words: str
    number: int | None = None
    span: tuple[int, int] | None = None


def named_size(
    settings: Sequence[Setting], decided: Sequence[SettingVerdict], first_level: float, block: int
) -> NamedSize:
    """Name the replicates at which all that is open would be decided together.

    Each of K open parts gets a power of ``1 - 0.2 / K`` at its margin, which makes at least 80
    percent for all together, whatever the dependence. They are planned at the first level of the
    family where the whole claim can still be reproduced, else at the levels of their settings.

    Parameters
    ----------
    settings : sequence of Setting
        Of an inconclusive claim.
    decided : sequence of SettingVerdict
        The same, decided.
    first_level : float
        The level at which a claim is reproduced whatever becomes of the others: alpha / m.
    block : int
        Replicates come in whole blocks of this size.

    Returns
    -------
    NamedSize
    """
    whole = {s.word for s in decided} <= {SettingWord.HOLDS, SettingWord.OPEN}
    plans: list[list[tuple[Evidence, float]]] = []
    for setting, found in zip(settings, decided, strict=True):
        if found.word is SettingWord.OPEN:
            level = first_level if whole else found.level
            plans += [
                list(_statements(part, level))
                for part, verdict in zip(setting.parts, found.parts, strict=True)
                if verdict.p > level
            ]
    if not plans:
        return NamedSize("")
    power = 1.0 - (1.0 - POWER) / len(plans)
    return _largest([plan for part in plans for plan in part], power, block)


def _statements(part: Part, level: float) -> Iterator[tuple[Evidence, float]]:
    """Yield what must be planned for a part, each with its level.

    Of a union whichever statement is true must be seen, so the one that takes most counts; not one
    that is decided against.
    """
    if not isinstance(part, AnyOf):
        yield part, level
        return
    for statement in part.parts:
        if q_value(statement) > level:
            yield statement, level / len(part.parts)


def _largest(plans: Sequence[tuple[Evidence, float]], power: float, block: int) -> NamedSize:
    """Name the largest number of several; a range where for one of them only a range is known."""
    least, most, ranged = 0, 0, False
    for statement, level in plans:
        if not statement.can_plan:
            return NamedSize(_NO_SPREAD)
        ends = statement.plan_range or (statement, statement)
        low = replicates_needed(ends[0], level, power, block, minimum=least)
        high = replicates_needed(ends[1], level, power, block, minimum=most)
        if low is None or high is None:
            return NamedSize(_NO_NUMBER)
        if high > statement.replicate_count:
            least, most = max(least, low), max(most, high)
            ranged = ranged or statement.plan_range is not None
    if not most:
        return NamedSize(_ENOUGH)
    if ranged:
        return NamedSize(
            _words(f"{least:,} to {most:,}") + "; so few do not say it better", None, (least, most)
        )
    return NamedSize(_words(f"{most:,}"), most)


def _words(number: str) -> str:
    return f"80 percent power at the margin for all that is open takes {number} replicates"
