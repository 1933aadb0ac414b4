"""Which measurements of flatness the figures draw: those of the largest runs that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.names import PLACES, STRATEGY_NAMES, strategy_at

FLATNESS, SLICES = "flatness.parquet", "slices.parquet"
_LINEAR = "linear_"


@dataclass(frozen=True)
class Probed:
    """Rows of a collected table of probes at the last states of runs that can be compared.

    Attributes
    ----------
    table : DataFrame
        With ``strategy``, ``seed``, ``epochs``, ``state`` and what was measured.
    data_words : str
        What the runs were trained on.
    published : bool
        Whether they are the published ones, as this run has none.
    """

    table: pd.DataFrame
    data_words: str
    published: bool

    @property
    def strategies(self) -> list[str]:
        """The strategies that were measured, in the order in which they are always named."""
        found = set(self.table["strategy"])
        return [name for name in STRATEGY_NAMES if name in found]

    @property
    def conditions(self) -> list[int]:
        """The conditions all of whose strategies were measured."""
        found = set(self.table["strategy"])
        sizes = [int(name.removeprefix(_LINEAR)) for name in self.strategies if _LINEAR in name]
        return [n for n in sizes if all(strategy_at(place, n) in found for place in PLACES)]

    def words(self) -> str:
        """Say what the rows rest on."""
        seeds = spanned([self.table["seed"].nunique()], "seed")
        epochs = spanned([int(self.table["state"].max())], "epoch")
        return f"{seeds}, state after {epochs}; {self.data_words}"


def place_of(strategy: str) -> str:
    """Return the place of a strategy in its condition: "N1", "mean", "N2" or "linear"."""
    if strategy.startswith(_LINEAR):
        return "linear"
    conditions = [int(n.removeprefix(_LINEAR)) for n in STRATEGY_NAMES if _LINEAR in n]
    places = (p for n in conditions for p in PLACES if strategy_at(p, n) == strategy)
    return next(places)


def probed(sources: Sources, name: str) -> Probed | None:
    """Return the rows of a table for the runs of most images, of these of most epochs.

    Parameters
    ----------
    sources : Sources
    name : {"flatness.parquet", "slices.parquet"}
        ``target_role`` tells runs that are alike from others; None where nobody measured any.
    """

    def find(tables: Mapping[str, pd.DataFrame], published: bool) -> Probed | None:
        table = tables.get(name, pd.DataFrame())
        if not len(table):
            return None
        cells = tables["cells.csv"].set_index("cell")
        table = table.assign(images=table["cell"].map(cells["images"]).astype(int))
        for column in ("images", "state", "target_role"):
            table = table[table[column] == table[column].max()]
        words = cells.loc[table["cell"].unique(), "data_words"]
        return Probed(table, "; ".join(dict.fromkeys(words)), published)

    return sources.first(find)
