"""Judge the claims of a study on its collected tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from escaping_minima.claims.records import Claim, Family, Reading, Records, load_records
from escaping_minima.parts.studies import find_study
from escaping_minima.parts.study import Evidence
from escaping_minima.statistics.evidence import PartVerdict
from escaping_minima.statistics.verdicts import Judgement, Member, judge_family

#: Family-wise error rate of every family.
ALPHA = 0.05
#: Decimals of a shown number, counted from the first digit of its margin.
_DIGITS = 4


def judge_study(
    study: str, tables: Mapping[str, pd.DataFrame], families: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Judge every claim of a study, or of some of its families.

    Every reading of a claim is judged with its family: the family's other members stand in their
    main reading. The first reading decides the claim.

    Parameters
    ----------
    study : str
    tables : Mapping of str to DataFrame
        The collected tables, by file name.
    families : sequence of str, optional
        All by default.

    Returns
    -------
    list of dict
        One record a claim, in the order of the records, ready for JSON.
    """
    records = load_records(study)
    evidence = find_study(study).evidence()
    sorted_tables = evidence.Tables.build(tables, records)
    chosen = [f for f in records.families if families is None or f.id in families]
    judged = {
        record["id"]: record
        for family in chosen
        for record in _judge_family(records, family, evidence, sorted_tables)
    }
    return [judged[c.id] for c in records.claims if c.id in judged]


def _judge_family(
    records: Records, family: Family, evidence: Evidence, tables: Any
) -> list[dict[str, Any]]:
    claims = records.members(family.id)
    reason = evidence.missing_needs(family, tables)
    main = [_member(c, c.readings[0], evidence, tables, reason) for c in claims]
    verdicts = judge_family(main, ALPHA, evidence.BLOCK)
    out = []
    for index, claim in enumerate(claims):
        readings = [_reading_record(claim, claim.readings[0], verdicts[index])]
        for other in claim.readings[1:]:
            members = list(main)
            members[index] = _member(claim, other, evidence, tables, reason)
            again = judge_family(members, ALPHA, evidence.BLOCK)[index]
            readings.append(_reading_record(claim, other, again))
        out.append(_claim_record(records, family, claim, verdicts[index], readings))
    return out


def _member(
    claim: Claim, reading: Reading, evidence: Evidence, tables: Any, reason: str | None
) -> Member:
    member = evidence.build_member(claim, reading, tables)
    return member if reason is None else replace(member, untested_reason=reason)


def _claim_record(
    records: Records,
    family: Family,
    claim: Claim,
    judgement: Judgement,
    readings: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "id": claim.id,
        "source": claim.source,
        "source_title": records.title,
        "location": claim.location,
        "statement": claim.statement,
        "printed": claim.printed,
        "family": family.id,
        "family_title": family.title,
        "estimand": claim.estimand,
        "unit": claim.unit,
        "margin": claim.margin,
        "margin_reason": claim.margin_reason,
        "replicates": records.words.replicates,
        "needs": {records.words.column(k): least for k, least in family.needs.items()},
        "swept": records.words.plural(claim.swept) if claim.swept else None,
        "figure": claim.figure,
        "hash": claim.hash,
        "verdict": str(judgement.verdict),
        "readings": readings,
    }


def _reading_record(claim: Claim, reading: Reading, judgement: Judgement) -> dict[str, Any]:
    return {
        "name": reading.name,
        "verdict": str(judgement.verdict),
        "p": judgement.p,
        "a": judgement.a,
        "rank": judgement.rank,
        "family_size": judgement.m,
        "negligible": judgement.negligible,
        "holds_at": list(judgement.holds_at),
        "reason": judgement.reason,
        "needed": judgement.needed,
        "settings": [
            {
                "label": s.label,
                "verdict": str(s.verdict),
                "against": s.against,
                "parts": [_part_record(claim, p) for p in s.parts],
            }
            for s in judgement.settings
        ],
    }


def _part_record(claim: Claim, part: PartVerdict) -> dict[str, Any]:
    margin = part.scale * part.margin
    return {
        "label": part.label,
        "verdict": str(part.verdict),
        "effect": _rounded(part.scale * part.effect, margin),
        "interval": [_rounded(part.scale * bound, margin) for bound in part.interval],
        "measured": _rounded(part.scale * part.measured, margin),
        "measured_interval": [
            _rounded(part.scale * bound, margin) for bound in part.measured_interval
        ],
        "direction": part.direction,
        "threshold": _rounded(part.scale * part.threshold, margin),
        "level": part.level,
        "p": part.p,
        "negligible": part.negligible,
        "unit": part.unit or claim.unit,
        "margin": _rounded(margin, margin),
    }


def _rounded(value: float, margin: float) -> float | None:
    """Round to what the margin makes worth reading; None, as in JSON, where it is infinite."""
    if not math.isfinite(value):
        return None
    # adding 0 turns -0 into 0
    return round(value, _DIGITS - math.floor(math.log10(margin))) + 0.0
