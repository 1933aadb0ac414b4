"""The collected tables of the study, and which of their cells a side of a record is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.claims.words import Words
from escaping_minima.studies.escape.codes import unpack_flags, unpack_regions
from escaping_minima.studies.escape.names import place_name
from escaping_minima.studies.escape.points import ROLES, point_of
from escaping_minima.studies.escape.terrain import ARENA, TERRAIN

#: Role, problem, arm and point.
Place = tuple[str, str, str, str]
#: What a start that ends within this share of the height above the lowest loss found ends at, where
#: the global minimum is not known.
NEAR = 0.1
#: What is measured on planes around the last state of a network.
OF_PLANES = ("negative_share", "eigenvalue_ratio")
#: Roles of the forms of a side that are measured without any method.
_MEASURED = {
    "fall": "gradients",
    "norm": "gradients",
    "critical": "critical",
    "leaving": "leaving",
}


@dataclass(frozen=True)
class Starts:
    """What the starts of a cell came to.

    Attributes
    ----------
    start, end : ndarray, shape (n,), int64
        Regions; -1 for none.
    best : ndarray, shape (n,), bool
    escape, found : ndarray, shape (n,), uint8
        Codes of costs (`codes`).
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    best: NDArray[np.bool_]
    escape: NDArray[np.uint8]
    found: NDArray[np.uint8]


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by side.

    Attributes
    ----------
    cells : DataFrame
    tables : Mapping
        Further tables, each by cell.
    words : Words
    sides : Mapping
        The sides that the main readings of a family's claims name, each with what it is swept
        over, by family.
    sweeps : Mapping
        The settings of each sweep, from the records.
    values : dict
        What sides came to so far.
    """

    cells: pd.DataFrame
    tables: Mapping[str, Mapping[str, pd.DataFrame]]
    words: Words
    sides: Mapping[str, tuple[tuple[Side, str | None], ...]]
    sweeps: Mapping[str, tuple[Any, ...]]
    values: dict[frozenset[tuple[str, Any]], Values] = field(default_factory=dict)

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Index collected tables."""
        by_cell = {
            name.removesuffix(".parquet"): {str(c): rows for c, rows in table.groupby("cell")}
            for name, table in tables.items()
            if name.endswith(".parquet") and "cell" in table
        }
        families = {f.id: records.members(f.id) for f in records.families}
        main = {name: [claim.readings[0] for claim in own] for name, own in families.items()}
        sides = {
            name: tuple((side, reading.swept) for reading in readings for side in reading.sides)
            for name, readings in main.items()
        }
        return Tables(tables["cells.csv"], by_cell, records.words, sides, records.sweeps)

    def rows(self, family: Family) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` that the main readings of a family's claims rest on."""
        places = {place for asked in self.sides[family.id] for place in self._places_of(*asked)}
        found = {cell for place in places for cell in self._cells.get(place, ())}
        return self.cells[self.cells["cell"].isin(found)]

    def cells_of(self, side: Side) -> tuple[str, ...]:
        """Return the cells of a side: one, or one for each random function.

        Raises
        ------
        MissingRunsError
            If there is none.
        """
        place = place_of(side)
        if place not in self._cells:
            raise MissingRunsError(f"this run has no {place_name(place)}")
        return self._cells[place]

    def find(self, side: Side) -> tuple[str, ...]:
        """Return the cells of a side, none where there is none."""
        return self._cells.get(place_of(side), ())

    def of(self, table: str, cell: str) -> pd.DataFrame:
        """Return the rows of a table that are a cell's.

        Raises
        ------
        MissingRunsError
            If it has none.
        """
        if cell not in self.tables.get(table, {}):
            raise MissingRunsError(f"this run has no {table} of cell {cell}")
        return self.tables[table][cell]

    def starts(self, cell: str) -> Starts:
        """Return what the starts of a cell came to, block by block."""
        if cell not in self._starts:
            rows = self.of("ends", cell).sort_values("block")
            self._starts[cell] = Starts(
                start=np.concatenate([unpack_regions(b) for b in rows["start"]]),
                end=np.concatenate([unpack_regions(b) for b in rows["end"]]),
                best=self._best(cell, rows),
                escape=np.concatenate([np.frombuffer(b, np.uint8) for b in rows["escape"]]),
                found=np.concatenate([np.frombuffer(b, np.uint8) for b in rows["found"]]),
            )
        return self._starts[cell]

    def lowest(self, problem: str) -> float:
        """Return the loss of the global minimum, or the lowest that any run of a problem found."""
        known = TERRAIN[problem].lowest
        return self._lowest[problem] if known is None else known

    def _best(self, cell: str, rows: pd.DataFrame) -> NDArray[np.bool_]:
        problem = self._problems[cell]
        if TERRAIN[problem].kind != "images":
            flags = zip(rows["best"], rows["starts"], strict=True)
            return np.concatenate([unpack_flags(packed, count) for packed, count in flags])
        each = self.of("each", cell).sort_values("block")
        loss = np.concatenate([np.frombuffer(b, np.float32) for b in each["loss"]])
        return loss <= self.lowest(problem) + NEAR * TERRAIN[problem].height

    def _places_of(self, side: Side, swept: str | None) -> list[Place]:
        """Return the place of a side as it stands, and at every setting of its sweep."""
        if swept is None:
            return [place_of(side)]
        points = self.sweeps[swept]
        return [place_of(side), *(place_of({swept: point, **side}) for point in points)]

    @cached_property
    def _starts(self) -> dict[str, Starts]:
        return {}

    @cached_property
    def _cells(self) -> Mapping[Place, tuple[str, ...]]:
        found: dict[Place, tuple[str, ...]] = {}
        texts = self.cells[["role", "problem", "arm", "point"]].fillna("")
        for place, cell in zip(
            texts.itertuples(index=False, name=None), self.cells["cell"], strict=True
        ):
            found[place] = (*found.get(place, ()), str(cell))
        return found

    @cached_property
    def _problems(self) -> Mapping[str, str]:
        return dict(zip(self.cells["cell"], self.cells["problem"], strict=True))

    @cached_property
    def _lowest(self) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for cell, rows in self.tables.get("losses", {}).items():
            problem = self._problems[cell]
            found[problem] = min(found.get(problem, np.inf), float(rows["lowest"].min()))
        return found


def place_of(side: Side) -> Place:
    """Return the place of a side's cells: its role follows from what it names."""
    is_measure = any(form in side for form in _MEASURED)
    point = "" if is_measure else point_of(side)
    return role_of(side), side["problem"], "" if is_measure else side.get("arm", ""), point


def role_of(side: Side) -> str:
    """Return the role of a side's cells, that which it names or that of what it names."""
    if "role" in side:
        return str(side["role"])
    measured = [role for form, role in _MEASURED.items() if form in side]
    if "skip" in side:
        measured = ["skip_planes" if side["skip"] in OF_PLANES else "skips"]
    silent = ("source",) if side.get("strength") == 0 else ()
    named = [role for key, role in ROLES.items() if key in side and key not in silent]
    otherwise = "arena" if side["problem"] in ARENA else "network"
    return [*measured, *named, otherwise][0]
