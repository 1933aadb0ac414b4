"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

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
from escaping_minima.errors import UserError
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.problems.network import BLOCK
from escaping_minima.results.blocks import Block
from escaping_minima.studies.batch_increase.convergence import running_level
from escaping_minima.studies.batch_increase.measures import measure_run

#: Epochs kept of a curve that has more, spread evenly: enough for a figure.
CURVE_POINTS = 150


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one run: its thinned curve, its measures, what it gets wrong.

    The measures are taken from the whole curve.
    """
    run = {"cell": block.cell.id, "seed": block.index}
    wrong = pd.DataFrame([run | {"wrong": block.table["wrong"].iloc[-1]}])
    curve = block.table.drop(columns="wrong")
    images = block.cell.problem_settings["train_images"]
    return of_curve(curve, block.cell.id, block.index, images) | {"wrong.parquet": wrong}


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
        ``curves.parquet``, in float32 and at most CURVE_POINTS rows; ``measures.parquet``, from
        all epochs in float32.
    """
    whole = {"epoch": np.int32, "batch_size": np.int32, "updates": np.int64}
    curve = curve.astype({c: whole.get(c, np.float32) for c in curve})
    measures = measure_run(curve, images)
    level = running_level(curve["train_loss"].to_numpy(float)).astype(np.float32)
    count = min(CURVE_POINTS, len(curve))
    kept = np.unique(np.linspace(0, len(curve) - 1, count).round().astype(int))
    thin = curve.assign(train_loss_level=level).iloc[kept]
    thin.insert(0, "seed", np.int32(seed))
    thin.insert(0, "cell", cell)
    return {
        "curves.parquet": thin,
        "measures.parquet": pd.DataFrame([{"cell": cell, "seed": seed} | measures]),
    }


def measured_again(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return curves and measures of collected tables, taken again from their curves.

    Parameters
    ----------
    tables : Mapping of DataFrame
        With all epochs of all runs in ``curves.parquet``.

    Raises
    ------
    UserError
        If epochs are missing: these runs have to be run again.
    """
    cells = tables["cells.csv"].set_index("cell")
    lost = tables["measures.parquet"].set_index(["cell", "seed"])["diverged"] > 0
    taken = []
    for (cell, seed), run in tables["curves.parquet"].groupby(["cell", "seed"], sort=False):
        epochs = int(cells.loc[cell, "epochs"])
        last = int(run["epoch"].iloc[-1])
        ended = last == epochs or lost[cell, seed]
        if not ended or not np.array_equal(run["epoch"], np.arange(last + 1)):
            raise UserError(
                f"cell {cell}, seed {seed}: curves.parquet has {len(run) - 1} of its {epochs} "
                "epochs; allowed: all of them; run and publish it again",
                exit_code=1,
            )
        curve = run.drop(columns=["cell", "seed", "train_loss_level"], errors="ignore")
        taken.append(of_curve(curve, cell, seed, int(cells.loc[cell, "images"])))
    names = ("curves.parquet", "measures.parquet")
    return {name: pd.concat([t[name] for t in taken], ignore_index=True) for name in names}


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
        "data": canonical_json(data_checksums(manifests)),
        "data_note": data_note(manifests),
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
    again=measured_again,
)
