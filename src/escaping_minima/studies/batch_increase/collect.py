"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from escaping_minima.plan.cells import TrainingCell, canonical_json
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.cell_columns import circumstances, joined
from escaping_minima.studies.batch_increase.measures import measure_run

if TYPE_CHECKING:
    from escaping_minima.parts.study import ReadBlock

#: Epochs kept of a curve that has more, spread evenly: enough for a figure.
CURVE_POINTS = 150

_Seeds = dict[int, tuple[pd.DataFrame, dict[str, Any]]]


def collect(cells: Iterable[PlannedBlocks], read: ReadBlock) -> dict[str, pd.DataFrame]:
    """Return the tables of the study, by file name.

    Parameters
    ----------
    cells : iterable of PlannedBlocks
        A cell may come several times, with other blocks.
    read : callable
        Gives a block's table and manifest.

    Returns
    -------
    dict of DataFrame
        ``cells.csv`` one row a cell; ``curves.parquet`` one row a cell, seed and epoch, of at most
        CURVE_POINTS epochs a run; ``measures.parquet`` one row a run: what the claims rest on,
        from the whole curves; ``wrong.parquet`` one row a run: the test images it classifies
        wrongly at the end, a bit each.
    """
    planned: dict[str, PlannedBlocks] = {}
    runs: dict[str, _Seeds] = {}
    for item in cells:
        planned.setdefault(item.cell.id, item)
        found = runs.setdefault(item.cell.id, {})
        for seed in item.indices:
            found[seed] = read(item.cell.id, seed)
    ordered = {cell: dict(sorted(seeds.items())) for cell, seeds in runs.items()}
    every = [
        (cell, seed, table) for cell, seeds in ordered.items() for seed, (table, _) in seeds.items()
    ]
    return {
        "cells.csv": pd.DataFrame(
            [_cell_row(planned[cell], seeds) for cell, seeds in ordered.items()]
        ),
        "curves.parquet": pd.concat([_curve(*run) for run in every], ignore_index=True),
        "measures.parquet": pd.DataFrame(
            [{"cell": cell, "seed": seed} | measure_run(table) for cell, seed, table in every]
        ),
        "wrong.parquet": pd.DataFrame(
            [
                {"cell": cell, "seed": seed, "wrong": table["wrong"].iloc[-1]}
                for cell, seed, table in every
            ]
        ),
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


def _cell_row(planned: PlannedBlocks, seeds: _Seeds) -> dict[str, Any]:
    cell = planned.cell
    assert isinstance(cell, TrainingCell)
    manifests = [manifest for _, manifest in seeds.values()]
    problem = cell.problem_settings
    return {
        "cell": cell.id,
        **{k: planned.labels[k] for k in ("role", "variant", "strategy")},
        "method": cell.method,
        "learning_rate": cell.method_settings["learning_rate"],
        "first_batch_size": cell.batch_size["first"],
        "last_batch_size": cell.batch_size["last"],
        "epochs": cell.epochs,
        "parameters": manifests[0]["parameters"],
        "images": problem["train_images"],
        "test_images": problem["test_images"],
        "data_version": problem["data"],
        "data_words": _words(problem),
        "data": canonical_json(_checksums(manifests)),
        "data_note": _note(manifests),
        "seeds": len(seeds),
        "mean_gradient_evaluations": float(np.mean([m["gradient_evaluations"] for m in manifests])),
        "mean_loss_evaluations": float(np.mean([m["loss_evaluations"] for m in manifests])),
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


def _checksums(manifests: list[dict[str, Any]]) -> dict[str, str]:
    """Return the checksum of every file, or all of them should runs have used several."""
    names = sorted({name for m in manifests for name in m["data"]})
    return {name: joined(m["data"].get(name, "none") for m in manifests) for name in names}


def _note(manifests: list[dict[str, Any]]) -> str:
    """Return what a reader must know of the data: files that are not the official ones."""
    accepted = sorted({name for m in manifests for name in m.get("data_accepted", [])})
    return f"not the official file, accepted by the user: {', '.join(accepted)}" if accepted else ""
