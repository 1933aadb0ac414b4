"""How near the verdicts of a study are to others, as records of its judged claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from escaping_minima.claims.judge import main_members
from escaping_minima.claims.members import build_member
from escaping_minima.claims.records import Claim, load_records
from escaping_minima.claims.source import ALPHA, Source
from escaping_minima.parts.studies import find_study
from escaping_minima.statistics.families import AnyOf, Member
from escaping_minima.statistics.nearness import LEVELS, MARGINS, Change, Nearness, nearness


def nearness_of_study(
    study: str, tables: Mapping[str, pd.DataFrame]
) -> dict[str, dict[str, Any] | None]:
    """Say of each claim of a study, in its main reading, how near its verdict is to another.

    Parameters
    ----------
    study : str
    tables : Mapping of str to DataFrame
        The collected tables, by file name.

    Returns
    -------
    dict
        By claim a record ready for JSON, None of a claim that is not tested: ``margin`` (the
        nearest other one: ``factor``, ``value`` in the claim's unit, None where its parts have
        margins of their own, and ``verdict``), ``level`` (``value`` and ``verdict``), both None
        where there is none in ``margins`` and ``levels`` (ends of what was looked at),
        ``margin_decides``, ``left_out`` (the replicates or blocks that were, each in turn) and
        ``without`` (those without which the verdict is another: ``name`` and ``verdict``).
    """
    records = load_records(study)
    evidence = find_study(study).evidence()
    whole = evidence.Tables.build(tables, records)
    others = {
        name: evidence.Tables.build(left, records) for name, left in evidence.leave_one_out(tables)
    }
    return {
        claim: record
        for family in records.families
        for claim, record in _of_family(Source(records, family, evidence, whole), others)
    }


def _of_family(
    source: Source, others: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    claims, members = source.records.members(source.family.id), main_members(source)
    without = {
        name: list(_again(claims, members, replace(source, tables=left, whole=source.tables)))
        for name, left in (others.items() if any(m.why_untested is None for m in members) else ())
    }
    found = nearness(members, without, ALPHA)
    for claim, member, near in zip(claims, members, found, strict=True):
        yield claim.id, _record(claim, member, near) if near else None


def _again(claims: Sequence[Claim], members: Sequence[Member], source: Source) -> Iterator[Member]:
    """Yield the claims of a family on other tables; their needs were asked of the whole ones."""
    for claim, member in zip(claims, members, strict=True):
        if member.why_untested is not None:
            yield member
        else:
            yield build_member(claim, claim.readings[0], source)


def _record(claim: Claim, member: Member, near: Nearness) -> dict[str, Any]:
    return {
        "margin": _margin(claim, member, near.margin) if near.margin else None,
        "margin_decides": near.margin_decides,
        "margins": list(MARGINS),
        "level": _changed("value", near.level) if near.level else None,
        "levels": list(LEVELS),
        "left_out": list(near.left_out),
        "without": [{"name": name, "verdict": str(verdict)} for name, verdict in near.without],
    }


def _margin(claim: Claim, member: Member, change: Change) -> dict[str, Any]:
    one = all(
        math.isclose(comparison.scale * comparison.margin, claim.margin)
        for setting in member.settings
        for part in setting.parts
        for comparison in (part.parts if isinstance(part, AnyOf) else (part,))
    )
    value = _three_digits(change.at * claim.margin) if one else None
    return {"value": value, **_changed("factor", change)}


def _changed(name: str, change: Change) -> dict[str, Any]:
    return {name: _three_digits(change.at), "verdict": str(change.verdict)}


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")
