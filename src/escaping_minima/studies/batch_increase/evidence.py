"""What the sides of the claims' records are in the collected tables."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import Values, differences
from escaping_minima.claims.words import unmet_need
from escaping_minima.parts.study import SideForm
from escaping_minima.studies.batch_increase.gpu_hours import missing_hours, say_hours
from escaping_minima.studies.batch_increase.mesh import SWEEP
from escaping_minima.studies.batch_increase.names import MEASURE_NAMES, PLACES, condition_name
from escaping_minima.studies.batch_increase.printed import load_printed
from escaping_minima.studies.batch_increase.record_forms import (
    EXACT,
    compared_strategies,
    exact_epochs,
    main_forms,
)
from escaping_minima.studies.batch_increase.run_tables import Tables, conditions_of
from escaping_minima.studies.batch_increase.side_values import by_seed, count_different, side_values
from escaping_minima.studies.batch_increase.side_words import (
    CELL_NAMES,
    DEVIATION_NAMES,
    FLATNESS_NAMES,
    ORDERED_NAMES,
    REACH_NAMES,
    RULE_NAMES,
    RUNS,
    SPREAD_NAMES,
    say_number,
    say_runs,
    say_side,
    say_state,
)
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES, SECTION_4_5, strategies

__all__ = [
    "BLOCK",
    "DIFFER",
    "FORMS",
    "SIDES",
    "Tables",
    "conditions_of",
    "count_differing",
    "leave_one_out",
    "missing_needs",
    "paired_differences",
    "printed_tables",
    "say_number",
    "say_runs",
    "say_setting",
    "say_side",
    "values",
    "varies",
]

#: Runs in a block.
BLOCK = 1

#: What seeds do whose counts of cells are not both at their bounds; see
#: `mesh_sides.count_told`.
DIFFER = "tell which count is larger beside"

_WHOSE = ("run", "condition")
#: What a side may name.
SIDES: Mapping[str, Collection[Any] | None] = {
    "measure": MEASURE_NAMES,
    "ordered": ORDERED_NAMES,
    "spread": SPREAD_NAMES,
    "deviation": DEVIATION_NAMES,
    "flatness": FLATNESS_NAMES,
    "cells": CELL_NAMES,
    "cells_over": ("all",),
    "count": ("parameters",),
    "run": RUNS,
    "to": PLACES,
    "condition": tuple(FIXED_SIZES),
    "state": None,
    "size": None,
    "mode": ("training", "inference"),
    "replacement": (0, 1),
    "image_set": (1, 2),
    "sections": SWEEP,
    "t1": None,
    "below": None,
    "rule": RULE_NAMES,
    "reach": REACH_NAMES,
}
#: The forms of a side.
FORMS: Mapping[str, SideForm] = {
    "measure": SideForm(_WHOSE),
    "ordered": SideForm(_WHOSE),
    "spread": SideForm((*_WHOSE, "state"), ("size", "mode", "replacement")),
    "deviation": SideForm(_WHOSE, ("mode",)),
    "flatness": SideForm(_WHOSE, ("image_set",)),
    "cells": SideForm((*_WHOSE, "sections"), ("t1", "below", "rule", "reach")),
    "cells_over": SideForm((*_WHOSE, "sections", "to")),
    "count": SideForm(()),
}
#: What each form depends on of what claims are swept over.
_VARIES: Mapping[str, tuple[str, ...]] = {
    "state": ("spread",),
    "sections": ("cells", "cells_over"),
}


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do.

    The reason says how long a GPU would take for the runs that are missing: see `missing_hours`.
    """
    rows = tables.family_rows(family)
    if (unmet := _unmet(family, rows, tables)) is not None:
        return f"{unmet}{_hours(family, rows, tables)}"
    if "epochs" in family.needs and (lost := tables.diverged(tables.family_cells(family))):
        return f"diverged: {'; '.join(lost)}"
    return None


