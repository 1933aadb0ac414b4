"""What sides of records are in the tables: start by start, or group by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.studies.escape.codes import code_by
from escaping_minima.studies.escape.run_tables import Starts, Tables
from escaping_minima.studies.escape.terrain import TERRAIN

#: Cells whose single descents foretell what several of them come to.
SINGLE = {"role": "restarts", "arm": "single"}
#: The test of a sampler that looks at all items.
FULL = "full"
#: By when a share that names no part of the budget is taken.
_WHOLE = 100
_SHARES: Mapping[str, Callable[[Starts, int], NDArray[np.bool_]]] = {
    "best": lambda starts, code: starts.best,
    "stuck": lambda starts, code: ~starts.best,
    "own": lambda starts, code: (starts.end == starts.start) & (starts.start >= 0),
    "moved": lambda starts, code: (starts.end != starts.start) & (starts.end >= 0),
    "escaped": lambda starts, code: starts.escape <= code,
    "found": lambda starts, code: starts.found <= code,
}
SHARES = tuple(_SHARES)
#: Tables whose blocks are random functions, each a cell of its own.
BY_FUNCTION = ("critical.parquet", "leaving.parquet")


def side_values(side: Side, tables: Tables) -> Values:
    """Return what a side is for every start, group of starts, random function or seed.

    Parameters
    ----------
    side : Mapping
        See `evidence.FORMS`.
    tables : Tables

    Raises
    ------
    MissingRunsError
        If the tables have none of these runs.
    """
    key = frozenset(side.items())
    if key not in tables.values:
        form = next(name for name in _FORMS if name in side)
        tables.values[key] = _FORMS[form](side, tables)
    return tables.values[key]


def _share(side: Side, tables: Tables) -> Values:
    (cell,) = tables.cells_of(side)
    starts = tables.starts(cell)
    found = _SHARES[side["share"]](starts, code_by(side.get("by", _WHOLE)))
    return Values(found.astype(float), np.arange(len(found)), _design(side), share=True)


def _gap(side: Side, tables: Tables) -> Values:
    """Return the mean gap of each group of starts, or that of its worst tenth."""
    (cell,) = tables.cells_of(side)
    rows = tables.of("losses", cell).sort_values(["block", "group"])
    above = rows[side["gap"]].to_numpy(float) - tables.lowest(side["problem"])
    percent = 100.0 * above / TERRAIN[side["problem"]].height
    return Values(percent, np.arange(len(percent)), f"groups of {_design(side)}")


def _best_of(side: Side, tables: Tables) -> Values:
    """Return whether each run came to a global minimum, or as many draws of single descents did.

    What is foretold is 1 - (1 - p)^K by its definition: whether one at least of K single descents
    from starts of their own ends there, each descent in one draw alone.
    """
    (cell,) = tables.cells_of({**side, "best_of": "run"})
    run = tables.starts(cell).best
    if side["best_of"] == "run":
        return Values(run.astype(float), np.arange(len(run)), _design(side), share=True)
    (single,) = tables.cells_of({"problem": side["problem"], **SINGLE})
    best, number = tables.starts(single).best, side["number"]
    draws = np.asarray(best[: len(best) // number * number].reshape(-1, number).any(axis=1))
    draws = draws[: len(run)]
    if len(draws) < len(run):
        raise MissingRunsError(f"this run has no {len(run) * number} single descents")
    design = f"single descents of {side['problem']}"
    return Values(draws.astype(float), np.arange(len(draws)), design, share=True)


def _distance(side: Side, tables: Tables) -> Values:
    """Return for each group the total variation, in percent, to all runs that test on all items.

    The law of one group has noise of its own, alike for all tests that are compared.
    """
    (cell,), (reference,) = (tables.cells_of({**side, "test": t}) for t in (side["test"], FULL))
    own, other = (_densities(tables.of("density", c)) for c in (cell, reference))
    whole = other.sum().reindex(own.columns, fill_value=0.0)
    shares = own.div(own.sum(axis=1), axis=0)
    found = 50.0 * (shares - whole / whole.sum()).abs().sum(axis=1)
    return Values(found.to_numpy(float), np.arange(len(found)), f"groups of {_design(side)}")


def _densities(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of a cell's groups by bin, (groups, bins)."""
    counts = rows.pivot_table(
        index=["block", "group"], columns="bin", values="count", aggfunc="sum", fill_value=0
    )
    return counts.reindex(columns=range(int(rows["bins"].max())), fill_value=0).astype(float)


