"""What the tables need of one block: of runs in the arena, of searches, and of examinations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from escaping_minima.studies.escape.codes import (
    NEVER,
    cost_codes,
    kept_losses,
    pack_flags,
    pack_regions,
)
from escaping_minima.studies.escape.settings import GROUP

if TYPE_CHECKING:
    from escaping_minima.kinds.arena.cell import ArenaCell
    from escaping_minima.results.blocks import Block

ENDS, LOSSES, EACH = "ends.parquet", "losses.parquet", "each.parquet"
REACHED, PATHS, DENSITY = "reached.parquet", "paths.parquet", "density.parquet"
TRIALS = "trials.parquet"
GRADIENTS, CRITICAL, LEAVING = "gradients.parquet", "critical.parquet", "leaving.parquet"
ATTRACTORS, WAYS = "attractors.parquet", "ways.parquet"
#: Images have few starts: groups of them are as many, and smaller.
IMAGE_GROUPS = 10
#: Points of a path that are kept, at most.
PATH_POINTS = 60
#: Bins of the interval in which a sampler's places are counted, and its ends.
DENSITY_BINS, DENSITY_ENDS = 32, (-1.6, 1.6)
#: More paths than these are kept of a sampler alone.
FEW_PATHS = 8
#: Critical points count whose coordinates are within this multiple of the box.
FARTHEST = 2.0


def arena_tables(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of a block of starts, by file name."""
    cell, table = cast("ArenaCell", block.cell), block.table
    loss, start = kept_losses(table), table["start_loss"].to_numpy(np.float64)
    found = {ENDS: _ends(table, cell.budget), LOSSES: _losses(loss, start, table, cell.problem)}
    if cell.problem == "small_mnist":
        found[EACH] = pd.DataFrame({"starts": [len(loss)], "loss": [_bytes(loss)]})
    if len(cell.path_of) > FEW_PATHS:
        return found | {DENSITY: _density(block.kept["paths"].table())}
    found[REACHED] = _reached(block.kept["targets"].table(), cell)
    if cell.path_of:
        found[PATHS] = _thinned(block.kept["paths"].table())
    return found


def _ends(table: pd.DataFrame, budget: int) -> pd.DataFrame:
    costs = (table[name].to_numpy(np.float64) for name in ("escape_cost", "best_cost"))
    escape, best = (cost_codes(cost, budget) for cost in costs)
    return pd.DataFrame(
        {
            "starts": [len(table)],
            "start": [pack_regions(table["start_region"].to_numpy(np.int64))],
            "end": [pack_regions(table["end_region"].to_numpy(np.int64))],
            "best": [pack_flags(table["best"].to_numpy(np.bool_))],
            "escape": [escape.tobytes()],
            "found": [best.tobytes()],
            "returns": [float(table["returns"].mean())],
        }
    )


