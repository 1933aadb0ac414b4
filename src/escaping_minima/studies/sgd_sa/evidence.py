"""What the sides of the claims' records are in the collected tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family
from escaping_minima.claims.sides import MissingRunsError, Values, differences
from escaping_minima.claims.words import unmet_need
from escaping_minima.parts.study import SideForm
from escaping_minima.problems.network import BLOCK
from escaping_minima.studies.sgd_sa.gpu_hours import missing_hours
from escaping_minima.studies.sgd_sa.names import (
    MEASURE_NAMES,
    NETWORK_NAMES,
    ROLE_NAMES,
    RUN_NAMES,
    VARIANT_NAMES,
)
from escaping_minima.studies.sgd_sa.printed_tables import printed_tables
from escaping_minima.studies.sgd_sa.run_tables import Tables, say_whose
from escaping_minima.studies.sgd_sa.side_values import deviations, falls, match_training

__all__ = [
    "BLOCK",
    "FORMS",
    "SIDES",
    "Tables",
    "count_differing",
    "leave_one_out",
    "missing_needs",
    "printed_tables",
    "say_number",
    "say_runs",
    "say_setting",
    "say_side",
    "values",
    "varies",
]

#: Directions in words.
_DIRECTIONS = {"gradient": "gradient steps", "random": "random steps as long"}
#: What is asked of steps in a direction, in words.
_STEPS = {
    "falls": "that do not raise the loss (percent)",
    "large_falls": "that lower the loss by a tenth or more of the best gradient step (percent)",
}

#: What a side may name.
SIDES: Mapping[str, Collection[Any] | None] = {
    "measure": MEASURE_NAMES,
    "deviation": MEASURE_NAMES,
    "matched": ("gap",),
    "steps": _STEPS,
    "run": RUN_NAMES,
    "network": NETWORK_NAMES,
    "role": ROLE_NAMES,
    "variant": VARIANT_NAMES,
    "to": RUN_NAMES,
    "direction": _DIRECTIONS,
    "state": None,
}
#: The forms of a side.
FORMS: Mapping[str, SideForm] = {
    "measure": SideForm(("run", "network"), ("role", "variant")),
    "deviation": SideForm(("run", "network"), ("role", "variant")),
    "matched": SideForm(("run", "network", "to")),
    "steps": SideForm(("direction", "network", "state")),
}
#: Accuracy in percent of a network whose weights are lost, which says one of ten classes always.
_LOST = 10.0
_OF_LOST = ("last_test_accuracy", "last_train_accuracy")
#: Measures of an epoch that validation images chose, with the score that chose it.
_CHOSEN_BY = dict.fromkeys(
    ("chosen_test_accuracy", "chosen_test_loss"), "chosen_validation_accuracy"
)


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do.

    The reason says how long a GPU would take for the runs that are missing: see `missing_hours`.
    """
    rows = tables.rows(family)
    none = "this run has none of its runs"
    unmet = none if rows.empty else unmet_need(family.needs, rows, tables.words)
    return None if unmet is None else _with_hours(unmet, family, tables)


