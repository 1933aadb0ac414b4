"""What the study offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from escaping_minima.parts.study import Evidence, Study
from escaping_minima.studies.batch_increase.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Records
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.parts.study import Tables
    from escaping_minima.plan.cells import PlannedCell


def _plan(settings: Settings) -> list[PlannedCell]:
    from escaping_minima.studies.batch_increase.plan import plan_cells

    return plan_cells(settings)


def _tables() -> CollectedTables:
    from escaping_minima.studies.batch_increase.collect import TABLES

    return TABLES


def _evidence() -> Evidence:
    from escaping_minima.studies.batch_increase import evidence

    return evidence


def _derive(
    collected: Tables, records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    from escaping_minima.studies.batch_increase.tables import derive

    return derive(collected, records)


def _beside(derived: Tables) -> Mapping[str, str]:
    from escaping_minima.studies.batch_increase.horizon_words import beside

    return beside(derived)


def _value_names() -> Mapping[str, Mapping[str, str]]:
    from escaping_minima.studies.batch_increase.names import (
        METHOD_NAMES,
        ROLE_NAMES,
        STRATEGY_NAMES,
    )

    return {"strategy": STRATEGY_NAMES, "method": METHOD_NAMES, "role": ROLE_NAMES}


STUDY = Study(
    name="batch_increase",
    order=2,
    about="A batch size that grows during training against fixed ones, on MNIST.",
    settings=Settings,
    plan=_plan,
    tables=_tables,
    evidence=_evidence,
    derive=_derive,
    beside=_beside,
    value_names=_value_names,
    shows_all=True,
    figures=(
        *("figure_1", "figure_2", "figure_3", "annealing_curve"),
        *("figure_4", "variance_by_size", "normality_by_size", "noise_split"),
        *("figure_5", "figure_6", "figure_7", "figure_8", "differences", "equal_updates"),
        *("horizon_curves", "horizon_batches", "horizon_mesh", "orders"),
        *("section_4_5", "weights", "figure_9", "figure_10", "figure_11", "figure_12"),
        *("flatness", "rescaling", "loss_slices", "sgd_control"),
    ),
)
