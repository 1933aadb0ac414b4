"""Collect the blocks of the study into compact tables; everything later reads these alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from escaping_minima.engine.streams import Streams
from escaping_minima.landscape.classify import classify_ends, outcome_names
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.plan.cells import PlaneCell
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.problems.plane import BLOCK
from escaping_minima.registry import load_problem
from escaping_minima.results.cell_columns import circumstances
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS

if TYPE_CHECKING:
    from escaping_minima.parts.study import ReadBlock

#: Methods and number of end points of the paper's Figure 3.
FIGURE_3_METHODS = ("gd", "nig", "sam", "nig_bh")
FIGURE_3_POINTS = 50
#: Points along each axis of the meshes behind Figures 1 and 2.
MESH = 101


def collect(cells: Iterable[PlannedBlocks], read: ReadBlock) -> dict[str, pd.DataFrame]:
    """Return the tables of the study, by file name.

    Parameters
    ----------
    cells : iterable of PlannedBlocks
    read : callable
        Gives a block's table and manifest.

    Returns
    -------
    dict of DataFrame
        ``cells.csv`` one row a cell; ``outcomes_<function>.parquet`` and
        ``basins_<function>.parquet`` one row a start and one column a cell (the index of its
        outcome, the number of basins it was seen in); ``variants.csv`` counts of the variants;
        ``end_points.csv`` the sample of Figure 3; ``points.csv`` the stationary points;
        ``surfaces.parquet`` the meshes of Figures 1 and 2.
    """
    rows: list[dict[str, Any]] = []
    variants: list[dict[str, Any]] = []
    samples: list[pd.DataFrame] = []
    outcomes: dict[str, dict[str, Any]] = {f: {} for f in FUNCTIONS}
    basins: dict[str, dict[str, Any]] = {f: {} for f in FUNCTIONS}
    for planned in cells:
        table, manifests = _read_cell(planned, read)
        rows.append(_cell_row(planned, table, manifests))
        function = load_problem(planned.cell.problem, planned.cell.problem_settings)
        outcome = classify_ends(function, table["end_x"].to_numpy(), table["end_y"].to_numpy())
        if planned.labels["role"] == "variant":
            variants += _variant_rows(planned, outcome)
            continue
        outcomes[planned.cell.problem][planned.cell.id] = outcome
        basins[planned.cell.problem][planned.cell.id] = table["basins"].to_numpy(np.int8)
        if planned.labels["role"] == "main" and planned.cell.method in FIGURE_3_METHODS:
            samples.append(_sample(planned, table, outcome))
    return {
        "cells.csv": pd.DataFrame(rows),
        **{f"outcomes_{f}.parquet": _by_start(outcomes[f]) for f in FUNCTIONS if outcomes[f]},
        **{f"basins_{f}.parquet": _by_start(basins[f]) for f in FUNCTIONS if basins[f]},
        "variants.csv": pd.DataFrame(
            variants,
            columns=["cell", "variant", "function", "method", "outcome", "count", "starts"],
        ),
        "end_points.csv": pd.concat(samples) if samples else pd.DataFrame(columns=_SAMPLE),
        "points.csv": points_table(),
        "surfaces.parquet": surfaces_table(),
    }


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
            for point in stationary_points(load_problem(name, changed))
        ]
    )


def surfaces_table() -> pd.DataFrame:
    """Return each function on a MESH x MESH grid over its start box, as float32."""
    parts = []
    for name in FUNCTIONS:
        function = load_problem(name, {})
        x, y = np.meshgrid(
            *(np.linspace(a, b, MESH) for a, b in zip(function.lower, function.upper, strict=True))
        )
        columns = {"x": x.ravel(), "y": y.ravel(), "value": function.value(x, y).ravel()}
        part = pd.DataFrame({k: v.astype(np.float32) for k, v in columns.items()})
        parts.append(part.assign(function=name))
    return pd.concat(parts, ignore_index=True)


def _read_cell(
    planned: PlannedBlocks, read: ReadBlock
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    pairs = [read(planned.cell.id, block) for block in range(planned.blocks)]
    return pd.concat([p[0] for p in pairs], ignore_index=True), [p[1] for p in pairs]


def _cell_row(
    planned: PlannedBlocks, table: pd.DataFrame, manifests: list[dict[str, Any]]
) -> dict[str, Any]:
    cell = planned.cell
    assert isinstance(cell, PlaneCell)
    return {
        "cell": cell.id,
        "role": planned.labels["role"],
        "variant": planned.labels.get("variant", ""),
        "function": cell.problem,
        "method": cell.method,
        "k": planned.labels.get("k", 0),
        "radius": cell.method_settings.get("radius"),
        "learning_rate": cell.method_settings["learning_rate"],
        "starts": len(table),
        "steps": cell.steps,
        "mean_gradient_evaluations": table["gradient_evaluations"].mean(),
        "mean_loss_evaluations": table["loss_evaluations"].mean(),
        **circumstances(planned, manifests),
    }


def _by_start(columns: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(dict(columns)).rename_axis("start").reset_index()


_SAMPLE = ["function", "method", "start", "x", "y", "outcome"]


def _sample(planned: PlannedBlocks, table: pd.DataFrame, outcome: Any) -> pd.DataFrame:
    """Draw the end points of Figure 3 from block 0; the same starts for every method."""
    function = planned.cell.problem
    rng = Streams(function, 0).generator("figure 3", 0)
    chosen = np.sort(rng.choice(BLOCK, FIGURE_3_POINTS, replace=False))
    names = np.array(outcome_names(load_problem(function, planned.cell.problem_settings)))
    return pd.DataFrame(
        {
            "function": function,
            "method": planned.cell.method,
            "start": chosen,
            "x": table["end_x"].to_numpy()[chosen],
            "y": table["end_y"].to_numpy()[chosen],
            "outcome": names[outcome[chosen]],
        },
        columns=_SAMPLE,
    )


def _variant_rows(planned: PlannedBlocks, outcome: Any) -> list[dict[str, Any]]:
    function = load_problem(planned.cell.problem, planned.cell.problem_settings)
    return [
        {
            "cell": planned.cell.id,
            "variant": planned.labels["variant"],
            "function": planned.cell.problem,
            "method": planned.cell.method,
            "outcome": name,
            "count": int((outcome == index).sum()),
            "starts": len(outcome),
        }
        for index, name in enumerate(outcome_names(function))
    ]
