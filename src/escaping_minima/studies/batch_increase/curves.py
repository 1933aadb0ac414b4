"""Which curves a figure draws: this run's, or the published ones where this run has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from escaping_minima.claims.records import load_records
from escaping_minima.report.figures import bands
from escaping_minima.studies.batch_increase.evidence import Tables, conditions_of
from escaping_minima.studies.batch_increase.names import PLACES, strategy_at
from escaping_minima.studies.batch_increase.schedules import fixed_updates


@dataclass(frozen=True, kw_only=True)
class ConditionCurves(bands.Curves):
    """Strategies of a condition as one run has them, a line each.

    Attributes
    ----------
    condition : int
        N2.
    """

    LINE: ClassVar[str] = "strategy"

    condition: int

    @property
    def updates(self) -> int:
        """Updates of a whole run with the fixed size N2."""
        return fixed_updates(self.condition, int(self.rows["images"].max()), self.epochs)


@dataclass(frozen=True)
class Sources(bands.Sources):
    """The tables of this run, and the published ones to fall back on."""

    def arm(self, condition: int, roles: Sequence[str]) -> ConditionCurves | None:
        """Return the four strategies of a condition, in the first of some roles that has them.

        Parameters
        ----------
        condition : int
        roles : sequence of str
            The published tables come after all roles of this run.
        """
        return self.first(lambda tables, there: _find_arm(tables, condition, roles, there))


def _find_arm(
    collected: Mapping[str, pd.DataFrame], condition: int, roles: Sequence[str], published: bool
) -> ConditionCurves | None:
    tables = Tables.build(collected, load_records("batch_increase"))
    for role in roles:
        cells = tables.role_cells(role)
        if condition not in conditions_of(cells):
            continue
        names = [strategy_at(place, condition) for place in PLACES]
        return curves_at(tables, {name: cells[name] for name in names}, condition, published)
    return None


def curves_at(
    tables: Tables, chosen: Mapping[str, str], condition: int, published: bool
) -> ConditionCurves:
    """Return the curves of some strategies of a condition.

    Parameters
    ----------
    tables : Tables
    chosen : Mapping of str to str
        The cell of each strategy.
    condition : int
        N2.
    published : bool
        Whether the tables are the published ones.
    """
    curves = tables.curves
    return ConditionCurves(
        condition=condition,
        published=published,
        cells=chosen,
        rows=tables.rows(chosen),
        curves=curves[curves["cell"].isin(list(chosen.values()))],
        measures=tables.measures,
    )
