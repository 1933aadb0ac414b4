"""What the sides of the claims' records are in the collected tables."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import MissingRunsError, Values, differences
from escaping_minima.claims.words import Words, unmet_need
from escaping_minima.errors import UserError
from escaping_minima.parts.study import SideForm
from escaping_minima.studies.batch_increase.convergence import SHARED, times_to_common_level
from escaping_minima.studies.batch_increase.names import (
    MEASURE_NAMES,
    PLACES,
    RATIOS,
    STRATEGY_NAMES,
    condition_name,
    strategy_at,
)
from escaping_minima.studies.batch_increase.printed import load_printed
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES, SECTION_4_5, strategies

__all__ = [
    "BLOCK",
    "FORMS",
    "SIDES",
    "Tables",
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

#: What a side may name.
SIDES: Mapping[str, Collection[Any] | None] = {
    "measure": MEASURE_NAMES,
    "run": PLACES,
    "condition": tuple(FIXED_SIZES),
    "count": ("parameters",),
}
#: The forms of a side.
FORMS: Mapping[str, SideForm] = {
    "measure": SideForm(("run", "condition")),
    "count": SideForm(()),
}
#: The family whose claims are about runs of just so many epochs as it needs, not of more.
_EXACT_EPOCHS = "section-4.5"


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by role and strategy.

    Attributes
    ----------
    cells : DataFrame
    measures : DataFrame
        By cell and seed.
    curves : DataFrame
    words : Words
    families : Mapping
        By identifier.
    """

    cells: pd.DataFrame
    measures: pd.DataFrame
    curves: pd.DataFrame
    words: Words
    families: Mapping[str, Family]

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Index collected tables."""
        cells = tables["cells.csv"]
        return Tables(
            # an empty name comes back from a file as a missing one
            cells=cells.assign(variant=cells["variant"].astype(object).fillna("")),
            measures=tables["measures.parquet"].set_index(["cell", "seed"]).sort_index(),
            curves=tables["curves.parquet"],
            words=records.words,
            families={family.id: family for family in records.families},
        )

    def role_cells(self, role: str) -> dict[str, str]:
        """Return the cells of a role without variants: strategy -> cell."""
        return self._roles.get(role, {})

    @cached_property
    def _roles(self) -> Mapping[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        rows = self.cells.loc[self.cells["variant"] == "", ["role", "strategy", "cell"]]
        for role, strategy, cell in rows.itertuples(index=False, name=None):
            found.setdefault(role, {})[strategy] = cell
        return found

    def family_cells(self, family: Family) -> dict[str, str]:
        """Return the cells that a family rests on: of its first role that has what it needs.

        The runs of section 4.5 are those of as many epochs as it has, in whichever role.
        """
        there = [role for role in family.jobs if self.role_cells(role)]
        if family.id == _EXACT_EPOCHS:
            epochs = _exact_epochs(family)
            exact = set(self.cells.loc[self.cells["epochs"] == epochs, "role"])
            there.sort(key=lambda role: role not in exact)
        return self.role_cells(there[0]) if there else {}

    def rows(self, chosen: Mapping[str, str]) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` of some cells."""
        return self.cells[self.cells["cell"].isin(list(chosen.values()))]

    def values(self, cell: str, measure: str) -> pd.Series[float]:
        """Return a measure of a cell's runs, by seed."""
        return self.measures.loc[cell, measure].astype(float)

    def values_in(self, cell: str, measure: str, condition: int) -> pd.Series[float]:
        """Return a measure that may depend on the condition, by seed; NaN where a run has none."""
        if measure in SHARED:
            return self._shared[cell, condition][measure].reindex(self.measures.loc[cell].index)
        return self.values(cell, measure.replace("_at_equal_updates", f"_at_updates_{condition}"))

    @cached_property
    def _shared(self) -> Mapping[tuple[str, int], pd.DataFrame]:
        """By cell and condition: what rests on all strategies of the condition, by seed."""
        lost = self.measures.index[self.measures["diverged"] > 0]
        runs = pd.MultiIndex.from_frame(self.curves[["cell", "seed"]])
        whole = self.curves[~runs.isin(lost)]
        found: dict[tuple[str, int], pd.DataFrame] = {}
        for cells in self._roles.values():
            for n2 in conditions_of(cells):
                chosen = [cells[s.name] for s in strategies(n2)]
                times = times_to_common_level(whole, chosen).set_index("seed")
                found |= {(cell, n2): times[times["cell"] == cell] for cell in chosen}
        return found

    def diverged(self, chosen: Mapping[str, str]) -> list[str]:
        """Name the runs that diverged: strategy and seed."""
        found = []
        for strategy, cell in chosen.items():
            lost = self.values(cell, "diverged")
            found += [f"{STRATEGY_NAMES[strategy]}, seed {seed}" for seed in lost.index[lost > 0]]
        return found


