"""Where the numbers of a claim come from, and how its parts are said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from escaping_minima.claims.checks import found_allowed
from escaping_minima.claims.grammar import LOGARITHMS, Part, Side
from escaping_minima.claims.records import Claim, Family, Reading, Records
from escaping_minima.errors import UserError
from escaping_minima.parts.study import Evidence as StudyEvidence
from escaping_minima.statistics.jackknife import BEST_OF

#: Family-wise error rate of every family.
ALPHA = 0.05
_SIGNS = {">=": "≥", "<=": "≤"}
#: What of a side is compared, where it is no value of single replicates.
_TOGETHER = {"spread": "spread of ", "best": f"best of {BEST_OF}, "}


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


def check_sides(claim: Claim, reading: Reading, source: Source) -> None:
    """Refuse a reading whose sides, bases or sweep the study does not know.

    Raises
    ------
    UserError
        Naming the claim and the key.
    """
    study, swept = source.study, reading.swept
    where = f"claim {claim.id} of {claim.source}"
    if swept is not None:
        if swept not in study.SIDES:
            raise found_allowed(where, "swept", swept, ", ".join(study.SIDES))
        for point in source.records.sweeps[swept]:
            _check_value(swept, point, study, where)
    for side in reading.sides:
        _check_side(side, swept, study, where)
        if reading.idle is not None:
            _check_side({**side, **reading.idle.base}, swept, study, f"{where}: idle: base")


def _check_side(side: Side, swept: str | None, study: StudyEvidence, where: str) -> None:
    for key, value in side.items():
        if key not in study.SIDES:
            raise found_allowed(where, "a side", key, ", ".join(study.SIDES))
        _check_value(key, value, study, where)
    measured = [key for key in side if key in study.FORMS]
    if len(measured) != 1:
        found = ", ".join(measured) or ", ".join(side)
        raise found_allowed(where, "a side", found, f"just one of {', '.join(study.FORMS)}")
    form, there = study.FORMS[measured[0]], f"{where}: a side with {measured[0]}"
    named = [*side] if swept is None else [*side, swept]
    for key in form.needs:
        if key not in named:
            raise UserError(f"{there}: {key}: missing; add it")
    for key in side:
        if key not in (measured[0], *form.needs, *form.may):
            raise found_allowed(there, "key", key, ", ".join((*form.needs, *form.may)))


def _check_value(key: str, value: Any, study: StudyEvidence, where: str) -> None:
    allowed = study.SIDES[key]
    if allowed is not None and value not in allowed:
        raise found_allowed(where, key, value, ", ".join(map(str, allowed)))


def say_part(part: Part, claim: Claim, source: Source) -> str:
    """Say a part: left, relation, and what the right has that the left has not."""
    study, relation = source.study, _SIGNS.get(part.relation, part.relation)
    left = _TOGETHER.get(part.compared, "") + study.say_side(part.left, None)
    if isinstance(part.right, float):
        return f"{left} {relation} {study.say_number(part.right, part.left)}"
    allowed = ""
    if part.within_margin:
        # 100 ln of a ratio near 1 is its difference from 1 in percent
        unit = "percent" if part.compared in LOGARITHMS else part.unit or claim.unit
        allowed = f", within {part.margin:g} {unit}"
    return f"{left} {relation} {study.say_side(part.right, part.left)}{allowed}"
