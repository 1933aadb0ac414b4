"""Look the runs of the study up in its collected tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Runs:
    """Collected tables, by what a cell is called.

    Attributes
    ----------
    tables : Mapping of str to DataFrame
        The collected tables, by file name.
    cells : DataFrame
        ``cells.csv``; a cell without a variant has an empty one.
    measures : DataFrame
        ``measures.parquet``, by cell and seed.
    """

    tables: Mapping[str, pd.DataFrame]
    cells: pd.DataFrame
    measures: pd.DataFrame

    @classmethod
    def build(cls, tables: Mapping[str, pd.DataFrame]) -> Runs:
        """Index collected tables, given by file name."""
        cells = tables["cells.csv"]
        cells = cells.assign(variant=cells["variant"].astype(object).fillna(""))
        return cls(tables, cells, tables["measures.parquet"].set_index(["cell", "seed"]))

    def find(self, role: str, network: str, run: str, variant: str = "") -> str | None:
        """Return the cell of a run, None where there is none."""
        wanted = {"role": role, "network": network, "run": run, "variant": variant}
        here = self.cells
        for column, value in wanted.items():
            here = here[here[column] == value]
        return None if here.empty else str(here["cell"].iloc[0])

    def row(self, cell: str) -> pd.Series:
        """Return what ``cells.csv`` says of a cell."""
        return self.cells[self.cells["cell"] == cell].iloc[0]

    def values(self, cell: str, measure: str) -> pd.Series:
        """Return a measure of the runs of a cell that did not diverge, by seed."""
        here = self.measures.loc[cell]
        return here.loc[here["diverged"] == 0, measure].astype(float).sort_index()

    def of(self, name: str, cell: str) -> pd.DataFrame:
        """Return the rows of a table that are of a cell; none where the table is missing."""
        if name not in self.tables:
            return pd.DataFrame()
        table = self.tables[name]
        return table[table["cell"] == cell]

    def networks(self, role: str) -> list[str]:
        """Return the networks that have runs of a role."""
        return list(dict.fromkeys(self.cells.loc[self.cells["role"] == role, "network"]))

    def each(self, role: str) -> Iterator[tuple[str, pd.Series]]:
        """Yield each cell of a role that has runs of a training, with its row."""
        measured = set(self.measures.index.get_level_values("cell"))
        for _, row in self.cells[self.cells["role"] == role].iterrows():
            if row["cell"] in measured:
                yield str(row["cell"]), row
