"""The curves of runs as they are kept, and the measures that are taken from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.errors import UserError
from escaping_minima.studies.batch_increase.convergence import running_level
from escaping_minima.studies.batch_increase.measures import measure_run

CURVES, MEASURES = "curves.parquet", "measures.parquet"
LADDER_CURVES, ORDER_CURVES = "ladder_curves.parquet", "order_curves.parquet"
SGD_CURVES, VARIANT_CURVES = "sgd_curves.parquet", "variant_curves.parquet"
#: A table may have a megabyte, so that roles with many long runs have one of their own.
CURVE_TABLES = (CURVES, LADDER_CURVES, ORDER_CURVES, SGD_CURVES, VARIANT_CURVES)
#: Epochs kept of a curve that has more than both, spread evenly: enough for a figure. And early
#: ones, each later than the one before by the same factor, so that times are resolved alike.
EVEN_POINTS, EARLY_POINTS = 120, 30
_TYPES = {"epoch": np.int32, "batch_size": np.int32, "updates": np.int64}


def of_curve(curve: pd.DataFrame, cell: str, seed: int, images: int) -> dict[str, pd.DataFrame]:
    """Return what the tables need of the whole curve of a run.

    Parameters
    ----------
    curve : DataFrame
        One row an epoch, as `measure_run` takes it, in float32 or better.
    cell : str
        Id.
    seed : int
    images : int
        How many it is trained on.

    Returns
    -------
    dict of DataFrame
        CURVES, in float32 and of the epochs of `kept_rows` alone; MEASURES, from all epochs in
        float32.
    """
    curve = curve.astype({n: _TYPES.get(n, np.float32) for n in curve.columns})
    measures = measure_run(curve, images)
    # of all epochs: the level is a mean over many of them
    level = running_level(curve["train_loss"].to_numpy(float)).astype(np.float32)
    thin = curve.assign(train_loss_level=level).iloc[kept_rows(len(curve))]
    thin.insert(0, "seed", np.int32(seed))
    thin.insert(0, "cell", cell)
    return {CURVES: thin, MEASURES: pd.DataFrame([{"cell": cell, "seed": seed} | measures])}


def kept_rows(count: int) -> NDArray[np.int64]:
    """Return which rows of a curve are kept, the start being row 0; of a short one all.

    Parameters
    ----------
    count : int
        Rows of the whole curve.
    """
    if count <= EVEN_POINTS + EARLY_POINTS:
        return np.arange(count)
    even = np.linspace(0, count - 1, EVEN_POINTS)
    early = np.geomspace(1, count - 1, EARLY_POINTS)
    return np.unique(np.concatenate([even, early]).round().astype(np.int64))


def curve_table(role: str) -> str:
    """Return the table that has the curves of a role."""
    if role.endswith(("_ladder", "_ladder_variant")):
        return LADDER_CURVES
    if role.endswith("_orders"):
        return ORDER_CURVES
    return {"main_sgd": SGD_CURVES, "main_variant": VARIANT_CURVES}.get(role, CURVES)


def curves_of(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the curves of all roles, given the collected tables by file name."""
    there = [tables[name] for name in CURVE_TABLES if name in tables]
    return pd.concat(there, ignore_index=True)


def measured_again(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return curves and measures of collected tables, taken again from their curves.

    Parameters
    ----------
    tables : Mapping of DataFrame
        With all epochs of all runs in CURVE_TABLES.

    Raises
    ------
    UserError
        If epochs are missing: these runs have to be run again.
    """
    cells = tables["cells.csv"].set_index("cell")
    lost = tables[MEASURES].set_index(["cell", "seed"])["diverged"] > 0
    found = {}
    for name in (name for name in CURVE_TABLES if name in tables):
        for (cell, seed), run in tables[name].groupby(["cell", "seed"], sort=False):
            _require_all(run, int(cells.loc[cell, "epochs"]), lost[cell, seed], name)
            curve = run.drop(columns=["cell", "seed", "train_loss_level"], errors="ignore")
            again = of_curve(curve, cell, seed, int(cells.loc[cell, "images"]))
            found[cell, seed] = {name: again[CURVES], MEASURES: again[MEASURES]}
    # measures have the order of the cells, whichever table holds their curves
    runs = tables[MEASURES][["cell", "seed"]].itertuples(index=False, name=None)
    taken = [found[run] for run in runs]
    names = dict.fromkeys(name for one in taken for name in one)
    return {n: pd.concat([t[n] for t in taken if n in t], ignore_index=True) for n in names}


def _require_all(run: pd.DataFrame, epochs: int, lost: bool, name: str) -> None:
    cell, seed = run["cell"].iloc[0], run["seed"].iloc[0]
    last = int(run["epoch"].iloc[-1])
    ended = last == epochs or lost
    if not ended or not np.array_equal(run["epoch"], np.arange(last + 1)):
        raise UserError(
            f"cell {cell}, seed {seed}: {name} has {len(run) - 1} of its {epochs} epochs; allowed: "
            "all of them; run and publish it again",
            exit_code=1,
        )
