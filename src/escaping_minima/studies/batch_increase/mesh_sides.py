"""Sides of records that count cells of a mesh, and which of two counts one can tell apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.studies.batch_increase.mesh_measures import Count
from escaping_minima.studies.batch_increase.mesh_orders import order, trend
from escaping_minima.studies.batch_increase.mesh_tables import (
    LOW_SHARE,
    count_cells,
    sweep_cells,
)
from escaping_minima.studies.batch_increase.names import PLACES, condition_name, strategy_at
from escaping_minima.studies.batch_increase.run_tables import Arm, Tables

#: What is counted of a run, as `mesh_tables` calls it, by what a side calls it.
_PARTS = {
    "all": "all",
    "before": "before",
    "after": "after",
    "low": "low",
    "at_equal_updates": "equal updates",
}
#: What a side says of several counts of a run.
TREND, FALL = "trend", "fall"
CELLS = (*_PARTS, TREND, FALL)


def cell_values(side: Side, arm: Arm, tables: Tables) -> Values:
    """Return what a side with ``cells`` or ``cells_over`` is in every run, by seed.

    Parameters
    ----------
    side : Mapping
    arm : Arm
        Whose runs they are.
    tables : Tables

    Returns
    -------
    Values
        Percent of the snapshots, or 100 ln of a ratio; in the pool are seeds of which the bounds
        leave the number known.

    Raises
    ------
    MissingRunsError
        If the tables have no such counts.
    """
    if "cells_over" in side:
        return _ratio(side, arm, tables)
    what = side["cells"]
    if what == TREND:
        tenths = _counts(side, arm, tables, "tenth")
        return _values(_by_seed(tenths, _change), _by_seed(tenths, trend).notna())
    if what == FALL:
        halves = _counts(side, arm, tables, "half")
        return _values(_by_seed(halves, _fall), _by_seed(halves, _is_clear))
    counted = _counts(side, arm, tables, _PARTS[what])
    return _values(100.0 * counted["cells"] / _bounds(side, arm, tables, counted))


def count_told(side: Side, base: Side, arm: Arm, tables: Tables) -> tuple[int, int]:
    """Return of how many seeds one can tell which of two counts is larger, and of how many both.

    A number that is at its bound could be any larger one. A trend is known or is not, whatever it
    is set against.
    """
    if side["cells"] == TREND:
        members = cell_values(side, arm, tables).members
        return int(members.sum()), len(members)
    ours, theirs = (_by_one(s, arm, tables) for s in (side, base))
    seeds = [seed for seed in ours if seed in theirs]
    orders = [order(ours[seed], theirs[seed]) for seed in seeds]
    return int(np.isfinite(orders).sum()), len(seeds)


def _ratio(side: Side, arm: Arm, tables: Tables) -> Values:
    part, condition = _PARTS[side["cells_over"]], side["condition"]
    every = {
        place: _counts({**side, "run": place}, arm, tables, part)
        for place in PLACES
        if strategy_at(place, condition) in tables.arms[arm]
    }
    ours, theirs = every[side["run"]], every[side["to"]]
    ratio = 100.0 * (np.log(ours["cells"]) - np.log(theirs["cells"])).dropna()
    clear = pd.concat([~table["at_bound"].astype(bool) for table in every.values()], axis=1)
    return _values(ratio, clear.all(axis=1).reindex(ratio.index))


def _bounds(side: Side, arm: Arm, tables: Tables, counted: pd.DataFrame) -> pd.Series[float]:
    """Return of how many snapshots a count is a share, the same number for all strategies."""
    if side["cells"] != "low":
        return counted["snapshots"].astype(float)
    # a loss is low in some snapshots of the first part, in more of one run than of another
    whole = {"cells": "before", "t1": 100 * LOW_SHARE}
    kept = {key: side[key] for key in ("sections", "run", "condition")}
    return _counts({**kept, **whole}, arm, tables, "before")["snapshots"].astype(float)


def _counts(side: Side, arm: Arm, tables: Tables, part: str) -> pd.DataFrame:
    """Return the rows of a run's counts of a part that a side names, by seed."""
    key = ("rows", arm, part, frozenset(side.items()))
    if key not in tables.found:
        tables.found[key] = _rows(side, arm, tables, part)
    rows: pd.DataFrame = tables.found[key]
    return rows