def leave_one_out(
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Yield the tables without each seed, where there are several."""
    seeds = sorted(tables["measures.parquet"]["seed"].unique())
    by_seed = [name for name, table in tables.items() if "seed" in table]
    for seed in seeds if len(seeds) > 1 else ():
        left = {name: tables[name][tables[name]["seed"] != seed] for name in by_seed}
        yield f"seed {seed}", {**tables, **left}


def varies(side: Side, sweep: str) -> bool:
    """Return whether a side depends on the state: only what is measured at states does."""
    return "steps" in side


def values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is in every run that it names, by seed.

    Parameters
    ----------
    side : Mapping
        With ``measure`` or ``deviation`` (`deviations` of a measure), ``run``, ``network`` and
        where it must be said ``role`` and ``variant``. With ``matched``, ``to``, ``run`` and
        ``network``: see `match_training`; of the run that others are matched to, its last gap.
        With ``steps``, ``direction``, ``network`` and ``state`` (percent of the epochs): see
        `falls`.
    family : Family
        Which decides on whose cells its claims rest.
    tables : Tables

    Raises
    ------
    MissingRunsError
        If the tables have none of these runs.
    """
    if "steps" in side:
        found = falls(tables.directions.loc[[tables.probe(side)]], side["direction"])
        return _by_seed(found[side["steps"]])
    try:
        seeds = tables.seeds(side, family)
    except MissingRunsError as missing:
        if side not in tables.sides[family.id]:
            raise
        # what the family's other claims rest on may be there all the same
        raise MissingRunsError(_with_hours(str(missing), family, tables)) from None
    if "matched" in side:
        return _by_seed(_matched(side, family, tables, seeds))
    name = side.get("measure", side.get("deviation"))
    cell = tables.cell(side, family)
    measured = _measured(tables, cell, str(name)).loc[seeds]
    if "deviation" in side:
        return _by_seed(deviations(measured))
    if name in _CHOSEN_BY:
        return _by_seed(measured, tables.values(cell, _CHOSEN_BY[name]).loc[seeds])
    return _by_seed(measured)


def count_differing(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return how many seeds of two sides differ, and how many both have."""
    found = differences(values(side, family, tables), values(base, family, tables), ratio=False)
    both = found[~np.isnan(found)]
    return int((both != 0.0).sum()), len(both)


def say_runs(side: Side) -> str:
    """Say whose runs a side is about."""
    if "steps" in side:
        return f"{_DIRECTIONS[side['direction']]}, {NETWORK_NAMES[side['network']]}"
    return say_whose(side)


def say_setting(sweep: str, point: int) -> str:
    """Say a state by when it was kept."""
    return f"{point} percent of the epochs"


def say_side(side: Side, beside: Side | None = None) -> str:
    """Say a side; beside another one only what of it differs."""
    words, others = _words(side), _words(beside) if beside is not None else {}
    differing = [said for key, said in words.items() if others.get(key) != said]
    if beside is None:
        what = words.pop("what")
        return f"{what}: {', '.join(words.values())}"
    return ", ".join(differing) or say_runs(side)


def say_number(number: float, side: Side) -> str:
    """Say a number that a side is compared with."""
    return f"{number:,.10g}"


def _words(side: Side) -> dict[str, str]:
    """Return what a side names in words, by key."""
    if "steps" in side:
        network = NETWORK_NAMES[side["network"]]
        steps = _DIRECTIONS[side["direction"]]
        return {"what": f"share of steps {_STEPS[side['steps']]}", "who": steps, "network": network}
    names = {"run": RUN_NAMES, "network": NETWORK_NAMES, "role": ROLE_NAMES}
    named = {**names, "variant": VARIANT_NAMES}
    who = {key: said[side[key]] for key, said in named.items() if key in side}
    return {"what": _what(side), **who}


def _what(side: Side) -> str:
    if "matched" in side:
        return f"training minus test accuracy when trained as well as {RUN_NAMES[side['to']]}"
    if "deviation" in side:
        return f"deviation from the median of {MEASURE_NAMES[side['deviation']]}"
    return MEASURE_NAMES[side["measure"]]


def _measured(tables: Tables, cell: str, name: str) -> pd.Series[float]:
    found = tables.values(cell, name)
    if name not in _OF_LOST:
        return found
    # a run that diverged has failed, and its network classifies by chance
    return found.mask(tables.values(cell, "diverged") > 0, _LOST)


def _with_hours(reason: str, family: Family, tables: Tables) -> str:
    """Add to why a claim is not tested how long the runs take that its family lacks."""
    hours = missing_hours(tables.sides[family.id], family, tables.cells)
    return f"{reason} (lacks {hours:.1f} GPU hours)"


def _matched(side: Side, family: Family, tables: Tables, seeds: list[int]) -> pd.Series[float]:
    cells = [tables.cell(one, family) for one in (side, {**side, "run": side["to"]})]
    if cells[0] == cells[1]:
        return tables.values(cells[0], side["matched"]).loc[seeds]
    run, to = (dict(iter(tables.curves.loc[[cell]].groupby("seed"))) for cell in cells)
    if missing := [seed for seed in seeds if seed not in to]:
        raise MissingRunsError(f"this run has no {RUN_NAMES[side['to']]} of seed {missing[0]}")
    return pd.Series({seed: match_training(run[seed], to[seed]).gap for seed in seeds}, dtype=float)


def _by_seed(values: pd.Series[float], chosen_by: pd.Series[float] | None = None) -> Values:
    by = None if chosen_by is None else chosen_by.to_numpy()
    return Values(values.to_numpy(), values.index.to_numpy(), "seeds", chosen_by=by)
