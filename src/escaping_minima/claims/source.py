"""Where the numbers of a claim come from, and how its parts are said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from escaping_minima.claims.checks import found_allowed
from escaping_minima.claims.grammar import Part, Side
from escaping_minima.claims.records import Claim, Family, Records
from escaping_minima.parts.study import Evidence as StudyEvidence

#: Family-wise error rate of every family.
ALPHA = 0.05
_SIGNS = {">=": "≥", "<=": "≤"}


@dataclass(frozen=True)
class Source:
    """Where the numbers of a family's claims come from.

    Attributes
    ----------
    records : Records
    family : Family
    study : Evidence
        What the study says of sides.
    tables : Any
        What the study looks numbers up in.
    whole : Any, optional
        The tables of the whole run, where `tables` lack some of its replicates. What is compared
        (the median of runs or their mean) is chosen by these.
    """

    records: Records
    family: Family
    study: StudyEvidence
    tables: Any
    whole: Any = None

    @property
    def level(self) -> float:
        """The family's first level: alpha over the number of its claims."""
        return ALPHA / len(self.records.members(self.family.id))


def check_side(side: Side, claim: Claim, study: StudyEvidence) -> None:
    """Refuse a side that names what the study does not know.

    Raises
    ------
    UserError
        Naming the claim and the key.
    """
    where = f"claim {claim.id} of {claim.source}"
    for key, value in side.items():
        if key not in study.SIDES:
            raise found_allowed(where, "a side", key, ", ".join(study.SIDES))
        allowed = study.SIDES[key]
        if allowed is not None and value not in allowed:
            raise found_allowed(where, key, value, ", ".join(map(str, allowed)))


def say_part(part: Part, claim: Claim, source: Source) -> str:
    """Say a part: left, relation, and what the right has that the left has not."""
    study, relation = source.study, _SIGNS.get(part.relation, part.relation)
    left = study.say_side(part.left, None)
    if isinstance(part.right, float):
        return f"{left} {relation} {study.say_number(part.right, part.left)}"
    allowed = ""
    if part.within_margin:
        # 100 ln of a ratio near 1 is its difference from 1 in percent
        unit = "percent" if part.compared == "ratio" else part.unit or claim.unit
        allowed = f", within {part.margin:g} {unit}"
    return f"{left} {relation} {study.say_side(part.right, part.left)}{allowed}"
