"""What a paper's own numbers say of a record: one that they contradict is stricter than the paper.

Or the paper contradicts itself. Either way the record must say so. Where the paper prints its
single runs they are replicates like ours, and the record has a verdict on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from escaping_minima.claims.members import build_member
from escaping_minima.claims.part_records import setting_record
from escaping_minima.claims.records import Claim, Reading
from escaping_minima.claims.source import ALPHA, Source
from escaping_minima.statistics.decision import effect, in_favour, is_against, tail_of
from escaping_minima.statistics.evidence import Evidence
from escaping_minima.statistics.families import AnyOf, Member
from escaping_minima.statistics.judgements import Judgement
from escaping_minima.statistics.verdicts import judge_family


@dataclass(frozen=True)
class Printed:
    """A paper's printed numbers as if they were a run's.

    Attributes
    ----------
    source : Source
        With the printed numbers as its tables.
    main : tuple of Member
        The claims of the family in their main readings.
    """

    source: Source
    main: tuple[Member, ...]


def printed_main(source: Source) -> Printed | None:
    """Return the claims of a family on the paper's own numbers; None where it prints none.

    Parameters
    ----------
    source : Source
        Of the run.
    """
    tables = source.study.printed_tables(source.records)
    if tables is None:
        return None
    printed = replace(source, tables=tables)
    claims = source.records.members(source.family.id)
    return Printed(printed, tuple(_member(c, c.readings[0], printed) for c in claims))


def printed_says(claim: Claim, reading: Reading, printed: Printed) -> dict[str, Any] | None:
    """Feed a paper's printed numbers through a reading, as if they were a run's.

    Parameters
    ----------
    claim : Claim
    reading : Reading
    printed : Printed
        Of the claim's family.

    Returns
    -------
    dict or None
        ``parts``, how many there are numbers for, and ``against``, those that these contradict:
        each with ``label``, ``effect`` (positive in favour), ``unit`` and ``beyond_error``, whether
        it is surely on the wrong side at 5 percent, so that the paper's own sampling error does not
        explain it. ``judged`` is the verdict on these numbers, in the family with its other claims
        as they are printed: ``verdict`` and ``settings``, as of a run. It is None where some of
        what the reading asks for is not printed, or is printed of a single run. None where nothing
        is printed.
    """
    member = _member(claim, reading, printed.source)
    parts = list(_tested(member))
    if not parts:
        return None
    judged = _judge(member, printed) if _is_of_several_runs(member) else None
    return {
        "parts": len(parts),
        "against": [_record(p, claim) for p in parts if _contradicts(p)],
        "judged": judged
        and {
            "verdict": str(judged.verdict),
            "settings": [setting_record(claim, setting) for setting in judged.settings],
        },
    }


def _member(claim: Claim, reading: Reading, source: Source) -> Member:
    # whose runs are the same is not printed, so no side can be seen to do what its base does
    return build_member(claim, replace(reading, idle=None, pool_below=None), source)


def _judge(member: Member, printed: Printed) -> Judgement:
    members = [member if m.id == member.id else m for m in printed.main]
    place = [m.id for m in members].index(member.id)
    return judge_family(members, ALPHA, printed.source.study.BLOCK)[place]


def _is_of_several_runs(member: Member) -> bool:
    """Whether all that a reading asks for is printed, of two runs or more."""
    parts = [one for part in _tested(member) for one in _comparisons(part)]
    whole = member.why_untested is None and all(s.untested_reason is None for s in member.settings)
    return whole and all(part.replicate_count > 1 for part in parts)


def _comparisons(part: Evidence | AnyOf) -> tuple[Evidence, ...]:
    return part.parts if isinstance(part, AnyOf) else (part,)


def _tested(member: Member) -> Iterator[Evidence | AnyOf]:
    for setting in member.settings:
        if setting.untested_reason is None:
            yield from setting.parts


def _contradicts(part: Evidence | AnyOf) -> bool:
    """Whether the number itself lies where the part is false, whatever its error."""
    if isinstance(part, AnyOf):
        return all(map(_contradicts, part.parts))
    found = effect(part)
    return abs(found) >= part.margin if part.direction == "equal" else found <= 0.0


def _surely_contradicts(part: Evidence | AnyOf) -> bool:
    """Whether the number lies where the part is false by more than its own sampling error.

    An order that is surely smaller than its margin is decided against and may be true all the same,
    so here its effect must surely be below 0.
    """
    if isinstance(part, AnyOf):
        return all(map(_surely_contradicts, part.parts))
    if part.direction == "equal":
        return is_against(part, ALPHA)
    tail = tail_of(part.direction, ALPHA)
    return in_favour(part, part.difference_bounds(tail))[1] < 0.0


def _record(part: Evidence | AnyOf, claim: Claim) -> dict[str, Any]:
    nearest = max(part.parts, key=effect) if isinstance(part, AnyOf) else part
    return {
        "label": part.label,
        "effect": round(nearest.scale * effect(nearest), 2),
        "unit": nearest.unit or claim.unit,
        "beyond_error": _surely_contradicts(part),
    }
