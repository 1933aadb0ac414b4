"""What the sides of records are in the collected tables, run by run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family
from escaping_minima.claims.sides import MissingRunsError, Values, differences
from escaping_minima.studies.batch_increase.deviation_measures import measure_deviations
from escaping_minima.studies.batch_increase.mesh_sides import cell_values, count_told
from escaping_minima.studies.batch_increase.names import condition_name, strategy_at
from escaping_minima.studies.batch_increase.record_forms import form_of
from escaping_minima.studies.batch_increase.run_tables import Arm, Tables, conditions_of
from escaping_minima.studies.batch_increase.side_words import say_state
from escaping_minima.studies.batch_increase.strategies import OTHER_ORDERS
from escaping_minima.studies.batch_increase.theory import slopes

#: The state at the end of a run.
LAST = "last"
#: How batches are drawn and passed if a side does not say.
MODE, REPLACEMENT = "training", 0
IMAGE_SET = 1


def side_values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is in every run of its strategy, by seed.

    Parameters
    ----------
    side : Mapping
        See ``claims.yaml``.
    family : Family
        Which decides on whose cells its claims rest.
    tables : Tables

    Raises
    ------
    MissingRunsError
        If the tables have none of these runs.
    """
    form = form_of(side)
    if form == "count":
        rows = tables.rows(tables.family_cells(family))
        counts = rows[side["count"]].unique().astype(float)
        return Values(counts, np.arange(len(counts)), "cells", known=True)
    arm = tables.arm(family)
    if arm is None:
        raise MissingRunsError("this run has none of the runs that it rests on")
    key = ("side", arm, frozenset(side.items()))
    if key not in tables.found:
        tables.found[key] = _values(side, form, arm, tables)
    found: Values = tables.found[key]
    return found


def _values(side: Side, form: str, arm: Arm, tables: Tables) -> Values:
    if form in ("cells", "cells_over"):
        return cell_values(side, arm, tables)
    return by_seed(_FORMS[form](side, arm, tables))


def count_different(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return of how many seeds two sides differ, and how many both have.

    Of counts of cells: of how many one can tell which is larger.
    """
    arm = tables.arm(family)
    if "cells" in side and arm is not None:
        return count_told(side, base, arm, tables)
    found = differences(
        side_values(side, family, tables), side_values(base, family, tables), ratio=False
    )
    both = found[~np.isnan(found)]
    return int((both != 0.0).sum()), len(both)


def by_seed(values: pd.Series[float]) -> Values:
    """Return a number of each seed as what a side came to."""
    return Values(values.to_numpy(float), values.index.to_numpy(), "seeds")


def _measure(side: Side, arm: Arm, tables: Tables) -> pd.Series[float]:
    chosen, condition = tables.arms.get(arm, {}), side["condition"]
    if condition not in conditions_of(chosen):
        raise MissingRunsError(f"this run lacks strategies of {condition_name(condition)}")
    cell = chosen[strategy_at(side["run"], condition)]
    return tables.values_in(cell, side["measure"], condition)


def _ordered(side: Side, arm: Arm, tables: Tables) -> pd.Series[float]:
    place = tables.orders(arm) if side["run"] in OTHER_ORDERS else arm
    cell = _cell(side, place, tables)
    return tables.values(cell, side["ordered"])


def _cell(side: Side, arm: Arm | None, tables: Tables) -> str:
    strategy = strategy_at(side["run"], side["condition"])
    chosen = tables.arms.get(arm, {}) if arm is not None else {}
    if strategy not in chosen:
        raise MissingRunsError(f"this run has no {strategy.replace('_', ' ')}")
    return chosen[strategy]


def _deviation(side: Side, arm: Arm, tables: Tables) -> pd.Series[float]:
    cell, mode = _cell(side, arm, tables), side.get("mode", MODE)
    key = ("deviation", cell, mode)
    if key not in tables.found:
        rows = tables.of("deviation", cell)
        tables.found[key] = pd.DataFrame(
            {seed: measure_deviations(run, arm.epochs, mode) for seed, run in rows.groupby("seed")}
        ).T
    found: pd.DataFrame = tables.found[key]
    if found.empty:
        strategy = strategy_at(side["run"], side["condition"]).replace("_", " ")
        raise MissingRunsError(f"this run has no losses of single batches of {strategy}")
    return found[side["deviation"]].astype(float)


def _spread(side: Side, arm: Arm, tables: Tables) -> pd.Series[float]:
    rows = _of_state(side, "spread", side["state"], arm, tables)
    chosen = rows["mode"] == side.get("mode", MODE)
    chosen &= rows["replacement"] == side.get("replacement", REPLACEMENT)
    rows = rows[chosen]
    if side["spread"] == "slope":
        return slopes(rows, ("seed",)).set_index("seed")["slope"]
    rows = rows[rows["size"] == side["size"]]
    if rows.empty:
        raise MissingRunsError(f"this run drew no batches of {side['size']}")
    return rows.set_index("seed")[side["spread"]].astype(float)


def _flatness(side: Side, arm: Arm, tables: Tables) -> pd.Series[float]:
    rows = _of_state(side, "flatness", LAST, arm, tables)
    chosen = rows["image_set"] == side.get("image_set", IMAGE_SET)
    as_found = rows["rescaled"] == 1.0
    return rows[chosen & as_found].set_index("seed")[side["flatness"]].astype(float)


def _of_state(side: Side, form: str, state: int | str, arm: Arm, tables: Tables) -> pd.DataFrame:
    """Return the rows of a probe of a strategy's runs, all seeds.

    Raises
    ------
    MissingRunsError
        If there is none.
    """
    strategy = strategy_at(side["run"], side["condition"])
    wanted = arm.epochs if state == LAST else state
    probes = tables.probes(form, arm)
    if not probes.empty:
        chosen = probes[(probes["strategy"] == strategy) & (probes["state"] == wanted)]
        for cell in chosen["cell"]:
            if not (rows := tables.of(form, cell)).empty:
                return rows
    where = f"{say_state(state)} of {strategy.replace('_', ' ')}"
    raise MissingRunsError(f"this run has no {form} {where}")


_FORMS = {
    "measure": _measure,
    "ordered": _ordered,
    "deviation": _deviation,
    "spread": _spread,
    "flatness": _flatness,
}
