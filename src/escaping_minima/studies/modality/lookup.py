"""Look the cells of the study up in its collected tables, by what the paper calls them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

#: Micro walks come first, as in the paper.
GRANULARITIES = ("micro", "macro")


class Setting(NamedTuple):
    """Where walks start, and how far they step.

    Attributes
    ----------
    bound : float
        Half the width of the range of the starts.
    granularity : {"micro", "macro"}
    """

    bound: float
    granularity: str

    @property
    def words(self) -> str:
        """The setting as the paper writes it: ``[−1, 1] micro``."""
        return f"[−{self.bound:g}, {self.bound:g}] {self.granularity}"


class Network(NamedTuple):
    """A network by its hidden layers, all equally wide."""

    width: int
    depth: int

    @property
    def words(self) -> str:
        """The network in words: ``2 units, 3 layers``."""
        return f"{self.width} units, {self.depth} layer{'s' if self.depth > 1 else ''}"


@dataclass(frozen=True)
class Lookup:
    """Collected tables, by what their cells are.

    Attributes
    ----------
    tables : Mapping of str to DataFrame
        The collected tables, by file name.
    """

    tables: Mapping[str, pd.DataFrame]
    _places: dict[tuple[str, tuple[str, ...]], Any] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def cells(self) -> pd.DataFrame:
        """``cells.csv``."""
        return self.tables["cells.csv"]

    def rows(self, role: str, data: str) -> pd.DataFrame:
        """Return the cells of a role and problem."""
        cells = self.cells
        return cells[(cells["role"] == role) & (cells["data_set"] == data)]

    def has(self, name: str, role: str, data: str) -> bool:
        """Return whether a table has rows of a role and problem."""
        table = self.tables.get(name)
        return table is not None and bool(table["cell"].isin(self.rows(role, data)["cell"]).any())

    def networks(self, role: str, data: str) -> list[Network]:
        """Return the networks of a role and problem, from the shallowest and narrowest on."""
        found = {Network(int(k[2]), int(k[3])) for k in self._named if k[:2] == (role, data)}
        return sorted(found, key=lambda network: (network.depth, network.width))

    def settings(self, role: str, data: str) -> list[Setting]:
        """Return the settings of a role and problem, in the order of the paper."""
        found = {Setting(float(k[4]), str(k[5])) for k in self._named if k[:2] == (role, data)}
        return sorted(found, key=lambda s: (s.bound, GRANULARITIES.index(s.granularity)))

    def cell(self, role: str, data: str, network: Network, setting: Setting) -> str | None:
        """Return the cell of a network and setting, None where there is none."""
        return self._named.get((role, data, *network, *setting))

    @cached_property
    def _named(self) -> dict[tuple[Any, ...], str]:
        keys = ["role", "data_set", *Network._fields, *Setting._fields]
        rows = self.cells[keys].itertuples(index=False, name=None)
        return dict(zip(rows, self.cells["cell"].astype(str), strict=True))

    def each(self, role: str, data: str) -> Iterator[tuple[Network, Setting, str]]:
        """Yield every cell of a role and problem, with what it is."""
        for network in self.networks(role, data):
            for setting in self.settings(role, data):
                cell = self.cell(role, data, network, setting)
                if cell is not None:
                    yield network, setting, cell

    def of(self, name: str, cell: str | None, **wanted: str) -> pd.DataFrame:
        """Return the rows of a table that are of a cell, with an index of their own.

        Parameters
        ----------
        name : str
            A file name.
        cell : str or None
            Without one there are no rows.
        **wanted
            What other columns must say; ask for the same ones each time, as rows are found by them.
        """
        keys = ("cell", *wanted)
        if (name, keys) not in self._places:
            self._places[name, keys] = self.tables[name].groupby(list(keys)).indices
        place = (cell, *wanted.values()) if wanted else cell
        rows = self._places[name, keys].get(place, [])
        return self.tables[name].iloc[rows].reset_index(drop=True)

    def values(self, cell: str | None, measure: str) -> list[float]:
        """Return a measure of the blocks of a cell, in their order."""
        rows = self.of("measures.parquet", cell).sort_values("block")
        return [float(value) for value in rows[measure]]


def sizes(networks: Sequence[Network]) -> tuple[list[int], list[int]]:
    """Return the widths and the depths of some networks, each from the least on."""
    return sorted({n.width for n in networks}), sorted({n.depth for n in networks})
