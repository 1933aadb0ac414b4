"""Which probes and runs the figures of section 4.2 draw: the largest ones that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.probed import with_targets
from escaping_minima.studies.batch_increase.spread_tables import along_runs
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES, strategies

#: What says how much a run is worth showing, the first that differs deciding: of its states, and of
#: what was recorded along it.
_WORTH = ["images", "epochs"]
_WORTH_ALONG = ["epochs", "images"]


@dataclass(frozen=True)
class Rows:
    """Rows of a collected table, of cells that belong together.

    Attributes
    ----------
    table : DataFrame
        The rows, with the ``strategy`` of their cells, and of probes the ``state``.
    cells : DataFrame
        Of ``cells.csv``, with ``data_words``.
    condition : int
        N2.
    published : bool
        Whether they are the published ones, as this run has none.
    """

    table: pd.DataFrame
    cells: pd.DataFrame
    condition: int
    published: bool

    def cells_of(self, strategy: str) -> list[str]:
        """Return the cells of a strategy."""
        return list(self.cells.loc[self.cells["strategy"] == strategy, "cell"])

    def horizons(self) -> Mapping[str, int]:
        """Return the epochs of each run, by cell."""
        epochs: Mapping[str, int] = self.cells.set_index("cell")["epochs"].astype(int).to_dict()
        return epochs

    def words(self, of_one_run: bool = False) -> str:
        """Say what the rows rest on, or those of its first seed alone."""
        first = f"the run of seed {self.table['seed'].min()}"
        runs = first if of_one_run else spanned([self.table["seed"].nunique()], "seed")
        epochs = spanned(self.cells["epochs"], "epoch")
        return f"{runs}, {epochs}; {'; '.join(dict.fromkeys(self.cells['data_words']))}"


def state_rows(sources: Sources) -> Rows | None:
    """Return the spreads at the states of a linear increase, None where nobody measured any.

    Parameters
    ----------
    sources : Sources
    """
    return sources.first(_find_states)


def run_rows(sources: Sources) -> Rows | None:
    """Return the deviations along the runs of all four strategies of a condition, None if none.

    Parameters
    ----------
    sources : Sources
    """
    return sources.first(_find_runs)


def _find_states(tables: Mapping[str, pd.DataFrame], published: bool) -> Rows | None:
    table = tables.get("spreads.parquet", pd.DataFrame())
    if not len(table):
        return None
    cells = with_targets(_cells_of(tables, table))
    for condition in sorted(FIXED_SIZES, reverse=True):
        chosen = _worthiest(cells[cells["strategy"] == f"linear_{condition}"], "target_role")
        if len(chosen):
            rows = table[table["cell"].isin(set(chosen["cell"]))]
            return Rows(rows, chosen, condition, published)
    return None


def _find_runs(tables: Mapping[str, pd.DataFrame], published: bool) -> Rows | None:
    table = along_runs(tables)
    if not len(table):
        return None
    cells = _cells_of(tables, table)
    cells = cells[cells["variant"].fillna("") == ""]
    for condition in sorted(FIXED_SIZES, reverse=True):
        names = {strategy.name for strategy in strategies(condition)}
        groups = cells[cells["strategy"].isin(names)].groupby(["role", *_WORTH_ALONG])
        whole = [part for _, part in groups if set(part["strategy"]) == names]
        if whole:
            chosen = _worthiest(pd.concat(whole), "role", _WORTH_ALONG)
            rows = table.merge(chosen[["cell", "strategy"]], on="cell")
            return Rows(rows, chosen, condition, published)
    return None


def _cells_of(tables: Mapping[str, pd.DataFrame], table: pd.DataFrame) -> pd.DataFrame:
    cells = tables["cells.csv"]
    return cells[cells["cell"].isin(set(table["cell"]))]


def _worthiest(cells: pd.DataFrame, same: str, worth: Sequence[str] = _WORTH) -> pd.DataFrame:
    """Return the cells that are worth most, and have one value of a column."""
    for column in (*worth, same):
        cells = cells[cells[column] == cells[column].max()]
    return cells
