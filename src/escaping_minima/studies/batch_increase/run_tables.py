"""The collected tables of the study, and which of their cells the claims of a family rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.words import Words
from escaping_minima.studies.batch_increase.convergence import SHARED, times_to_common_level
from escaping_minima.studies.batch_increase.kept_curves import curves_of
from escaping_minima.studies.batch_increase.names import STRATEGY_NAMES
from escaping_minima.studies.batch_increase.probed import with_targets
from escaping_minima.studies.batch_increase.record_forms import (
    EXACT,
    SEEN_IN,
    compared_strategies,
    exact_epochs,
    main_forms,
)
from escaping_minima.studies.batch_increase.spread_tables import along_runs
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES, strategies

#: Where the sizes of the increase in other orders lie, by the role of the runs beside them.
ORDERS = {
    "main": "main_orders",
    "main_ladder": "main_orders",
    "sample": "sample_orders",
    "sample_ladder": "sample_orders",
}
#: Roles of probes, by the form of the sides that are looked up in them.
PROBES = {"spread": "spread", "flatness": "flatness"}


@dataclass(frozen=True)
class Arm:
    """The runs of one role and one horizon.

    Attributes
    ----------
    role : str
    epochs : int
    """

    role: str
    epochs: int


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
    further : Mapping of DataFrame
        Those of SEEN_IN that there are, by file name; see `_further`.
    forms : Mapping
        The form of the sides of a family's claims, by family; see `evidence.FORMS`.
    compared : Mapping
        The strategies that a family's claims compare, by family.
    forced : Arm or None
        The only one whose runs are looked at; by default each family has its own.
    found : dict
        What was looked up before.
    """

    cells: pd.DataFrame
    measures: pd.DataFrame
    curves: pd.DataFrame
    words: Words
    families: Mapping[str, Family]
    further: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    compared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    forced: Arm | None = None
    found: dict[Any, Any] = field(default_factory=dict)

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Index collected tables."""
        cells = tables["cells.csv"]
        return Tables(
            # an empty name comes back from a file as a missing one
            cells=with_targets(cells.assign(variant=cells["variant"].astype(object).fillna(""))),
            measures=tables["measures.parquet"].set_index(["cell", "seed"]).sort_index(),
            curves=curves_of(tables),
            words=records.words,
            families={family.id: family for family in records.families},
            further=_further(tables),
            forms=main_forms(records),
            compared=compared_strategies(records),
        )

    def at(self, arm: Arm) -> Tables:
        """Return the tables where the runs of one arm alone are looked at."""
        view = replace(self, forced=arm)
        # what was worked out of all runs once
        view.__dict__.update(arms=self.arms, _shared=self._shared)
        return view

    def role_cells(self, role: str) -> dict[str, str]:
        """Return the cells of a role's longest runs without variants: strategy -> cell."""
        arms = self.arms_of(role)
        return self.arms[arms[0]] if arms else {}

    def arms_of(self, role: str) -> list[Arm]:
        """Return the horizons of a role, the longest first."""
        return sorted((a for a in self.arms if a.role == role), key=lambda arm: -arm.epochs)

    @cached_property
    def arms(self) -> Mapping[Arm, dict[str, str]]:
        """The cells of each role and horizon without variants: strategy -> cell."""
        found: dict[Arm, dict[str, str]] = {}
        columns = ["role", "epochs", "strategy", "cell"]
        rows = self.cells.loc[self.cells["variant"] == "", columns]
        for role, epochs, strategy, cell in rows.itertuples(index=False, name=None):
            if role not in PROBES.values():
                found.setdefault(Arm(role, int(epochs)), {})[strategy] = cell
        return found

    def arm(self, family: Family) -> Arm | None:
        """Return whose runs a family rests on: the first of its roles that has what it asks for.

        Of a role that has several horizons it is the longest. The runs of section 4.5 are those of
        as many epochs as it has, in whichever role.
        """
        if self.forced is not None:
            return self.forced
        there = [arm for role in family.jobs for arm in self.arms_of(role)]
        form = self.forms.get(family.id, "measure")
        there = [arm for arm in there if self.has(form, arm)] or there
        if family.id in EXACT:
            epochs = exact_epochs(family)
            there.sort(key=lambda arm: arm.epochs != epochs)
        return there[0] if there else None

    def has(self, form: str, arm: Arm) -> bool:
        """Return whether the runs of an arm have what sides of a form are looked up in."""
        if form == "ordered":
            return self.orders(arm) is not None
        if form in PROBES:
            return not self.probes(form, arm).empty
        if form not in SEEN_IN:
            return True
        return not self._seen(form).isdisjoint(self.arms.get(arm, {}).values())

    def orders(self, arm: Arm) -> Arm | None:
        """Return the runs with the same sizes in other orders, None where there are none."""
        found = Arm(ORDERS.get(arm.role, ""), arm.epochs)
        return found if found in self.arms else None

    def probes(self, form: str, arm: Arm) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` of the probes of an arm's states."""
        cells = self.cells
        if "target_role" not in cells:
            return cells.iloc[:0]
        chosen = (cells["role"] == PROBES[form]) & (cells["target_role"] == arm.role)
        return cells[chosen & (cells["epochs"] == arm.epochs)]

    def family_cells(self, family: Family) -> dict[str, str]:
        """Return the cells of the runs that a family rests on: strategy -> cell."""
        arm = self.arm(family)
        return dict(self.arms.get(arm, {})) if arm else {}

    def family_rows(self, family: Family) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` that a family rests on; none where it has no data."""
        arm, form = self.arm(family), self.forms.get(family.id, "measure")
        if arm is None or not self.has(form, arm):
            return self.cells.iloc[:0]
        if form in PROBES:
            return self.probes(form, arm)
        chosen = dict(self.arms[arm])
        if form == "ordered" and (beside := self.orders(arm)):
            chosen |= self.arms[beside]
        if form in SEEN_IN:
            chosen = {s: cell for s, cell in chosen.items() if cell in self._seen(form)}
        rows = self.rows(chosen)
        return rows.assign(seeds=self._looked_at(rows)) if form == "deviation" else rows

    def _looked_at(self, rows: pd.DataFrame) -> list[int]:
        """Return of how many seeds of some cells batches are known: a probe reads some seeds."""
        return [self.of("deviation", cell)["seed"].nunique() for cell in rows["cell"]]

    def _seen(self, form: str) -> frozenset[str]:
        """Return the cells that the table of a form has."""
        key = ("seen", form)
        if key not in self.found:
            table = self.further.get(SEEN_IN[form])
            self.found[key] = frozenset() if table is None else frozenset(table["cell"].unique())
        seen: frozenset[str] = self.found[key]
        return seen

    def rows(self, chosen: Mapping[str, str]) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` of some cells."""
        return self.cells[self.cells["cell"].isin(list(chosen.values()))]

    def of(self, form: str, cell: str) -> pd.DataFrame:
        """Return the rows of a cell in the table of a form; none where there are none."""
        table = self.further.get(SEEN_IN[form])
        if table is None:
            return pd.DataFrame({"cell": [], "seed": []})
        key = ("by cell", form)
        if key not in self.found:
            self.found[key] = dict(list(table.groupby("cell", sort=False)))
        rows: pd.DataFrame = self.found[key].get(cell, table.iloc[:0])
        return rows

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
        for cells in self.arms.values():
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


def _further(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of SEEN_IN; what is known of batches along runs is one of them."""
    found = {name: tables[name] for name in SEEN_IN.values() if name in tables}
    along = along_runs(tables)
    return found | ({SEEN_IN["deviation"]: along} if len(along) else {})


def conditions_of(chosen: Mapping[str, str]) -> tuple[int, ...]:
    """Return the conditions (N2) all of whose strategies have a cell."""
    return tuple(n2 for n2 in FIXED_SIZES if all(s.name in chosen for s in strategies(n2)))
