"""The collected tables of the study, and which of their cells a side of a record is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.claims.words import Words
from escaping_minima.studies.modality.attractors import Attractor, Rule
from escaping_minima.studies.modality.layout import DEPTHS, IMAGES, SAMPLE, WIDTHS
from escaping_minima.studies.modality.names import (
    DATA_NAMES,
    ROLE_NAMES,
    depth_name,
    setting_name,
    width_name,
)
from escaping_minima.studies.modality.scope import PAPER_STEPS

#: The column that says what is learnt.
DATA = "data_set"
#: Where walks start and how far they step, by what records call the two together.
SETTINGS: Mapping[str, tuple[int, str]] = {
    "1 micro": (1, "micro"),
    "1 macro": (1, "macro"),
    "10 micro": (10, "micro"),
    "10 macro": (10, "macro"),
}
#: Classes of curvature, with what each is the sum of.
CLASSES: Mapping[str, tuple[str, ...]] = {
    "convex": ("convex",),
    "concave": ("concave",),
    "saddle": ("saddle",),
    "singular": ("singular",),
    "saddle or singular": ("saddle", "singular"),
}
#: Forms of a side that are about the curvature at points of walks.
OF_POINTS = ("share", "gradient_of", "saturation")
_BY_CELL = ("low", "curvature", "saturation")

#: Role, problem, width, depth, bound and granularity.
Place = tuple[str, str, int, int, int, str]


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by side.

    Attributes
    ----------
    cells : DataFrame
        With what records need beside its own columns; see `_with_needs`.
    measures : DataFrame
        By cell and block.
    tables : Mapping
        ``low``, ``curvature`` and ``saturation``, each by cell.
    found, numbers, attractors : dict
        What sides came to so far, and single networks and samples of them: readings share most.
    words : Words
    sides : Mapping
        The sides that the main readings of a family's claims name, by family.
    """

    cells: pd.DataFrame
    measures: pd.DataFrame
    tables: Mapping[str, Mapping[str, pd.DataFrame]]
    found: dict[frozenset[tuple[str, Any]], Values]
    numbers: dict[frozenset[tuple[str, Any]], pd.Series[float]]
    attractors: dict[tuple[tuple[str, ...], Rule, int], dict[int, list[Attractor]]]
    words: Words
    sides: Mapping[str, Sequence[Side]]

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Index collected tables."""
        none = pd.DataFrame({"cell": pd.Series(dtype=str), "block": pd.Series(dtype=int)})
        by_cell = {name: tables.get(f"{name}.parquet", none) for name in _BY_CELL}
        return Tables(
            cells=_with_needs(tables["cells.csv"]),
            measures=tables["measures.parquet"].set_index(["cell", "block"]).sort_index(),
            tables={name: dict(iter(table.groupby("cell"))) for name, table in by_cell.items()},
            found={},
            numbers={},
            attractors={},
            words=records.words,
            sides=_main_sides(records),
        )

    def cell(self, side: Side, role: str) -> str:
        """Return the cell of a side's network and setting, of a role if the side names no other.

        Raises
        ------
        MissingRunsError
            If there is none.
        """
        place = _place(side, role)
        if place not in self._places:
            raise MissingRunsError(f"this run has no {say_place(place)}")
        return self._places[place]

    def cells_of(self, side: Side) -> list[str]:
        """Return the cells that a side rests on, as far as they are there.

        A side that compares networks rests on all that it averages over, one without a setting on
        all four.
        """
        found = []
        for one in _single(side):
            try:
                found.append(self.cell(one, default_role(one)))
            except MissingRunsError:
                continue
        return found

    def rows(self, family: Family) -> pd.DataFrame:
        """Return the rows of ``cells.csv`` that the main readings of a family's claims rest on."""
        found = {cell for side in self.sides[family.id] for cell in self.cells_of(side)}
        return self.cells[self.cells["cell"].isin(found)]

    def measure(self, cell: str, name: str) -> pd.Series[float]:
        """Return a measure of a cell's blocks, by block: on XOR of the first sample alone.

        Further samples are of small networks only, and serve counts of attractors.
        """
        values = self.measures.loc[cell, name].astype(float)
        is_xor = self._row(cell)[DATA] == "xor"
        return values[values.index < SAMPLE] if is_xor else values

    def samples(self, cell: str) -> list[int]:
        """Return the whole samples of a cell, of `SAMPLE` blocks each."""
        blocks = pd.Series(self.measures.loc[cell].index // SAMPLE).value_counts()
        return sorted(int(sample) for sample in blocks.index[blocks == SAMPLE])

    def parameters(self, cell: str) -> int:
        """Return how many weights and biases a cell's network has."""
        return int(self._row(cell)["parameters"])

    def of(self, table: str, cell: str) -> pd.DataFrame:
        """Return the rows of a table that are a cell's.

        Raises
        ------
        MissingRunsError
            If it has none.
        """
        if cell not in self.tables[table]:
            raise MissingRunsError(f"this run has no {table} of cell {cell}")
        return self.tables[table][cell]

    def curvature(self, cell: str, hessian: str, precision: str, rule: str) -> pd.DataFrame:
        """Return the rows of a cell's curvature by one Hessian, precision and rule of zeros.

        Raises
        ------
        MissingRunsError
            If it has none.
        """
        key = (cell, hessian, precision, rule)
        if key not in self._curvature:
            raise MissingRunsError(f"this run has no such curvature of cell {cell}")
        return self._curvature[key]

    @cached_property
    def _curvature(self) -> Mapping[tuple[str, ...], pd.DataFrame]:
        names = ["hessian", "precision", "rule"]
        return {
            (cell, *map(str, key)): rows
            for cell, table in self.tables["curvature"].items()
            for key, rows in table.groupby(names)
        }

    def low(self, cell: str) -> pd.DataFrame:
        """Return the rows of a cell's points of low gradient, which may be none.

        Raises
        ------
        MissingRunsError
            If none were counted at all.
        """
        if not self.tables["low"]:
            raise MissingRunsError("this run has no points of low gradient")
        return self.tables["low"].get(cell, next(iter(self.tables["low"].values())).iloc[:0])

    def _row(self, cell: str) -> pd.Series[float]:
        return self._by_cell.loc[cell]

    @cached_property
    def _by_cell(self) -> pd.DataFrame:
        return self.cells.set_index("cell")

    @cached_property
    def _places(self) -> Mapping[Place, str]:
        columns = ["role", DATA, "width", "depth", "bound", "granularity", "cell"]
        rows = self.cells[columns].itertuples(index=False, name=None)
        return {
            (role, data, int(width), int(depth), int(bound), granularity): cell
            for role, data, width, depth, bound, granularity, cell in rows
        }


def default_role(side: Side) -> str:
    """Return the role of a side that names none: what is of points is measured by probes."""
    asked = side.get("rise")
    of_points = any(key in side for key in OF_POINTS) or asked in CLASSES
    return "curvature" if of_points else "walk"


def say_place(place: Place) -> str:
    """Say a network, its setting and what its walks are for."""
    role, data, width, depth, bound, granularity = place
    network = f"{DATA_NAMES[data]}, {width_name(width)}, {depth_name(depth)}"
    words = f"{network}, {setting_name(bound, granularity)}"
    return words if role == "walk" else f"{words}: {ROLE_NAMES[role]}"


def _single(side: Side) -> Iterator[Side]:
    """Yield a side for every network and setting that it takes together."""
    data = side["data"]
    widths = [side["width"]] if "width" in side else WIDTHS[data]
    depths = [side["depth"]] if "depth" in side else DEPTHS
    apart = "setting" in side or "bound" in side
    for width in widths:
        for depth in depths:
            for setting in [None] if apart else SETTINGS:
                named = {} if setting is None else {"setting": setting}
                yield {**side, "width": width, "depth": depth, **named}


def _place(side: Side, role: str) -> Place:
    if "setting" in side:
        bound, granularity = SETTINGS[side["setting"]]
    else:
        bound, granularity = side["bound"], side["granularity"]
    return (
        side.get("role", role),
        side["data"],
        side["width"],
        side["depth"],
        bound,
        granularity,
    )


def _with_needs(cells: pd.DataFrame) -> pd.DataFrame:
    """Add what records need: how much of the paper's walks and of MNIST's images cells have."""
    share = 100.0 * cells["steps"] / cells["granularity"].map(PAPER_STEPS)
    return cells.assign(
        percent_of_steps=share,
        images=cells["data_version"].map({name: train for name, (train, _) in IMAGES.items()}),
        mnist_walks=cells["walks"].where(cells[DATA] == "mnist"),
    )


def _main_sides(records: Records) -> dict[str, tuple[Side, ...]]:
    return {
        family.id: tuple(
            side for claim in records.members(family.id) for side in claim.readings[0].sides
        )
        for family in records.families
    }
