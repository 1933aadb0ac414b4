"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.collect.cell_columns import circumstances, joined, mean_evaluations
from escaping_minima.collect.layouts import ByRow
from escaping_minima.collect.merging import CollectedTables, Offered
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.problems.network import BLOCK
from escaping_minima.results.blocks import Block
from escaping_minima.studies.batch_increase.measures import measure_run

#: Epochs kept of a curve that has more, spread evenly: enough for a figure.
CURVE_POINTS = 150


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one run: its thinned curve, its measures, what it gets wrong.

    The measures are taken from the whole curve.
    """
    images = block.cell.problem_settings["train_images"]
    run = {"cell": block.cell.id, "seed": block.index}
    measures = run | measure_run(block.table, images)
    return {
        "curves.parquet": _curve(block.cell.id, block.index, block.table),
        "measures.parquet": pd.DataFrame([measures]),
        "wrong.parquet": pd.DataFrame([run | {"wrong": block.table["wrong"].iloc[-1]}]),
    }


def _curve(cell: str, seed: int, table: pd.DataFrame) -> pd.DataFrame:
    count = min(CURVE_POINTS, len(table))
    kept = table.iloc[np.unique(np.linspace(0, len(table) - 1, count).round().astype(int))]
    whole = {"epoch": np.int32, "batch_size": np.int32, "updates": np.int64}
    columns = {c: whole.get(c, np.float32) for c in table.columns if c != "wrong"}
    thin = kept[list(columns)].astype(columns)
    thin.insert(0, "seed", np.int32(seed))
    thin.insert(0, "cell", cell)
    return thin


def _pieces(block: Offered) -> Mapping[str, pd.DataFrame]:
    return block.parts


def cell_row(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a cell's row of ``cells.csv``, from the manifests of its runs."""
    cell = planned.cell
    problem = cell.problem_settings
    batch_size = cell.record()["batch_size"]
    return {
        "cell": cell.id,
        **{k: planned.labels[k] for k in ("role", "variant", "strategy")},
        "method": cell.method,
        "learning_rate": cell.method_settings["learning_rate"],
        "first_batch_size": batch_size["first"],
        "last_batch_size": batch_size["last"],
        "epochs": cell.record()["epochs"],
        "parameters": manifests[0]["parameters"],
        "images": problem["train_images"],
        "test_images": problem["test_images"],
        "data_version": problem["data"],
        "data_words": _words(problem),
        "data": canonical_json(_checksums(manifests)),
        "data_note": _note(manifests),
        "seeds": len(manifests),
        **mean_evaluations(manifests, len(manifests)),
        **circumstances(planned, manifests),
    }


def _words(problem: Any) -> str:
    kinds = {
        "generated": "generated images, not MNIST",
        "sample": "MNIST, its sample in the repository",
        "full": "MNIST",
    }
    sizes = f"{problem['train_images']:,} training and {problem['test_images']:,} test images"
    return f"{kinds[problem['data']]}: {sizes}"


def _checksums(manifests: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the checksum of every file, or all of them should runs have used several."""
    names = sorted({name for m in manifests for name in m["data"]})
    return {name: joined(m["data"].get(name, "none") for m in manifests) for name in names}


def _note(manifests: Sequence[Mapping[str, Any]]) -> str:
    """Return what a reader must know of the data: files that are not the official ones."""
    accepted = sorted({name for m in manifests for name in m.get("data_accepted", [])})
    return f"not the official file, accepted by the user: {', '.join(accepted)}" if accepted else ""


#: ``cells.csv`` has one row a cell; ``curves.parquet`` one row a cell, seed and epoch, of at most
#: CURVE_POINTS epochs a run; ``measures.parquet`` one row a run: what the claims rest on;
#: ``wrong.parquet`` one row a run: the test images it classifies wrongly at the end, a bit each.
TABLES = CollectedTables(
    of_block=of_block,
    pieces=_pieces,
    cell_row=cell_row,
    layouts={
        name: ByRow(("cell", "seed"), "seed")
        for name in ("curves.parquet", "measures.parquet", "wrong.parquet")
    },
    count="seeds",
    each=BLOCK,
    place=("role", "variant", "strategy"),
)
