"""Which runs the figures of the mesh draw: the longest ones whose cells were counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from escaping_minima.studies.batch_increase.curves import ConditionCurves, Sources
from escaping_minima.studies.batch_increase.mesh_tables import count_cells, sweep_cells
from escaping_minima.studies.batch_increase.names import PLACES, strategy_at

#: Roles of cells that stand for section 4.5: its own, else the longest of all others, since cells
#: can only be told apart by as many snapshots as there are epochs; of equally long ones the first.
GROUPS = (("section_4_5",), ("main", "main_ladder", "sample", "sample_ladder"))
_NEEDED = ("visits.parquet", "mesh.parquet")


@dataclass(frozen=True, kw_only=True)
class MeshCurves(ConditionCurves):
    """The four strategies of a condition, with what was counted of their cells.

    Attributes
    ----------
    mesh : DataFrame
        ``mesh.parquet``. The visits of every epoch stand in ``curves``.
    """

    mesh: pd.DataFrame

    @cached_property
    def by_place(self) -> Mapping[str, str]:
        """The cell's id of each place in the condition."""
        return {place: self.cells[strategy_at(place, self.condition)] for place in PLACES}

    @cached_property
    def counts(self) -> pd.DataFrame:
        """See `mesh_tables.count_cells`."""
        return count_cells(self.curves, self.by_place)

    @cached_property
    def sweep(self) -> pd.DataFrame:
        """See `mesh_tables.sweep_cells`."""
        return sweep_cells(self.mesh, self.by_place)


def find_mesh(sources: Sources, condition: int) -> MeshCurves | None:
    """Return the runs of a condition whose cells were counted, None where nobody has any.

    Parameters
    ----------
    sources : Sources
        Published tables come after all runs of this run.
    condition : int
        N2.
    """
    return sources.first(lambda tables, published: _find(tables, condition, published))


def _find(tables: Mapping[str, pd.DataFrame], condition: int, published: bool) -> MeshCurves | None:
    if not all(name in tables for name in _NEEDED):
        return None
    visits, mesh = (tables[name] for name in _NEEDED)
    cells = tables["cells.csv"]
    # an empty name comes back from a file as a missing one
    plain = cells[cells["variant"].astype(object).fillna("") == ""]
    there = plain[plain["cell"].isin(visits["cell"])]
    wanted = [strategy_at(place, condition) for place in PLACES]
    for roles in GROUPS:
        chosen = _longest(there[there["role"].isin(roles)], wanted)
        if chosen is None:
            continue
        found = dict(zip(chosen["strategy"], chosen["cell"], strict=True))
        measures = tables["measures.parquet"].set_index(["cell", "seed"]).sort_index()
        return MeshCurves(
            condition=condition,
            published=published,
            cells=found,
            rows=chosen,
            curves=visits[visits["cell"].isin(chosen["cell"])],
            measures=measures,
            mesh=mesh[mesh["cell"].isin(chosen["cell"])],
        )
    return None


def _longest(cells: pd.DataFrame, strategies: Iterable[str]) -> pd.DataFrame | None:
    """Return the rows of the longest runs that have all of some strategies."""
    rows = cells[cells["strategy"].isin(list(strategies))]
    whole: dict[int, pd.DataFrame] = {}
    for (epochs, _), part in rows.groupby(["epochs", "role"]):
        if set(part["strategy"]) == set(strategies):
            whole.setdefault(int(str(epochs)), part)
    return whole[max(whole)] if whole else None
