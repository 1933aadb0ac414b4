"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.collect.layouts import ByRow, Layout, Piece
from escaping_minima.collect.merging import CollectedTables, Offered
from escaping_minima.kinds.search.choice import best_trial
from escaping_minima.problems.network import BLOCK
from escaping_minima.results.blocks import Block
from escaping_minima.studies.populations.cell_rows import cell_row
from escaping_minima.studies.populations.courses import (
    activity_of,
    curve_of,
    epochs_of,
    published_activity,
    published_epochs,
    scores_of,
)
from escaping_minima.studies.populations.names import TRAJECTORIES
from escaping_minima.studies.populations.searches import DRAWN

EPOCHS, ACTIVITY, CURVES = "epochs.parquet", "activity.parquet", "curves.parquet"
TRIALS, FLOOR = "trials.parquet", "floor.csv"


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one block, by file name; whose it is, `pieces` adds.

    Of a run all its epochs, how its noise acted and, where it was watched, its smoothed loss; of a
    trial what it drew and came to; of a floor its scores.
    """
    if block.cell.KIND == "search":
        return {TRIALS: _trial(block)}
    if block.cell.KIND == "baseline":
        return {FLOOR: _floor(block.table)}
    found = {
        EPOCHS: epochs_of(block.table),
        ACTIVITY: activity_of(block.table, block.cell.method),
    }
    if "curve" in block.kept:
        found[CURVES] = curve_of(block.kept["curve"].table())
    return found


def _trial(block: Block) -> pd.DataFrame:
    (kept,) = block.kept["trial"].table().to_dict("records")
    drawn = json.loads(kept["settings"])
    last = block.table.iloc[[-1]]
    return pd.DataFrame(
        {
            **{name: [float(drawn.get(name, math.nan))] for name in DRAWN},
            "validation_loss": last["validation_loss"].to_numpy(np.float32),
            "validation_score": scores_of(last, "validation").to_numpy(np.float32),
            "score": [float(kept["score"])],
            "best": [kept["best"]],
        }
    )


def _floor(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({f"{s}_score": scores_of(table, s) for s in ("validation", "test")})


def pieces(block: Offered) -> dict[str, pd.DataFrame]:
    """Return what a block gives to each table; short runs say how noise acts and no more."""
    labels, parts = block.planned.labels, block.parts
    run = {"cell": block.planned.cell_id, "block": np.int32(block.index)}
    if TRIALS in parts:
        names = {"task": labels["task"], "method": labels["method"], "trial": run["block"]}
        return {TRIALS: _with({"cell": run["cell"], **names}, parts[TRIALS])}
    if FLOOR in parts:
        names = {
            "cell": run["cell"],
            "task": labels["task"],
            "data": block.planned.cell.problem_settings["data"],
            "floor": labels["method"],
        }
        return {FLOOR: _with(names, parts[FLOOR])}
    found = {ACTIVITY: _with(run, published_activity(parts[ACTIVITY]))}
    if labels["role"] in TRAJECTORIES:
        epochs = _with(run, parts[EPOCHS])
        found[EPOCHS] = published_epochs(epochs, labels["models"])
        found[CURVES] = _with(run, parts[CURVES])
    return {name: table for name, table in found.items() if len(table)}


def _with(whose: Mapping[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    names = pd.DataFrame(dict(whose), index=table.index)
    return pd.concat([names, table], axis=1)


@dataclass(frozen=True)
class Trials:
    """Rows of trials, the best one of each search marked in the column ``chosen``."""

    rows: ByRow

    def join(self, pieces: Sequence[Piece]) -> pd.DataFrame | None:
        """See `Layout.join`."""
        found = self.rows.join(pieces)
        return found if found is None else _marked(found)

    def extend(
        self, name: str, old: pd.DataFrame, pieces: Sequence[Piece], held: Mapping[str, int]
    ) -> pd.DataFrame:
        """See `Layout.extend`; which one is the best may change."""
        return _marked(self.rows.extend(name, old.drop(columns="chosen"), pieces, held))

    def of_cells(self, old: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
        """See `Layout.of_cells`."""
        return self.rows.of_cells(old, cells)


def _marked(trials: pd.DataFrame) -> pd.DataFrame:
    chosen = pd.Series(0, index=trials.index, dtype=np.int8)
    for _, search in trials.groupby("cell", sort=False):
        best = best_trial(search["score"].tolist(), str(search["best"].iloc[0]))
        if best is not None:
            chosen[search.index[best]] = 1
    return trials.assign(chosen=chosen)


_RUN = ByRow(("cell", "block"), "block")
LAYOUTS: Mapping[str, Layout] = {
    EPOCHS: _RUN,
    ACTIVITY: _RUN,
    CURVES: _RUN,
    TRIALS: Trials(ByRow(("cell", "trial"), "trial")),
    FLOOR: ByRow(("cell", "floor")),
}
#: ``cells.csv`` has one row a cell. Of trajectories are ``epochs.parquet``, one row a model (of
#: long ones not all: see `published_epochs`), and ``curves.parquet``, one row a window of updates;
#: of these and of short runs ``activity.parquet``, one row an epoch. ``trials.parquet`` has one row
#: a trial of a search, ``floor.csv`` one a floor.
TABLES = CollectedTables(
    of_block=of_block,
    pieces=pieces,
    cell_row=cell_row,
    layouts=LAYOUTS,
    count="blocks",
    each=BLOCK,
    place=("role", "task", "method", "variant"),
)