def _losses(loss: np.ndarray, start: np.ndarray, table: pd.DataFrame, problem: str) -> pd.DataFrame:
    """Return mean, worst tenth and least of the losses of each group of starts."""
    count = len(loss)
    size = max(1, count // IMAGE_GROUPS) if problem == "small_mnist" else GROUP
    groups = count // size
    ends, starts = (values[: groups * size].reshape(groups, size) for values in (loss, start))
    lowest = np.fmin(table["lowest_loss"].to_numpy(np.float64), loss)
    return pd.DataFrame(
        {
            "group": np.arange(groups, dtype=np.int32),
            "start": starts.mean(1),
            "mean": ends.mean(1),
            "worst": np.quantile(ends, 0.9, axis=1),
            "lowest": lowest[: groups * size].reshape(groups, size).min(1),
        }
    )


def _bytes(values: np.ndarray) -> bytes:
    # a run that left for good may have more than a float32 holds: infinity says so
    with np.errstate(over="ignore"):
        return values.astype(np.float32).tobytes()


def _reached(targets: pd.DataFrame, cell: ArenaCell) -> pd.DataFrame:
    """Count pairs of a start and a target by the bin of the cost at which it was reached."""
    codes = cost_codes(targets["cost"].to_numpy(np.float64), cell.budget)
    bins, counts = np.unique(codes[codes != NEVER], return_counts=True)
    return pd.DataFrame({"bin": bins.astype(np.int32), "count": counts.astype(np.int64)})


def _thinned(paths: pd.DataFrame) -> pd.DataFrame:
    """Return each path at PATH_POINTS points, evenly spread, its ends among them."""
    parts = []
    for _, path in paths.groupby("replicate", sort=True):
        count = min(PATH_POINTS, len(path))
        parts.append(path.iloc[np.unique(np.linspace(0, len(path) - 1, count).round().astype(int))])
    whole = pd.concat(parts, ignore_index=True) if parts else paths
    second = whole["w1"] if "w1" in whole else pd.Series(np.nan, index=whole.index)
    found = whole[["replicate", "cost", "loss"]].assign(x=whole["w0"], y=second)
    types = dict.fromkeys(("cost", "loss", "x", "y"), np.float32)
    with np.errstate(over="ignore"):
        return found.astype({"replicate": np.int32, **types})


def _density(paths: pd.DataFrame) -> pd.DataFrame:
    """Count the places of each group's runs over the second half of their paths, by bins."""
    late = paths[paths["cost"] >= paths.groupby("replicate")["cost"].transform("max") / 2]
    low, high = DENSITY_ENDS
    share = (late["w0"] - low) / (high - low)
    bins = np.clip((share * DENSITY_BINS).fillna(0.0), 0, DENSITY_BINS - 1).astype(np.int32)
    counted = late.assign(group=(late["replicate"] // GROUP).astype(np.int32), bin=bins)
    counts = counted.groupby(["group", "bin"]).size().reset_index(name="count")
    return counts.assign(bins=np.int32(DENSITY_BINS))


def search_tables(block: Block) -> dict[str, pd.DataFrame]:
    """Return what a search drew and what came of it, a row a trial."""
    trials = block.kept["trials"].table()
    kept = block.table.set_index("trial").loc[trials["trial"]]
    return {
        TRIALS: pd.DataFrame(
            {
                "trial": trials["trial"].astype(np.int32),
                "settings": [json.dumps(json.loads(s), sort_keys=True) for s in trials["settings"]],
                "score": trials["score"].astype(np.float64),
                "lost": kept["lost"].to_numpy(),
            }
        )
    }


def examine_tables(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of an examination, by the name of its measure."""
    name = block.cell.record()["measure"]["name"]
    if name == "batch_gradients":
        return {GRADIENTS: _gradients(block.table)}
    if name == "critical_points":
        return {CRITICAL: _critical(block.table)}
    if name == "saddle_escape":
        return {LEAVING: _leaving(block.table)}
    ends = block.table[["replicate", "loss", "level", "attractor"]]
    ways = block.kept["ways"].table()
    return {
        ATTRACTORS: ends.reset_index(drop=True),
        WAYS: ways.astype({"straight": np.float32, "bent": np.float32}),
    }


def _gradients(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the norms at the local minimum, beside one item's at the global one."""
    minima = rows[rows["negative"] == 0]
    first, last = (minima["loss"] == minima["loss"].min(), minima["loss"] == minima["loss"].max())
    scale = float(minima.loc[first, "item_norm"].iloc[0])
    local = minima[last]
    return pd.DataFrame(
        {
            "block": local["replicate"].to_numpy(np.int32),
            "batch": local["batch"].to_numpy(np.int32),
            "replacement": np.where(local["replacement"] == 1, "with", "without"),
            "norm": local["rms_norm"].to_numpy(np.float64),
            "expected": local["expected"].to_numpy(np.float64),
            "scale": scale,
        }
    )


def _critical(rows: pd.DataFrame) -> pd.DataFrame:
    """Count the points that were found, each once, by kind and index."""
    own = rows["point"] == rows["replicate"]
    found = rows[own & (rows["converged"] == 1) & (rows["farthest"] <= FARTHEST)]
    flat, downhill, uphill = found["zero"] > 0, found["negative"] > 0, found["positive"] > 0
    kinds = np.select([flat, ~downhill, ~uphill], ["flat", "minimum", "maximum"], "saddle")
    counted = pd.DataFrame({"kind": kinds, "index": found["negative"].to_numpy(np.int32)})
    return counted.groupby(["kind", "index"]).size().reset_index(name="count")


def _leaving(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": np.where(rows["saddle"] == 1, "saddle", "minimum"),
            "steps": rows["escape_step"].to_numpy(np.int32),
        }
    )
