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
from escaping_minima.kinds.probe.cell import ProbeCell
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.problems.network import BLOCK
from escaping_minima.results.blocks import Block
from escaping_minima.studies.batch_increase import annealing, flatness_tables, mesh, spread_tables
from escaping_minima.studies.batch_increase.kept_curves import (
    CURVE_TABLES,
    CURVES,
    MEASURES,
    curve_table,
    measured_again,
    of_curve,
)
from escaping_minima.studies.batch_increase.probed import PROBES
from escaping_minima.studies.batch_increase.strategies import by_name

WRONG, DEVIATIONS = "wrong.parquet", "deviations.parquet"
VISITS, MESH = "visits.parquet", "mesh.parquet"
SPREADS, NOISE = "spreads.parquet", "noise.parquet"
FLATNESS, SLICES = "flatness.parquet", "slices.parquet"
#: What gives the table of a probe, by its measure.
_OF_PROBES = {
    "batch_spread": (SPREADS, spread_tables.of_block),
    "flatness": (FLATNESS, flatness_tables.of_block),
    "loss_slice": (SLICES, flatness_tables.slices_of_block),
}


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one block, by file name.

    Of a run its thinned curve, its measures, taken from the whole curve, what it gets wrong, and
    what was recorded along it; of a probe what it measured, and of annealing where it led.
    """
    if block.cell.KIND == "points":
        return annealing.of_block(block)
    if isinstance(block.cell, ProbeCell):
        name, table_of = _OF_PROBES[block.cell.measure["name"]]
        return {name: table_of(block)}
    return _of_run(block)


def _of_run(block: Block) -> dict[str, pd.DataFrame]:
    run = {"cell": block.cell.id, "seed": block.index}
    wrong = pd.DataFrame([run | {"wrong": block.table["wrong"].iloc[-1]}])
    curve = block.table.drop(columns="wrong")
    images = block.cell.problem_settings["train_images"]
    deviations = spread_tables.deviations_of_block(block)
    return {
        **of_curve(curve, block.cell.id, block.index, images),
        WRONG: wrong,
        **mesh.of_block(block),
        **({DEVIATIONS: _with(run, deviations)} if len(deviations) else {}),
    }


def _with(run: Mapping[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with what its rows have in common before them."""
    same = pd.DataFrame(run, index=table.index)
    return pd.concat([same.astype({"seed": np.int32}), table], axis=1)


def _pieces(block: Offered) -> Mapping[str, pd.DataFrame]:
    """Return what one block gives to each table: curves by their role, probes with their target."""
    labels = block.planned.labels
    if labels["role"] not in PROBES:
        curves = {CURVES: curve_table(labels["role"])}
        return {curves.get(name, name): table for name, table in block.parts.items()}
    run = {"cell": block.planned.cell_id, "seed": block.index}
    target = {name: labels[name] for name in ("target_role", "strategy", "epochs", "state")}
    parts = block.parts
    if labels["role"] == "noise":
        parts = {NOISE: spread_tables.noise_of_spreads(parts[SPREADS])}
    return {name: _with(run | target, table) for name, table in parts.items()}


def cell_row(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a cell's row of ``cells.csv``, from the manifests of its runs."""
    if planned.cell.KIND == "points":
        own = annealing.annealing_columns(planned, manifests)
    else:
        own = _of_network(planned, manifests)
    seeds = len(manifests)
    return {**own, **mean_evaluations(manifests, seeds), **circumstances(planned, manifests)}


def _of_network(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is said of a run, or of a probe.

    Of a probe, sizes and epochs are those of the runs that it reads. What it rests on is theirs, so
    that it names no data of its own, and it counts no parameters.
    """
    cell, problem = planned.cell, planned.cell.problem_settings
    is_probe = cell.KIND == "probe"
    sizes = by_name()[planned.labels["strategy"]]
    return {
        "cell": cell.id,
        **{k: planned.labels[k] for k in ("role", "variant", "strategy")},
        "method": cell.method,
        "learning_rate": cell.method_settings["learning_rate"],
        "first_batch_size": sizes.first,
        "last_batch_size": sizes.last,
        "epochs": planned.labels["epochs"] if is_probe else cell.record()["epochs"],
        "parameters": 0 if is_probe else manifests[0]["parameters"],
        "images": problem["train_images"],
        "test_images": problem["test_images"],
        "data_version": problem["data"],
        "data_words": _words(problem),
        "data": canonical_json({} if is_probe else data_checksums(manifests)),
        "data_note": data_note(manifests),
        "seeds": len(manifests),
    }


def _words(problem: Any) -> str:
    kinds = {
        "generated": "generated images, not MNIST",
        "sample": "MNIST, its sample in the repository",
        "full": "MNIST",
    }
    sizes = f"{problem['train_images']:,} training and {problem['test_images']:,} test images"
    return f"{kinds[problem['data']]}: {sizes}"


#: ``cells.csv`` has one row a cell; ``curves.parquet`` and others of CURVE_TABLES one row a cell,
#: seed and epoch that `kept_rows` keeps; ``measures.parquet`` one row a run: what the claims rest
#: on; ``wrong.parquet`` one row a run: the test images it classifies wrongly at the end, a bit
#: each. Where these were recorded, ``visits.parquet`` has one row a run and epoch, ``mesh.parquet``
#: one a run, subset, mesh and window, ``deviations.parquet`` one an update that was looked at. Of
#: probes, ``spreads.parquet`` has one row a size of batch and way of drawing, ``noise.parquet`` one
#: a batch that was drawn, ``flatness.parquet`` one a set of images and factor, ``slices.parquet``
#: one a direction and distance. Those of annealing are described in its module.
TABLES = CollectedTables(
    of_block=of_block,
    pieces=_pieces,
    cell_row=cell_row,
    layouts={
        name: ByRow(("cell", "seed"), "seed")
        for name in (
            *CURVE_TABLES,
            MEASURES,
            WRONG,
            VISITS,
            MESH,
            DEVIATIONS,
            SPREADS,
            NOISE,
            FLATNESS,
            SLICES,
            annealing.COURSES,
            annealing.ENDS,
        )
    },
    count="seeds",
    each=BLOCK,
    place=("role", "variant", "strategy", "epochs"),
    again=measured_again,
)
