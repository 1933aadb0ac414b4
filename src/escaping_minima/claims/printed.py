"""What a paper's own numbers say of a record: one that they contradict is stricter than the paper.

Or the paper contradicts itself. Either way the record must say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from escaping_minima.claims.members import build_member
from escaping_minima.claims.records import Claim, Reading
from escaping_minima.claims.source import ALPHA, Source
from escaping_minima.statistics.decision import effect, in_favour, is_against, tail_of
from escaping_minima.statistics.evidence import Evidence
from escaping_minima.statistics.families import AnyOf, Member


def printed_says(claim: Claim, reading: Reading, source: Source) -> dict[str, Any] | None:
    """Feed a paper's printed numbers through a reading, as if they were a run's.

    Parameters
    ----------
    claim : Claim
    reading : Reading
    source : Source

    Returns
    -------
    dict or None
        ``parts``, how many there are numbers for, and ``against``, those that these contradict:
        each with ``label``, ``effect`` (positive in favour), ``unit`` and ``beyond_error``, whether
        it is surely on the wrong side at 5 percent, so that the paper's own sampling error does not
        explain it. None where nothing is printed.
    """
    tables = source.study.printed_tables(source.records)
    if tables is None:
        return None
    # whose runs are the same is not printed, so no side can be seen to do what its base does
    whole = replace(reading, idle=None, pool_below=None)
    parts = list(_tested(build_member(claim, whole, replace(source, tables=tables))))
    if not parts:
        return None
    return {"parts": len(parts), "against": [_record(p, claim) for p in parts if _contradicts(p)]}


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
