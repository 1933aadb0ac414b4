"""What the records of each family ask of the tables: which are looked up, and of whose runs."""

from __future__ import annotations

from collections.abc import Iterator

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.errors import UserError
from escaping_minima.studies.batch_increase.names import PLACES, strategy_at
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES

#: The families whose claims are about runs of just so many epochs as they need, not of more.
EXACT = frozenset(
    {"section-4.5", "figure-9", "figure-10", "figure-11", "figure-12", "search-range"}
)
#: The table that a form of a side is looked up in, where that is not the one of the measures.
SEEN_IN = {
    "deviation": "deviations.parquet",
    "cells": "visits.parquet",
    "cells_over": "mesh.parquet",
    "spread": "spreads.parquet",
    "flatness": "flatness.parquet",
}
#: Forms of sides that are there where all strategies of a condition are.
_OF_WHOLE_CONDITIONS = ("measure", "cells", "cells_over")


def exact_epochs(family: Family) -> int:
    """Return how many epochs the runs of a family have, no more and no fewer.

    Raises
    ------
    UserError
        If its record does not say.
    """
    if "epochs" not in family.needs:
        raise UserError(f"claims.yaml: family {family.id}: needs: epochs: missing; add it")
    return family.needs["epochs"]


def form_of(side: Side) -> str:
    """Return what a side is looked up by."""
    forms = ("measure", "ordered", *SEEN_IN, "count")
    return next(form for form in forms if form in side)


def main_forms(records: Records) -> dict[str, str]:
    """Return the form of the sides of each family's claims, by family.

    Families have their own runs, and what these must have recorded is asked of a family as a whole:
    of its claims all look it up alike, but where they count what every run has.
    """
    found: dict[str, str] = {}
    for family in records.families:
        for side in _main_sides(records, family):
            found.setdefault(family.id, form_of(side))
    return found


def compared_strategies(records: Records) -> dict[str, frozenset[str]]:
    """Return the strategies whose runs the main readings of each family's claims take, by family.

    Measures of curves and counts of cells are there where all strategies of a condition are.
    """
    return {
        family.id: frozenset(
            strategy_at(place, condition)
            for side in _main_sides(records, family)
            if "run" in side
            for condition in ([side["condition"]] if "condition" in side else FIXED_SIZES)
            for place in (PLACES if form_of(side) in _OF_WHOLE_CONDITIONS else [side["run"]])
        )
        for family in records.families
    }


def _main_sides(records: Records, family: Family) -> Iterator[Side]:
    for claim in records.members(family.id):
        yield from claim.readings[0].sides
