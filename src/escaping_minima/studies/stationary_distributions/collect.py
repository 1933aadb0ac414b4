"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.collect.cell_columns import circumstances, mean_evaluations
from escaping_minima.collect.layouts import ByReplicate, ByRow, Summed
from escaping_minima.collect.merging import CollectedTables, Offered
from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.classify import classify_ends, outcome_names
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem, read_problem
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.problems.plane import BLOCK
from escaping_minima.results.blocks import Block
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS

#: Methods and number of end points of the paper's Figure 3.
FIGURE_3_METHODS = ("gd", "nig", "sam", "nig_bh")
FIGURE_3_POINTS = 50
#: Points along each axis of the meshes behind Figures 1 and 2.
MESH = 101


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of 500 starts.

    ``ends`` has the index of the outcome and the number of basins of each; of block 0 and a method
    of Figure 3, ``sample`` has the end points that it draws.
    """
    function = read_problem(block.cell.problem, block.cell.problem_settings)
    outcome = classify_ends(
        function, block.table["end_x"].to_numpy(), block.table["end_y"].to_numpy()
    )
    basins = block.table["basins"].to_numpy(np.int8)
    found = {"ends": pd.DataFrame({"outcome": outcome, "basins": basins})}
    if block.index == 0 and block.cell.method in FIGURE_3_METHODS:
        found["sample"] = _sample(block, outcome)
    return found


def _pieces(block: Offered) -> dict[str, pd.DataFrame]:
    """Return what a block gives to each table; variants are counted, others keep each start."""
    ends, cell = block.parts["ends"], block.planned.cell
    if block.planned.labels["role"] == "variant":
        return {"variants.csv": _count(block.planned, ends["outcome"].to_numpy())}
    found = {
        f"outcomes_{cell.problem}.parquet": ends[["outcome"]],
        f"basins_{cell.problem}.parquet": ends[["basins"]],
    }
    if block.planned.labels["role"] == "main" and "sample" in block.parts:
        found["end_points.csv"] = block.parts["sample"]
    return found


def points_table() -> pd.DataFrame:
    """Return every stationary point of the functions, of the printed three-hump form too."""
    settings: list[tuple[str, Mapping[str, Any]]] = [(f, {}) for f in FUNCTIONS]
    settings.append(("three_hump_camel", {"coefficient": 1.04}))
    return pd.DataFrame(
        [
            {"function": name, "variant": "; ".join(f"{k} {v}" for k, v in changed.items())}
            | asdict(point)
            | {"trace": point.trace}
            for name, changed in settings
            for point in stationary_points(make_problem(name, changed))
        ]
    )


def surfaces_table() -> pd.DataFrame:
    """Return each function on a MESH x MESH grid over its start box, as float32."""
    parts = []
    for name in FUNCTIONS:
        function = make_problem(name, {})
        x, y = np.meshgrid(
            *(np.linspace(a, b, MESH) for a, b in zip(function.lower, function.upper, strict=True))
        )
        columns = {"x": x.ravel(), "y": y.ravel(), "value": function.value(x, y).ravel()}
        part = pd.DataFrame({k: v.astype(np.float32) for k, v in columns.items()})
        parts.append(part.assign(function=name))
    return pd.concat(parts, ignore_index=True)


def cell_row(planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a cell's row of ``cells.csv``, from the manifests of its blocks."""
    cell, starts = planned.cell, BLOCK * len(manifests)
    return {
        "cell": cell.id,
        "role": planned.labels["role"],
        "variant": planned.labels.get("variant", ""),
        "function": cell.problem,
        "method": cell.method,
        "k": planned.labels.get("k", 0),
        "radius": cell.method_settings.get("radius"),
        "learning_rate": cell.method_settings["learning_rate"],
        "starts": starts,
        "steps": cell.record()["steps"],
        **mean_evaluations(manifests, starts),
        **circumstances(planned, manifests),
    }


_SAMPLE = ("function", "method", "start", "x", "y", "outcome")


def _sample(block: Block, outcome: Any) -> pd.DataFrame:
    """Draw the end points of Figure 3 from block 0; the same starts for every method."""
    function = block.cell.problem
    rng = Streams(function, 0).generator("figure 3", 0)
    chosen = np.sort(rng.choice(BLOCK, FIGURE_3_POINTS, replace=False))
    names = np.array(outcome_names(read_problem(function, block.cell.problem_settings)))
    return pd.DataFrame(
        {
            "function": function,
            "method": block.cell.method,
            "start": chosen,
            "x": block.table["end_x"].to_numpy()[chosen],
            "y": block.table["end_y"].to_numpy()[chosen],
            "outcome": names[outcome[chosen]],
        },
        columns=list(_SAMPLE),
    )


def _count(planned: PlannedBlocks, outcome: Any) -> pd.DataFrame:
    function = read_problem(planned.cell.problem, planned.cell.problem_settings)
    names = outcome_names(function)
    return pd.DataFrame(
        {
            "cell": planned.cell.id,
            "variant": planned.labels["variant"],
            "function": planned.cell.problem,
            "method": planned.cell.method,
            "outcome": names,
            "count": np.bincount(outcome, minlength=len(names)),
            "starts": len(outcome),
        }
    )


#: ``cells.csv`` has one row a cell; ``outcomes_<function>.parquet`` and
#: ``basins_<function>.parquet`` one row a start and one column a cell (the index of its outcome,
#: the number of basins it was seen in); ``variants.csv`` counts of the variants; ``end_points.csv``
#: the sample of Figure 3; ``points.csv`` the stationary points; ``surfaces.parquet`` the meshes of
#: Figures 1 and 2.
TABLES = CollectedTables(
    of_block=of_block,
    pieces=_pieces,
    cell_row=cell_row,
    layouts={
        **{f"outcomes_{f}.parquet": ByReplicate("start", BLOCK) for f in FUNCTIONS},
        **{f"basins_{f}.parquet": ByReplicate("start", BLOCK) for f in FUNCTIONS},
        "variants.csv": Summed(
            ("cell", "variant", "function", "method", "outcome"), ("count", "starts")
        ),
        "end_points.csv": ByRow(("function", "method"), empty=_SAMPLE),
    },
    constants=lambda: {"points.csv": points_table(), "surfaces.parquet": surfaces_table()},
    count="starts",
    each=BLOCK,
    place=("role", "variant", "function", "method", "k"),
)
