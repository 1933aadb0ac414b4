"""Judge the claims of a study on its collected tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from escaping_minima.claims.members import build_member
from escaping_minima.claims.part_records import setting_record
from escaping_minima.claims.printed import printed_main, printed_says
from escaping_minima.claims.reach import reachable
from escaping_minima.claims.records import Claim, Family, Reading, Records, load_records
from escaping_minima.claims.source import ALPHA, Source
from escaping_minima.parts.studies import find_study
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.families import Member
from escaping_minima.statistics.judgements import Judgement
from escaping_minima.statistics.verdicts import judge_family


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
    found = evidence.Tables.build(tables, records)
    chosen = [f for f in records.families if families is None or f.id in families]
    judged = {
        record["id"]: record
        for family in chosen
        for record in _judge_family(Source(records, family, evidence, found))
    }
    return [judged[c.id] for c in records.claims if c.id in judged]


def _judge_family(source: Source) -> list[dict[str, Any]]:
    records, family, study = source.records, source.family, source.study
    claims = records.members(family.id)
    main = main_members(source)
    verdicts = judge_family(main, ALPHA, study.BLOCK)
    printed = printed_main(source)
    out = []
    for index, claim in enumerate(claims):
        judged = [verdicts[index]]
        for other in claim.readings[1:]:
            members = list(main)
            members[index] = _member(claim, other, source)
            judged.append(judge_family(members, ALPHA, study.BLOCK)[index])
        readings = [
            _reading_record(claim, reading, judgement)
            | {"printed_says": printed_says(claim, reading, printed) if printed else None}
            for reading, judgement in zip(claim.readings, judged, strict=True)
        ]
        tested = verdicts[index].verdict is not Verdict.NOT_TESTED
        out.append(
            _claim_record(records, family, claim, verdicts[index], readings)
            | {"can_reach": reachable(claim, source) if tested else None}
        )
    return out


def main_members(source: Source) -> list[Member]:
    """Return the claims of a family in their main readings, in the order of their records."""
    claims = source.records.members(source.family.id)
    return [_member(claim, claim.readings[0], source) for claim in claims]


def _member(claim: Claim, reading: Reading, source: Source) -> Member:
    member = build_member(claim, reading, source)
    needing = replace(source.family, needs={**source.family.needs, **claim.needs})
    reason = source.study.missing_needs(needing, source.tables)
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
        "kind": claim.kind,
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
        "needs": {
            records.words.column(k): least for k, least in {**family.needs, **claim.needs}.items()
        },
        "swept": records.words.plural(claim.swept) if claim.swept else None,
        "paper_test": claim.paper_test,
        "figure": claim.figure,
        "hash": claim.hash,
        "verdict": str(judgement.verdict),
        "readings": readings,
    }


def _reading_record(claim: Claim, reading: Reading, judgement: Judgement) -> dict[str, Any]:
    level, level_against = judgement.levels
    rank, rank_against = judgement.ranks
    return {
        "name": reading.name,
        "verdict": str(judgement.verdict),
        "p": judgement.p,
        "q": judgement.q,
        "level": level,
        "level_against": level_against,
        "rank": rank,
        "rank_against": rank_against,
        "family_size": judgement.m,
        "negligible": judgement.negligible,
        "holds_at": list(judgement.holds_at),
        "against_at": list(judgement.against_at),
        "split_at": list(judgement.split_at),
        "open_at": list(judgement.open_at),
        "untested_at": list(judgement.untested_at),
        "left_out": [list(pair) for pair in judgement.left_out],
        "reason": judgement.reason,
        "needed": judgement.needed,
        "needed_range": list(judgement.needed_range) if judgement.needed_range else None,
        "settings": [setting_record(claim, s) for s in judgement.settings],
    }
