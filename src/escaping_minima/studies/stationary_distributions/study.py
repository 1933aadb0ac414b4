"""What the study offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from escaping_minima.parts.study import Evidence, Study
from escaping_minima.studies.stationary_distributions.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Records
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.parts.study import Tables
    from escaping_minima.plan.cells import PlannedCell


def _plan(settings: Settings) -> list[PlannedCell]:
    from escaping_minima.studies.stationary_distributions.plan import plan_cells

    return plan_cells(settings)


def _tables() -> CollectedTables:
    from escaping_minima.studies.stationary_distributions.collect import TABLES

    return TABLES


def _evidence() -> Evidence:
    from escaping_minima.studies.stationary_distributions import evidence

    return evidence


def _derive(
    collected: Tables, records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    from escaping_minima.studies.stationary_distributions.tables import derive

    return derive(collected, records)


def _value_names() -> Mapping[str, Mapping[str, str]]:
    from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES

    return {"function": FUNCTION_NAMES, "method": METHOD_NAMES}


STUDY = Study(
    name="stationary_distributions",
    order=1,
    about="Where every method ends, from many random starts on three synthetic functions.",
    settings=Settings,
    plan=_plan,
    tables=_tables,
    evidence=_evidence,
    derive=_derive,
    value_names=_value_names,
    figures=(
        "figure_1",
        "figure_2",
        "figure_3",
        "table_1",
        "else_split",
        "sweep",
        "paired",
        "exploration",
    ),
)