def _hours(family: Family, rows: pd.DataFrame, tables: Tables) -> str:
    form = tables.forms.get(family.id, "measure")
    hours = missing_hours(family, tables.compared.get(family.id, ()), form, rows)
    return f" (lacks {say_hours(hours)} GPU hours)" if hours else ""


def _unmet(family: Family, rows: pd.DataFrame, tables: Tables) -> str | None:
    if rows.empty:
        return "this run has none of the runs that it rests on"
    unmet = unmet_need(family.needs, rows, tables.words)
    if unmet is not None:
        return unmet
    if family.id in EXACT and (rows["epochs"] != exact_epochs(family)).any():
        epochs = exact_epochs(family)
        return f"scale: needs runs of {epochs} epochs, this run has {rows['epochs'].max()}"
    return None


def leave_one_out(
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Yield the tables without each seed, where there are several."""
    seeds = sorted(tables["measures.parquet"]["seed"].unique())
    named = [name for name, table in tables.items() if "seed" in table]
    for seed in seeds if len(seeds) > 1 else ():
        left = {name: tables[name][tables[name]["seed"] != seed] for name in named}
        yield f"seed {seed}", {**tables, **left}


def printed_tables(records: Records) -> Tables:
    """Return what the paper prints of its runs of section 4.5, as if each were one of ours.

    The ends of all weights, which it gives for all strategies, the number of weights, and the
    epoch about which the fixed sizes begin to overfit. All else is in curves without numbers.

    Parameters
    ----------
    records : Records
    """
    printed = load_printed(records.source)
    ends = {"min": printed.least, "max": printed.largest}
    known = {f"{what}_{end}": v for what in ("parameter", "weight") for end, v in ends.items()}
    lowest = dict.fromkeys(("smooth_min_epoch", "min_test_loss_epoch"), printed.overfitting)
    runs = [
        dict.fromkeys(MEASURE_NAMES, math.nan)
        | {"cell": s.name, "seed": 0, "diverged": 0.0, **known}
        | (lowest if s.first == s.last else {})
        for s in strategies(SECTION_4_5)
    ]
    cells = pd.DataFrame({"cell": [run["cell"] for run in runs]})
    return Tables(
        cells=cells.assign(
            role="section_4_5",
            variant="",
            strategy=cells["cell"],
            epochs=printed.epochs,
            parameters=printed.parameters,
        ),
        measures=pd.DataFrame(runs).set_index(["cell", "seed"]),
        curves=pd.DataFrame(columns=["cell", "seed", "train_loss_level", "epoch", "updates"]),
        words=records.words,
        families={family.id: family for family in records.families},
        forms=main_forms(records),
        compared=compared_strategies(records),
    )


def varies(side: Side, sweep: str) -> bool:
    """Return whether a side depends on what is swept: all do on the condition but a count."""
    forms = _VARIES.get(sweep, tuple(form for form in FORMS if form != "count"))
    return any(form in side for form in forms)


def values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is in every run of its strategy, by seed.

    See `escaping_minima.studies.batch_increase.side_values.side_values`.

    Raises
    ------
    MissingRunsError
        If the tables have none of these runs.
    """
    return side_values(side, family, tables)


def count_differing(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return of how many seeds two sides differ, and how many both have."""
    return count_different(side, base, family, tables)


def say_setting(sweep: str, point: Any) -> str:
    """Say a setting of a sweep."""
    if sweep == "condition":
        return condition_name(point)
    return say_state(point) if sweep == "state" else f"C = {point}"


def paired_differences(
    left: pd.Series[float], right: pd.Series[float], ratio: bool
) -> tuple[float, ...]:
    """Return the differences of the runs of each seed.

    Parameters
    ----------
    left, right : Series of float
        A measure by seed.
    ratio : bool
        Take 100 ln(left / right) instead, in percent.

    Returns
    -------
    tuple of float
        By seed; seeds without both values are left out.
    """
    found = differences(by_seed(left), by_seed(right), ratio)
    return tuple(float(value) for value in found[np.isfinite(found)])
