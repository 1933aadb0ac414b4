"""The collected tables of the study, and which of their cells a side of a record is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import MissingRunsError
from escaping_minima.claims.words import Words
from escaping_minima.studies.populations.measures import (
    measure_runs,
    measure_sets,
    measure_singles,
)
from escaping_minima.studies.populations.names import (
    METHOD_NAMES,
    METHODS,
    ROLE_NAMES,
    TASK_NAMES,
    TRAJECTORIES,
)
from escaping_minima.studies.populations.scope import with_needs

#: Methods taken together, by what a side calls them: the mean of each trajectory over them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "all": METHODS,
    "all but SAM": tuple(method for method in METHODS if method != "sam"),
    "basin hopping": ("nig_bh", "nim_bh"),
    "no basin hopping": ("gd", "nig", "nim", "sam"),
    "first on images": ("gd", "nim", "sam"),
    "last on images": ("nig", "nig_bh", "nim_bh"),
    "first on texts": ("gd", "nim", "nim_bh"),
    "last on texts": ("nig", "sam", "nig_bh"),
}
#: What collected tables must have of runs; each may be absent, which is as if it had no rows.
_EPOCHS = (
    *("cell", "block", "epoch", "gradient_evaluations"),
    *("train_loss", "validation_score", "test_score"),
)
_ACTIVITY = ("cell", "block", "epoch", "same_as_sgd")
_CURVES = ("cell", "block", "gradient_evaluations", "loss")

#: Role, task and method.
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by side.

    Attributes
    ----------
    cells : DataFrame
        With what records need beside its own columns: see `with_needs`.
    values : DataFrame
        By cell, set and block: see `measure_sets`.
    singles : DataFrame
        By cell, rule and block: see `measure_singles`.
    runs : DataFrame
        By cell and block: see `measure_runs`.
    curves : DataFrame
        By cell and block: see `loss_at`.
    words : Words
    sides : Mapping
        The sides that the main readings of a family's claims name, by family.
    lacking : dict
        What was said so far of what families lack: that takes a plan of all runs.
    """

    cells: pd.DataFrame
    values: pd.DataFrame
    singles: pd.DataFrame
    runs: pd.DataFrame
    curves: pd.DataFrame
    words: Words
    sides: Mapping[str, Sequence[Side]]
    lacking: dict[str, str]

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Index collected tables."""
        cells = with_needs(tables["cells.csv"])
        epochs = _table(tables, "epochs.parquet", _EPOCHS)
        models = cells.set_index("cell")["models"].astype(int)
        activity = _table(tables, "activity.parquet", _ACTIVITY)
        return Tables(
            cells=cells,
            values=measure_sets(epochs, models),
            singles=measure_singles(epochs),
            runs=measure_runs(epochs, activity),
            curves=_table(tables, "curves.parquet", _CURVES).set_index(["cell", "block"]),
            words=records.words,
            sides=main_sides(records),
            lacking={},
        )

    def cell(self, side: Side, family: Family) -> str:
        """Return the cell of a side's trajectories, of one method.

        Raises
        ------
        MissingRunsError
            If there is none.
        """
        place = (role_of(side, family), side["task"], side["method"])
        if place not in self._places:
            raise MissingRunsError(f"this run has no {say_place(place)}")
        return self._places[place]

    def acted(self, side: Side, family: Family) -> pd.Series[float]:
        """Return in which trajectories of a side's method it did anything that SGD would not do.

        Returns
        -------
        Series of float
            1 or 0, by block.

        Raises
        ------
        MissingRunsError
            If there are none, or it was not watched in one of them.
        """
        cell = self.cell(side, family)
        found = self.column("runs", (cell,), "acted")
        if found.empty or found.isna().any():
            place = (role_of(side, family), side["task"], side["method"])
            raise MissingRunsError(f"nobody watched the noise of {say_place(place)}")
        return found

    def column(self, table: str, key: tuple[str, ...], name: str) -> pd.Series[float]:
        """Return a column of a cell's trajectories by block, which may have none.

        Parameters
        ----------
        table : {"values", "singles", "runs"}
        key : tuple of str
            The cell, and the set or rule where the table has these.
        name : str
            The column.
        """
        rows = self._rows[table].get(key)
        return pd.Series(dtype=float) if rows is None else rows[name]

    def curves_of(self, cell: str) -> pd.DataFrame:
        """Return the smoothed losses of a cell's trajectories, by cell and block; maybe none."""
        return self.curves[self.curves.index.get_level_values("cell") == cell]

    def rows(self, family: Family) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` that the main readings of a family's claims rest on."""
        places = {
            (role_of(side, family), side["task"], method)
            for side in self.sides[family.id]
            for method in methods_of(side)
        }
        found = {cell for place, cell in self._places.items() if place in places}
        return self.cells[self.cells["cell"].isin(found)]

    @cached_property
    def _rows(self) -> Mapping[str, Mapping[tuple[str, ...], pd.DataFrame]]:
        tables = {"values": self.values, "singles": self.singles, "runs": self.runs}
        return {name: dict(_by_key(table)) for name, table in tables.items()}

    @cached_property
    def _places(self) -> Mapping[Place, str]:
        rows = self.cells.loc[
            self.cells["role"].isin(TRAJECTORIES), ["role", "task", "method", "cell"]
        ]
        return {
            (role, task, method): cell
            for role, task, method, cell in rows.itertuples(index=False, name=None)
        }


def role_of(side: Side, family: Family) -> str:
    """Return the role that a side names, or that of its family."""
    return str(side.get("role", family.jobs[0]))


def methods_of(side: Side) -> tuple[str, ...]:
    """Return the methods of a side: one, or those of a group."""
    return GROUPS.get(side["method"], (side["method"],))


def main_sides(records: Records) -> dict[str, tuple[Side, ...]]:
    """Return the sides that the main readings of each family's claims name."""
    return {
        family.id: tuple(
            side for claim in records.members(family.id) for side in claim.readings[0].sides
        )
        for family in records.families
    }


def say_place(place: Place) -> str:
    """Say a method, its task and its role."""
    role, task, method = place
    return f"{METHOD_NAMES[method]}, {TASK_NAMES[task]}, {ROLE_NAMES[role]}"


def _by_key(table: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    """Yield the rows of each cell, and set or rule, by block."""
    levels = list(range(table.index.nlevels - 1))
    for key, rows in table.groupby(level=levels):
        yield tuple(map(str, key)), rows.droplevel(levels).astype(float)


def _table(tables: Mapping[str, pd.DataFrame], name: str, columns: Sequence[str]) -> pd.DataFrame:
    return tables.get(name, pd.DataFrame({column: pd.Series(dtype=float) for column in columns}))