def conditions_of(chosen: Mapping[str, str]) -> tuple[int, ...]:
    """Return the conditions (N2) all of whose strategies have a cell."""
    return tuple(n2 for n2 in FIXED_SIZES if all(s.name in chosen for s in strategies(n2)))


def _exact_epochs(family: Family) -> int:
    if "epochs" not in family.needs:
        raise UserError(f"claims.yaml: family {family.id}: needs: epochs: missing; add it")
    return family.needs["epochs"]


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do."""
    chosen = tables.family_cells(family)
    if not chosen:
        return "this run has none of the runs that it rests on"
    rows = tables.rows(chosen)
    unmet = unmet_need(family.needs, rows, tables.words)
    if unmet is not None:
        return unmet
    epochs = family.needs.get("epochs")
    if family.id == _EXACT_EPOCHS and (rows["epochs"] != epochs).any():
        return f"scale: needs runs of {epochs} epochs, this run has {rows['epochs'].max()}"
    if "epochs" in family.needs and (lost := tables.diverged(chosen)):
        return f"diverged: {'; '.join(lost)}"
    return None


def leave_one_out(
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Yield the tables without each seed, where there are several."""
    names = ("measures.parquet", "curves.parquet")
    seeds = sorted(tables[names[0]]["seed"].unique())
    for seed in seeds if len(seeds) > 1 else ():
        left = {name: tables[name][tables[name]["seed"] != seed] for name in names}
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
    )


def varies(side: Side, sweep: str) -> bool:
    """Return whether a side depends on the condition: all do but what follows from settings."""
    return "count" not in side


def values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is in every run of its strategy, by seed.

    Parameters
    ----------
    side : Mapping
        With ``measure``, ``run`` and ``condition``, or with ``count``, a column of ``cells.csv``
        that follows from the settings.
    family : Family
        Which decides on whose cells its claims rest.
    tables : Tables

    Raises
    ------
    MissingRunsError
        If the tables have none of these runs.
    """
    chosen = tables.family_cells(family)
    if "count" in side:
        counts = tables.rows(chosen)[side["count"]].unique().astype(float)
        return Values(counts, np.arange(len(counts)), "cells", known=True)
    condition = side["condition"]
    strategy = strategy_at(side["run"], condition)
    if condition not in conditions_of(chosen):
        raise MissingRunsError(f"this run lacks strategies of {condition_name(condition)}")
    return _by_seed(tables.values_in(chosen[strategy], side["measure"], condition))


def count_differing(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return how many seeds of two strategies differ in a measure, and how many both have."""
    differences_found = differences(
        values(side, family, tables), values(base, family, tables), ratio=False
    )
    both = differences_found[~np.isnan(differences_found)]
    return int((both != 0.0).sum()), len(both)


def say_runs(side: Side) -> str:
    """Say whose runs a side is about: a strategy's."""
    return STRATEGY_NAMES[strategy_at(side["run"], side["condition"])]


def say_setting(sweep: str, point: int) -> str:
    """Say a condition."""
    return condition_name(point)


def say_side(side: Side, beside: Side | None = None) -> str:
    """Say a side; beside another one only its strategy, which is all that differs."""
    if "count" in side:
        return f"{side['count']}"
    strategy = say_runs(side)
    if beside is not None:
        return strategy
    return f"{MEASURE_NAMES[side['measure']]}: {strategy}"


def say_number(number: float, side: Side) -> str:
    """Say a number that a side is compared with; 100 ln of a ratio as the ratio."""
    if side.get("measure") in RATIOS:
        return f"× {math.exp(number / 100):.3g}"
    return f"{number:,.10g}"


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
    found = differences(_by_seed(left), _by_seed(right), ratio)
    return tuple(float(value) for value in found[np.isfinite(found)])


def _by_seed(values: pd.Series[float]) -> Values:
    return Values(values.to_numpy(), values.index.to_numpy(), "seeds")
