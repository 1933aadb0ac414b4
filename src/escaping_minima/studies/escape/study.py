"""What the study offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from escaping_minima.parts.study import Evidence, Study
from escaping_minima.studies.escape.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Records
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.parts.answer import Answer
    from escaping_minima.parts.study import Tables
    from escaping_minima.plan.cells import PlannedCell


def _plan(settings: Settings) -> list[PlannedCell]:
    from escaping_minima.studies.escape.plan import plan_cells

    return plan_cells(settings)


def _tables() -> CollectedTables:
    from escaping_minima.studies.escape.collect import TABLES

    return TABLES


def _evidence() -> Evidence:
    from escaping_minima.studies.escape import evidence

    return evidence


def _derive(
    collected: Tables, records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    from escaping_minima.studies.escape.tables import derive

    return derive(collected, records)


def _answers(verdicts: Mapping[str, str], tables: Tables) -> Sequence[Answer]:
    from escaping_minima.studies.escape.answers import answers

    return answers(verdicts, tables)


def _value_names() -> Mapping[str, Mapping[str, str]]:
    from escaping_minima.studies.escape.names import PROBLEM_NAMES, ROLE_NAMES, arm_names

    return {"problem": PROBLEM_NAMES, "role": ROLE_NAMES, "arm": arm_names(), "method": {}}


STUDY = Study(
    name="escape",
    order=6,
    about="Every method on every small problem: what gets a trainer out of a local minimum.",
    settings=Settings,
    plan=_plan,
    tables=_tables,
    evidence=_evidence,
    derive=_derive,
    value_names=_value_names,
    answers=_answers,
    figures=(
        "arena",
        "targets",
        "survival",
        "clouds",
        "stuck",
        "restarts",
        "reset",
        "batches",
        "widths",
        "saddles",
        "sources",
        "annealing",
        "metropolis",
        "attractors",
        "skips",
        "skip_training",
    ),
)
