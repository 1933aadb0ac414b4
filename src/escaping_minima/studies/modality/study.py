"""What the study offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from escaping_minima.parts.study import Evidence, Study
from escaping_minima.studies.modality.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Records
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.parts.study import Tables
    from escaping_minima.plan.cells import PlannedCell


def _plan(settings: Settings) -> list[PlannedCell]:
    from escaping_minima.studies.modality.plan import plan_cells

    return plan_cells(settings)


def _tables() -> CollectedTables:
    from escaping_minima.studies.modality.collect import TABLES

    return TABLES


def _evidence() -> Evidence:
    from escaping_minima.studies.modality import evidence

    return evidence


def _derive(
    collected: Tables, records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    from escaping_minima.studies.modality.tables import derive

    return derive(collected, records)


def _value_names() -> Mapping[str, Mapping[str, str]]:
    from escaping_minima.studies.modality.names import (
        DATA_NAMES,
        METHOD_NAMES,
        ROLE_NAMES,
    )

    return {"data_set": DATA_NAMES, "role": ROLE_NAMES, "method": METHOD_NAMES}


STUDY = Study(
    name="modality",
    order=5,
    about="Loss surfaces of small networks on XOR and MNIST, sampled by gradient walks.",
    settings=Settings,
    plan=_plan,
    tables=_tables,
    evidence=_evidence,
    derive=_derive,
    value_names=_value_names,
    figures=(
        "figure_1",
        "zero_rules",
        "saturation",
        "figure_2",
        "figure_3",
        "attractors",
        "figure_4",
        "figure_5",
        "figure_6",
        "overlap",
        "courses",
    ),
)
