"""What sides of records are in the tables, trajectory by trajectory."""

from __future__ import annotations

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.studies.populations.companions import COMPANIONS
from escaping_minima.studies.populations.measures import loss_at
from escaping_minima.studies.populations.run_tables import (
    GROUPS,
    Tables,
    methods_of,
    role_of,
    say_place,
)

#: What is asked of the gradients that a run takes, in words, with the factor of each.
SPENT = {"all": 1.0, "half": 0.5}
#: Least share of the trajectories, in percent, in which a method of a group must do something.
ACTING = 50.0


def side_values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is in every trajectory.

    Parameters
    ----------
    side : Mapping
        See `evidence.FORMS`. Of a group of methods it is their mean in each trajectory, without
        those that do what SGD does.
    family : Family
    tables : Tables

    Raises
    ------
    MissingRunsError
        If the tables have none of these trajectories.
    """
    if side["method"] not in GROUPS:
        found = _of_method(side, family, tables)
        known = "spent" in side and found.nunique(dropna=False) == 1
        return _values(found, known)
    members = [{**side, "method": method} for method in methods_of(side)]
    # all of them must be there, before those that say nothing are left out
    each = [_of_method(member, family, tables) for member in members]
    acting = [is_acting(member, family, tables) for member in members]
    chosen = [values for values, acts in zip(each, acting, strict=True) if acts]
    if not chosen:
        raise MissingRunsError(f"all that there is of {side['method']} does what SGD does")
    return _values(pd.concat(chosen, axis=1).mean(axis=1, skipna=False))


def is_acting(side: Side, family: Family, tables: Tables) -> bool:
    """Return whether the method of a side does anything that SGD does not do.

    SGD itself is no form of itself, and stays.
    """
    acted = tables.acted(side, family)
    return side["method"] == "gd" or 100.0 * float(acted.mean()) >= ACTING


def count_acting(side: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return in how many trajectories a side does something that SGD does not do, and of how many.

    Of a group all count: `side_values` has left out those of its methods that say nothing.
    """
    if side["method"] in GROUPS:
        n = len(side_values(side, family, tables).ids)
        return n, n
    acted = tables.acted(side, family)
    return int(acted.sum()), len(acted)


def _of_method(side: Side, family: Family, tables: Tables) -> pd.Series[float]:
    """Return what a side of one method is, by block."""
    cell = tables.cell(side, family)
    if "measure" in side:
        return _found("values", (cell, side["set"]), side["measure"], side, family, tables)
    if "single" in side:
        return _found("singles", (cell, side["single"]), side["of"], side, family, tables)
    spent = _found("runs", (cell,), "gradients", side, family, tables)
    if "spent" in side:
        return SPENT[side["of"]] * spent
    return _losses_at(side, cell, family, tables)


def _found(
    table: str, key: tuple[str, ...], column: str, side: Side, family: Family, tables: Tables
) -> pd.Series[float]:
    """Return a column of a cell's trajectories, by block."""
    found = tables.column(table, key, column)
    if found.empty:
        raise MissingRunsError(f"this run has no epochs of {_say(side, family)}")
    return found


def _losses_at(side: Side, cell: str, family: Family, tables: Tables) -> pd.Series[float]:
    """Return the smoothed loss where so many gradients are spent as SGD has after a share of it."""
    curves = {block: curve for (_, block), curve in tables.curves_of(cell).groupby(level=[0, 1])}
    if not curves:
        raise MissingRunsError(f"this run has no smoothed loss of {_say(side, family)}")
    budget = side["evaluations"] / 100.0 * _of_sgd(side, family, tables).reindex(list(curves))
    found = {block: loss_at(curve, budget[block]) for block, curve in curves.items()}
    return pd.Series(found, dtype=float)


def _of_sgd(side: Side, family: Family, tables: Tables) -> pd.Series[float]:
    """Return the gradients that SGD takes in the trajectories that a side is compared with."""
    role = role_of(side, family)
    own: Side = {"spent": "gradients", "of": "all", "task": side["task"], "method": "gd"}
    return _of_method({**own, "role": COMPANIONS.get(role, role)}, family, tables)


def _say(side: Side, family: Family) -> str:
    return say_place((role_of(side, family), side["task"], side["method"]))


def _values(found: pd.Series[float], known: bool = False) -> Values:
    return Values(
        found.to_numpy(np.float64), found.index.to_numpy(np.int64), "trajectories", known=known
    )
