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
from escaping_minima.collect.layouts import ByRow, Layout, Summed
from escaping_minima.collect.merging import CollectedTables, Offered
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.registry import read_problem
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block
from escaping_minima.studies.modality.bins import coarse
from escaping_minima.studies.modality.curvature_counts import (
    class_cloud,
    count_classes,
    mean_saturation,
)
from escaping_minima.studies.modality.layout import SAMPLE
from escaping_minima.studies.modality.measures import measure_block

MEASURES, LOW, CLOUDS = "measures.parquet", "low.parquet", "clouds.parquet"
COURSES, LAST_WALKS = "courses.parquet", "last_walks.parquet"
CURVATURE, SATURATION = "curvature.parquet", "saturation.parquet"
CLASS_CLOUDS, DESCENTS = "class_clouds.parquet", "descents.parquet"
#: Roles of which a table says something; others have each role that gives it.
SHOWN = {
    LOW: ("walk",),
    CLOUDS: ("walk", "long_steps"),
    COURSES: ("walk", "random", "long_steps"),
    LAST_WALKS: ("walk",),
}
#: The gradient norm 0.05, below which a point counts for attractors, among those of ``low``.
MAIN_THRESHOLD = 2
#: Steps of the course of a block that are kept, evenly spread: enough to see how it went.
COURSE_POINTS = 20
_LAST = ("loss", "train_accuracy", "test_accuracy", "test_loss")


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one block, by file name; whose it is, `pieces` adds.

    Of walks ``measures``, ``low``, ``clouds``, ``courses`` and, where images are learnt,
    ``last_walks``; of a probe of points ``curvature``, ``saturation`` and ``class_clouds``, or
    ``descents``.
    """
    if "kind" in block.table:
        return {DESCENTS: _descents(block.table)}
    if block.cell.rests_on:
        return {
            CURVATURE: count_classes(block.table),
            SATURATION: mean_saturation(block.table),
            CLASS_CLOUDS: class_cloud(block.table),
        }
    has_test = "data" in block.cell.problem_settings
    tables = {name: block.kept[name].table() for name in ("cloud", "low", "course")}
    found = {
        MEASURES: pd.DataFrame([measure_block(block.table, tables["cloud"], has_test)]),
        LOW: tables["low"],
        CLOUDS: coarse(tables["cloud"]),
        COURSES: _course(tables["course"]),
    }
    if has_test:
        found[LAST_WALKS] = _last_walks(block.table)
    return found


def _course(course: pd.DataFrame) -> pd.DataFrame:
    count = min(COURSE_POINTS, len(course))
    rows = np.unique(np.linspace(0, len(course) - 1, count).round().astype(int))
    found = course.iloc[rows].drop(columns="gradient_norm")
    types = {name: np.float32 for name in found if name != "step"}
    return found.astype({**types, "step": np.int32}).reset_index(drop=True)


def _last_walks(walks: pd.DataFrame) -> pd.DataFrame:
    types = {"replicate": np.int16, **dict.fromkeys(_LAST, np.float32)}
    return walks[list(types)].astype(types)


def _descents(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points that a descent began at, and where it led."""
    begun = points[points["kind"] != ""].drop(columns=["loss", "gradient_norm", "low"])
    floats = begun.select_dtypes("float64").columns
    return begun.astype(dict.fromkeys(floats, np.float32)).reset_index(drop=True)


def pieces(block: Offered) -> dict[str, pd.DataFrame]:
    """Return what a block gives to each table.

    Of further samples on XOR there are no courses, and low gradients by the main threshold alone.
    """
    role, parts = block.planned.labels["role"], dict(block.parts)
    if block.planned.labels["data_set"] == "xor" and block.index >= SAMPLE:
        parts.pop(COURSES, None)
        parts[LOW] = parts[LOW][parts[LOW]["threshold"] == MAIN_THRESHOLD]
    return {
        name: _with(block, name, table)
        for name, table in parts.items()
        if len(table) and role in SHOWN.get(name, (role,))
    }


def _with(block: Offered, name: str, table: pd.DataFrame) -> pd.DataFrame:
    whose: dict[str, Any] = {"cell": block.planned.cell_id}
    if isinstance(LAYOUTS[name], ByRow):
        whose["block"] = np.int32(block.index)
    return pd.concat([pd.DataFrame(whose, index=table.index), table], axis=1)


def cell_row(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a cell's row of ``cells.csv``, from the manifests of its blocks.

    What a probe rests on is the walks', so that it names no data of its own. Evaluations are those
    of a block.
    """
    cell, settings = planned.cell, planned.cell.problem_settings
    problem = read_problem(cell.problem, settings)
    names = ("role", "data_set", "width", "depth", "bound", "granularity", "steps")
    return {
        "cell": cell.id,
        **{name: planned.labels[name] for name in names},
        "method": cell.method,
        "step": cell.method_settings["largest_step"],
        "parameters": problem.weights,
        "data_version": settings.get("data", ""),
        "data_words": _words(settings),
        "data": canonical_json({} if cell.rests_on else data_checksums(manifests)),
        "data_note": data_note(manifests),
        "block_walks": problem.BLOCK,
        "walks": problem.BLOCK * len(manifests),
        "blocks": len(manifests),
        **mean_evaluations(manifests, len(manifests)),
        **circumstances(planned, manifests),
    }


def _words(settings: Mapping[str, Any]) -> str:
    if "data" not in settings:
        return ""
    kinds = {
        "generated": "generated images, not MNIST",
        "sample": "MNIST, its sample in the repository",
        "full": "MNIST",
    }
    sizes = f"{settings['train_images']:,} training and {settings['test_images']:,} test images"
    return f"{kinds[settings['data']]}: {sizes}"


_BLOCKS = ByRow(("cell", "block"), "block")
LAYOUTS: Mapping[str, Layout] = {
    **dict.fromkeys((MEASURES, LOW, COURSES, LAST_WALKS), _BLOCKS),
    **dict.fromkeys((CURVATURE, SATURATION, DESCENTS), _BLOCKS),
    CLOUDS: Summed(("cell", "loss_bin", "gradient_bin"), ("count", "test_log")),
    CLASS_CLOUDS: Summed(("cell", "loss_bin", "gradient_bin", "class"), ("count",)),
}
#: ``cells.csv`` has one row a cell. ``measures.parquet`` has one row a block of walks: what most
#: claims rest on; ``low.parquet`` its points of low gradient by bins of 0.001 of the loss;
#: ``courses.parquet`` means over its walks at COURSE_POINTS steps; ``last_walks.parquet`` where
#: each walk on MNIST ends. ``clouds.parquet`` counts all points of a cell by coarse bins of log10
#: of loss and gradient norm. Of probes are ``curvature.parquet``, counts by class under every
#: reading; ``class_clouds.parquet``, the clouds by class; ``saturation.parquet``; and
#: ``descents.parquet``, one row a descent.
TABLES = CollectedTables(
    of_block=of_block,
    pieces=pieces,
    cell_row=cell_row,
    layouts=LAYOUTS,
    count="blocks",
    each=1,
    place=("role", "data_set", "width", "depth", "bound", "granularity"),
    counts=("walks",),
)