def _rows(side: Side, arm: Arm, tables: Tables, part: str) -> pd.DataFrame:
    table = _condition_counts(side["condition"], arm, tables, part)
    run, sections = side["run"], int(side["sections"])
    if (run, sections) not in table:
        condition = condition_name(side["condition"])
        raise MissingRunsError(f"this run has no counts of cells of {condition}, C = {sections}")
    rows = table[run, sections]
    if part in ("before", "after"):
        rows = rows[_near(rows["share"], side["t1"] / 100.0)]
    if part == "low":
        chosen = (rows["rule"] == side["rule"]) & (rows["reach"] == side["reach"])
        rows = rows[chosen & _near(rows["level"], side["below"] / 100.0)]
    if rows.empty:
        raise MissingRunsError(f"this run has no such counts of cells ({part})")
    return rows.set_index("seed").sort_index()


def _near(column: pd.Series[float], wanted: float) -> pd.Series[bool]:
    return (column.astype(float) - wanted).abs() < 1e-6


def _condition_counts(
    condition: int, arm: Arm, tables: Tables, part: str
) -> Mapping[tuple[str, int], pd.DataFrame]:
    """Return all counts of a part, by run and sections; made once."""
    swept = part == "all"
    key = ("counts", arm, condition, swept)
    if key not in tables.found:
        counts = _sweep(condition, arm, tables) if swept else _visited(condition, arm, tables)
        tables.found[key] = {
            name: dict(list(rows.groupby(["run", "sections"], sort=False)))
            for name, rows in counts.groupby("part", sort=False)
        }
    found: Mapping[str, Mapping[tuple[str, int], pd.DataFrame]] = tables.found[key]
    return found.get(part, {})


def _sweep(condition: int, arm: Arm, tables: Tables) -> pd.DataFrame:
    table = tables.further.get("mesh.parquet")
    cells = _cells(condition, arm, tables)
    if table is None or not cells:
        raise MissingRunsError("this run has no counts of cells of a mesh")
    return sweep_cells(table[table["cell"].isin(list(cells.values()))], cells)


def _visited(condition: int, arm: Arm, tables: Tables) -> pd.DataFrame:
    table = tables.further.get("visits.parquet")
    cells = _cells(condition, arm, tables)
    if table is None or not cells:
        raise MissingRunsError("this run has no record of the cells that runs visit")
    within = {
        place: tables.values(cell, f"epoch_at_updates_{condition}")
        for place, cell in cells.items()
        if place != "linear"
    }
    return count_cells(table, cells, pd.DataFrame(within))


def _cells(condition: int, arm: Arm, tables: Tables) -> dict[str, str]:
    """Return the cell of each place of a condition; empty where one is not there."""
    there = tables.arms.get(arm, {})
    named = {place: strategy_at(place, condition) for place in PLACES}
    return {p: there[s] for p, s in named.items()} if set(named.values()) <= set(there) else {}


def _by_seed(counts: pd.DataFrame, of_counts: Any) -> pd.Series[float]:
    """Return a number of the counts of each seed's windows, in order."""
    found = {
        seed: of_counts(_each(rows.sort_values("share"))) for seed, rows in counts.groupby(level=0)
    }
    return pd.Series(found)


def _by_one(side: Side, arm: Arm, tables: Tables) -> dict[int, Count]:
    """Return the count that a side names of each seed."""
    rows = _counts(side, arm, tables, _PARTS[side["cells"]])
    return dict(zip(rows.index, _each(rows), strict=True))


def _each(rows: pd.DataFrame) -> list[Count]:
    columns = (rows[name].tolist() for name in ("cells", "snapshots", "at_bound"))
    return [Count(float(c), int(s), bool(b)) for c, s, b in zip(*columns, strict=True)]


def _change(tenths: list[Count]) -> float:
    """Return by how much the line through the counts changes, in percent of the snapshots.

    A count at its bound is taken as it stands, so that a fall from there seems smaller. Of a run of
    less epochs than windows some of these have no snapshot.
    """
    there = [place for place, tenth in enumerate(tenths) if tenth.snapshots]
    if len(there) < 2:
        return math.nan
    percent = [100.0 * tenths[place].cells / tenths[place].snapshots for place in there]
    return float(np.polyfit(there, percent, 1)[0]) * (len(tenths) - 1)


def _fall(halves: list[Count]) -> float:
    if not all(half.snapshots for half in halves):
        return math.nan
    first, second = (100.0 * half.cells / half.snapshots for half in halves)
    return first - second


def _is_clear(halves: list[Count]) -> bool:
    return not any(half.at_bound for half in halves)


def _values(found: pd.Series[float], pool: pd.Series[bool] | None = None) -> Values:
    members = None if pool is None else pool.to_numpy(bool)
    return Values(found.to_numpy(float), found.index.to_numpy(), "seeds", pool=members)
