"""What the study offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from escaping_minima.parts.study import Evidence, Study
from escaping_minima.studies.populations.companions import COMPANIONS
from escaping_minima.studies.populations.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Records
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.parts.study import Tables
    from escaping_minima.plan.cells import PlannedCell


def _plan(settings: Settings) -> list[PlannedCell]:
    from escaping_minima.studies.populations.plan import plan_cells

    return plan_cells(settings)


def _tables() -> CollectedTables:
    from escaping_minima.studies.populations.collect import TABLES

    return TABLES


def _evidence() -> Evidence:
    from escaping_minima.studies.populations import evidence

    return evidence


def _derive(
    collected: Tables, records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    from escaping_minima.studies.populations.tables import derive

    return derive(collected, records)


def _value_names() -> Mapping[str, Mapping[str, str]]:
    from escaping_minima.studies.populations.names import METHOD_NAMES, ROLE_NAMES, TASK_NAMES

    return {
        "task": TASK_NAMES,
        "data_set": TASK_NAMES,
        "role": ROLE_NAMES,
        "method": METHOD_NAMES,
    }


STUDY = Study(
    name="populations",
    order=4,
    about="Populations of models on images and texts under eight optimisers.",
    settings=Settings,
    plan=_plan,
    tables=_tables,
    evidence=_evidence,
    derive=_derive,
    value_names=_value_names,
    figures=(
        "activity",
        "figure_4",
        "figure_4_all",
        "courses",
        "sets",
        "set_losses",
        "optimisers",
        "single_models",
        "error_rates",
        "monotonic",
    ),
    companions=COMPANIONS,
)
