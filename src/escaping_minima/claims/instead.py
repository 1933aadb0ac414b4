"""What claims would be if other runs stood in place of the main ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from escaping_minima.claims.members import build_member
from escaping_minima.claims.records import Records
from escaping_minima.claims.source import Source
from escaping_minima.parts.study import Evidence
from escaping_minima.statistics.verdicts import judge_family


@dataclass(frozen=True)
class Alone:
    """How a claim is judged alone.

    Attributes
    ----------
    verdict : str
    words : Mapping of str to str
        "holds", "split", "against", "open" or "untested", by setting.
    """

    verdict: str
    words: Mapping[str, str]


def judge_alone(
    records: Records, evidence: Evidence, tables: Any, claims: Collection[str]
) -> dict[str, Alone]:
    """Judge claims alone, in their main reading.

    On tables in which other runs stand for the main ones, and on these themselves, the two say what
    changes. The level is the first of the family, alpha over the number of its claims: the other
    members, which these runs may not be part of, cost a claim what they cost at most.

    Parameters
    ----------
    records : Records
    evidence : Evidence
        The study's.
    tables : Any
        What the evidence looks numbers up in.
    claims : collection of str
        Identifiers; those that the records do not have are not judged.

    Returns
    -------
    dict of str to Alone
        By identifier. What a family needs is not asked: whether the main runs are enough says
        their own verdict.
    """
    families = {family.id: family for family in records.families}
    found = {}
    for claim in records.claims:
        if claim.id in claims:
            source = Source(records, families[claim.family], evidence, tables)
            member = build_member(claim, claim.readings[0], source)
            (judgement,) = judge_family([member], source.level, evidence.BLOCK)
            words = {setting.label: str(setting.word) for setting in judgement.settings}
            found[claim.id] = Alone(str(judgement.verdict), words)
    return found
