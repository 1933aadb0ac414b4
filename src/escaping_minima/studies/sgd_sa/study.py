"""What the study offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from escaping_minima.parts.study import Evidence, Study
from escaping_minima.studies.sgd_sa.companions import COMPANIONS
from escaping_minima.studies.sgd_sa.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from escaping_minima.claims.records import Records
    from escaping_minima.collect.merging import CollectedTables
    from escaping_minima.parts.study import Tables
    from escaping_minima.plan.cells import PlannedCell


def _plan(settings: Settings) -> list[PlannedCell]:
    from escaping_minima.studies.sgd_sa.plan import plan_cells

    return plan_cells(settings)


def _tables() -> CollectedTables:
    from escaping_minima.studies.sgd_sa.collect import TABLES

    return TABLES


def _evidence() -> Evidence:
    from escaping_minima.studies.sgd_sa import evidence

    return evidence


def _derive(
    collected: Tables, records: Records
) -> tuple[dict[str, pd.DataFrame], list[dict[str, str]]]:
    from escaping_minima.studies.sgd_sa.tables import derive

    return derive(collected, records)


def _value_names() -> Mapping[str, Mapping[str, str]]:
    from escaping_minima.studies.sgd_sa.names import (
        DATA_SET_NAMES,
        METHOD_NAMES,
        NETWORK_NAMES,
        ROLE_NAMES,
        RUN_NAMES,
        VARIANT_NAMES,
    )

    return {
        "network": NETWORK_NAMES,
        "run": RUN_NAMES,
        "role": ROLE_NAMES,
        "variant": VARIANT_NAMES,
        "method": METHOD_NAMES,
        "data_set": DATA_SET_NAMES,
    }


STUDY = Study(
    name="sgd_sa",
    order=3,
    about="Simulated annealing inside SGD against scheduled rates, on CIFAR-10 and Fashion-MNIST.",
    settings=Settings,
    plan=_plan,
    tables=_tables,
    evidence=_evidence,
    derive=_derive,
    value_names=_value_names,
    figures=(
        "figure_4",
        "figure_4_vgg16",
        "figure_3",
        "acceptance",
        "effective_rate",
        "worsenings",
        "ablations",
        "equal_passes",
        "seed_sources",
        "figure_1",
        "figure_2",
        "gaps",
        "ssa_variants",
        "step_directions",
        "small",
        "small_moves",
    ),
    companions=COMPANIONS,
)
