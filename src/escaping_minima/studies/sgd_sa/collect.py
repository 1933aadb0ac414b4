"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.collect.cell_columns import (
    circumstances,
    data_checksums,
    data_note,
    mean_evaluations,
)
from escaping_minima.collect.layouts import ByRow
from escaping_minima.collect.merging import CollectedTables, Offered
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.problems.network import BLOCK
from escaping_minima.results.blocks import Block
from escaping_minima.studies.sgd_sa.measures import Watched, measure_run
from escaping_minima.studies.sgd_sa.measures_of_curves import published_curve
from escaping_minima.studies.sgd_sa.names import DATA_SET_NAMES
from escaping_minima.studies.sgd_sa.whole_runs import (
    CURVES,
    MEASURES,
    MOVES,
    WHOLE,
    WORSENINGS,
    is_tested,
    measured_again,
)

#: Epochs kept of a run of other roles than WHOLE, spread evenly: enough to see how it went.
CURVE_POINTS = 26
#: Channels of the first layer of the paper's networks, which a divisor divides.
CHANNELS = 64
DIRECTIONS = "directions.parquet"
#: Columns of what is seen of moves that hold no counts.
_REAL = ("probability", "worsening")


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one block, by file name.

    Of a run, its whole curve, its measures and, where its moves were watched, ``moves.parquet`` and
    ``worsenings.parquet``; of a probe, ``directions.parquet``.
    """
    run = {"cell": block.cell.id, "seed": block.index}
    if block.cell.rests_on:
        return {DIRECTIONS: _with(run, _directions(block))}
    curve = published_curve(block.table)
    watched = _watched(block)
    found = {
        CURVES: _with(run, curve),
        MEASURES: pd.DataFrame([run | measure_run(curve, watched)]),
    }
    if "moves" in block.kept:
        found |= {MOVES: _with(run, watched.moves), WORSENINGS: _with(run, watched.worsenings)}
    return found


def _with(run: Mapping[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    found = table.reset_index(drop=True)
    found.insert(0, "seed", np.int32(run["seed"]))
    found.insert(0, "cell", run["cell"])
    return found


def _watched(block: Block) -> Watched:
    """Return what was seen of a run's moves, as it is published."""
    if "moves" not in block.kept:
        return Watched.nothing()
    moves, worsenings = (block.kept[name].table() for name in ("moves", "worsenings"))
    types = {name: np.float32 if name in _REAL else np.int32 for name in moves}
    moves = moves.astype(types)
    # a method without rates has one move
    rates = np.array(block.cell.method_settings.get("rates", [math.nan]), dtype=np.float64)
    moves.insert(2, "rate", rates[moves["move"]])
    tested = is_tested(block.cell.method, block.cell.method_settings)
    return Watched(moves, worsenings.astype(np.int32), tested)


def _directions(block: Block) -> pd.DataFrame:
    """Return what a probe measured; numbers are changes of a loss and need no more than float32."""
    table = block.table
    return pd.DataFrame(
        {
            "epoch": np.full(len(table), _kept_epoch(block.cell), dtype=np.int32),
            "batch": table["batch"].astype(np.int32),
            "rate": table["rate"].astype(np.float64),
            "gradient_change": table["gradient_change"].astype(np.float32),
            "random_change": table["random_change"].astype(np.float32),
        }
    )


def _kept_epoch(cell: Any) -> int:
    """Return the epoch of the state that a probe reads."""
    return int(cell.kept.removeprefix("epoch"))


def pieces(block: Offered) -> dict[str, pd.DataFrame]:
    """Return what a block gives to each table: whole runs or, of other roles, less."""
    parts = {name: table for name, table in block.parts.items() if len(table)}
    if block.planned.labels["role"] in WHOLE:
        return parts
    few = {name: table for name, table in parts.items() if name in (MEASURES, DIRECTIONS)}
    if CURVES in parts:
        curve = parts[CURVES]
        count = min(CURVE_POINTS, len(curve))
        kept = np.unique(np.linspace(0, len(curve) - 1, count).round().astype(int))
        few[CURVES] = curve.iloc[kept]
    return few


def cell_row(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a cell's row of ``cells.csv``, from the manifests of its blocks.

    A probe's ``epochs`` are those of the run up to the state that it reads; what it rests on is the
    run's, so that it names no data of its own, and it does not count parameters.
    """
    cell, problem = planned.cell, planned.cell.problem_settings
    own = _of_probe(cell) if cell.rests_on else _of_training(cell, manifests)
    return {
        "cell": cell.id,
        **{name: planned.labels[name] for name in ("role", "variant", "network", "run")},
        "method": cell.method,
        "data_set": problem["data_set"],
        "epochs": own["epochs"],
        "batch_size": own["batch_size"],
        "channels": CHANNELS // problem["divisor"],
        "parameters": own["parameters"],
        "images": problem["train_images"] - problem["validation_images"],
        "test_images": problem["test_images"],
        "precision": own["precision"],
        "data_version": problem["data"],
        "data_words": _words(problem),
        "data": canonical_json(own["data"]),
        "data_note": data_note(manifests),
        "seeds": len(manifests),
        **mean_evaluations(manifests, len(manifests)),
        **circumstances(planned, manifests),
    }


def _of_training(cell: Any, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "epochs": cell.epochs,
        "batch_size": cell.batch_size["first"],
        "parameters": manifests[0]["parameters"],
        "precision": cell.precision,
        "data": data_checksums(manifests),
    }


def _of_probe(cell: Any) -> dict[str, Any]:
    return {
        "epochs": _kept_epoch(cell),
        "batch_size": cell.measure["settings"]["batch"],
        "parameters": "",
        # probes make no use of autocast
        "precision": "float32",
        "data": {},
    }


def _words(problem: Mapping[str, Any]) -> str:
    name = DATA_SET_NAMES[problem["data_set"]]
    kinds = {
        "generated": f"generated images, not {name}",
        "sample": f"{name}, its sample in the repository",
        "full": name,
    }
    held_out = problem["validation_images"]
    train = f"{problem['train_images'] - held_out:,} training"
    held = f", {held_out:,} held-out" if held_out else ""
    return f"{kinds[problem['data']]}: {train}{held} and {problem['test_images']:,} test images"


#: ``cells.csv`` has one row a cell; ``curves.parquet`` one row a cell, seed and epoch, of roles
#: other than WHOLE at most CURVE_POINTS epochs a run; ``measures.parquet`` one row a run: what the
#: claims rest on. Of WHOLE alone are ``moves.parquet``, one row a cell, seed, epoch and move, and
#: ``worsenings.parquet``, one row a cell, seed, epoch and bin. ``directions.parquet`` has one row a
#: probe, seed, minibatch and rate.
TABLES = CollectedTables(
    of_block=of_block,
    pieces=pieces,
    cell_row=cell_row,
    layouts={
        name: ByRow(("cell", "seed"), "seed")
        for name in (CURVES, MEASURES, MOVES, WORSENINGS, DIRECTIONS)
    },
    count="seeds",
    each=BLOCK,
    place=("role", "variant", "network", "run"),
    again=measured_again,
)