def _fall(side: Side, tables: Tables) -> Values:
    """Return for each set of draws the slope of the log norm, by least squares."""
    (cell,) = tables.cells_of(side)
    rows = tables.of("gradients", cell)
    rows = rows[rows["replacement"] == side["fall"]]
    items = TERRAIN[side["problem"]].items
    sizes = rows["batch"].to_numpy(float)
    if side["fall"] == "without":
        # a batch of all items has the gradient of all: 0, and no logarithm
        rows, sizes = rows[sizes < items], sizes[sizes < items]
        x = 0.5 * np.log((items - sizes) / (sizes * (items - 1)))
    else:
        x = np.log(sizes)
    fitted = rows.assign(x=x, y=np.log(rows["norm"])).groupby("block")[["x", "y"]]
    found = fitted.apply(lambda part: float(np.polyfit(part["x"], part["y"], 1)[0]))
    return Values(found.to_numpy(float), found.index.to_numpy(np.int64), "draws of batches")


def _norm(side: Side, tables: Tables) -> Values:
    (cell,) = tables.cells_of(side)
    rows = tables.of("gradients", cell)
    chosen = rows[(rows["replacement"] == side["norm"]) & (rows["batch"] == side["batch"])]
    if chosen.empty:
        raise MissingRunsError(f"this run has no batches of {side['batch']}")
    percent = 100.0 * chosen["norm"] / chosen["scale"]
    return Values(percent.to_numpy(float), chosen["block"].to_numpy(np.int64), "draws of batches")


def _critical(side: Side, tables: Tables) -> Values:
    """Return for each function the percent of its critical points that are of a kind."""
    rows = _by_function("critical", side, tables)
    counts = rows.pivot_table(index="block", columns="kind", values="count", aggfunc="sum")
    asked = counts.reindex(columns=[side["critical"]], fill_value=0).fillna(0).iloc[:, 0]
    return _of_functions(100.0 * asked / counts.sum(axis=1), side)


def _leaving(side: Side, tables: Tables) -> Values:
    """Return for each function the percent of starts beside points of a kind that were left."""
    rows = _by_function("leaving", side, tables)
    left = (rows["steps"] >= 0).where(rows["kind"] == side["leaving"])
    return _of_functions(100.0 * left.astype(float).groupby(rows["block"]).mean(), side)


def _by_function(table: str, side: Side, tables: Tables) -> pd.DataFrame:
    """Return the rows of all functions of a problem, whose number is their block."""
    there = [
        tables.tables[table][cell]
        for cell in tables.cells_of(side)
        if cell in tables.tables.get(table, {})
    ]
    if not there:
        raise MissingRunsError(f"this run has no {table} of {TERRAIN[side['problem']].title}")
    return pd.concat(there, ignore_index=True)


def _of_functions(found: pd.Series[float], side: Side) -> Values:
    ids = found.index.to_numpy(np.int64)
    return Values(found.to_numpy(float), ids, f"functions of {side['problem']}")


def _skip(side: Side, tables: Tables) -> Values:
    """Return a number of each seed: the mean over its planes, where it is one of planes."""
    (cell,) = tables.cells_of(side)
    rows = tables.of("skips", cell)
    chosen = rows[rows["measure"] == side["skip"]].groupby("block")["value"].mean()
    if chosen.empty:
        raise MissingRunsError(f"this run has no {side['skip']} of {side['problem']}")
    is_share = side["skip"] == "reached"
    return Values(
        chosen.to_numpy(float), chosen.index.to_numpy(np.int64), _design(side), share=is_share
    )


def _design(side: Side) -> str:
    return f"starts of {side['problem']}"


_FORMS: Mapping[str, Callable[[Side, Tables], Values]] = {
    "share": _share,
    "gap": _gap,
    "best_of": _best_of,
    "distance": _distance,
    "fall": _fall,
    "norm": _norm,
    "critical": _critical,
    "leaving": _leaving,
    "skip": _skip,
}
