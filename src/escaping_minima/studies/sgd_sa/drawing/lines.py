"""Which runs a figure draws: this run's, or the published ones where this run has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd

from escaping_minima.report.figures import bands
from escaping_minima.studies.sgd_sa.runs import Runs
from escaping_minima.studies.sgd_sa.scope import scope_words


@dataclass(frozen=True, kw_only=True)
class Lines(bands.Curves):
    """Some runs of a role and network, a line each.

    Attributes
    ----------
    runs : Runs
        The tables that they are in.
    role, network : str
    """

    LINE: ClassVar[str] = "method"

    runs: Runs
    role: str
    network: str

    def seeds(self, line: str, column: str) -> pd.DataFrame:
        """Return a column of the curves, (epoch, seed), of the runs that did not diverge."""
        part = self._whole(line)
        return part.pivot(index="epoch", columns="seed", values=column).astype(float)

    def of(self, name: str, line: str) -> pd.DataFrame:
        """Return the rows of another collected table that are of a line."""
        return self.runs.of(name, self.cells[line])

    def draw_from(self, curves: pd.DataFrame) -> Lines:
        """Return the same runs with other curves."""
        return replace(self, curves=curves)

    def detail(self, bands: bool = True) -> str:
        """Say on what the lines rest, for the line below a title."""
        return f"{self.describe(bands)}; {scope_words(self.rows)}"


@dataclass(frozen=True)
class Sources(bands.Sources):
    """The tables of this run, and the published ones to fall back on."""

    def lines(
        self, role: str, network: str, needed: Sequence[str], more: Sequence[str] = ()
    ) -> Lines | None:
        """Return some runs of a role and network.

        Parameters
        ----------
        role, network : str
        needed : sequence of str
            Runs without which there is nothing to draw.
        more : sequence of str
            Runs that are drawn as well where they are there.
        """
        return self.first(lambda t, there: _find(t, there, role, network, needed, more))

    def several(self, arms: Iterable[tuple[str, str]], needed: Sequence[str]) -> list[Lines]:
        """Return the runs of each role and network that has those that are needed."""
        found = (self.lines(role, network, needed) for role, network in arms)
        return [lines for lines in found if lines is not None]

    def runs_with(self, name: str) -> tuple[Runs, bool] | None:
        """Return the first tables in which a collected one has rows, and if they are published."""
        return self.first(lambda t, there: (Runs.build(t), there) if len(t.get(name, ())) else None)

    def runs_of(self, role: str) -> tuple[Runs, bool] | None:
        """Return the first tables with runs of a role, and whether they are the published ones."""

        def find(tables: Mapping[str, pd.DataFrame], there: bool) -> tuple[Runs, bool] | None:
            runs = Runs.build(tables)
            return (runs, there) if runs.networks(role) else None

        return self.first(find)


def _find(
    tables: Mapping[str, pd.DataFrame],
    published: bool,
    role: str,
    network: str,
    needed: Sequence[str],
    more: Sequence[str],
) -> Lines | None:
    runs = Runs.build(tables)
    found = {run: runs.find(role, network, run) for run in (*needed, *more)}
    cells = {run: cell for run, cell in found.items() if cell is not None}
    if not set(needed) <= set(cells):
        return None
    curves = tables["curves.parquet"]
    return Lines(
        published=published,
        cells=cells,
        rows=runs.cells[runs.cells["cell"].isin(list(cells.values()))],
        curves=curves[curves["cell"].isin(list(cells.values()))],
        measures=runs.measures,
        runs=runs,
        role=role,
        network=network,
    )
