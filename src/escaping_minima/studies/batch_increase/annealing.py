"""What the tables need of a block of simulated annealing: how its searches went, where they ended.

``annealing.parquet`` has a row for each cell, block and moment of the search; a replicate is in a
best valley where the flow from it leads to a global minimum. ``annealing_ends.parquet`` has a row
for each replicate of the first block. As in other tables of the study, a block is called a seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.landscape.basins import NONE, find_basins
from escaping_minima.landscape.curve import curve_basins, curve_points
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import read_problem
from escaping_minima.plan.jobs import PlannedBlocks
from escaping_minima.results.blocks import Block

COURSES, ENDS = "annealing.parquet", "annealing_ends.parquet"
#: Quantiles of the loss over replicates, in percent.
QUANTILES = (10, 50, 90)
_COUNTED = ("tried", "accepted", "worse", "accepted_worse")
#: Values closer than this to the least one are least too: those of equal minima differ by rounding.
_ALIKE = 1e-6

_Points = NDArray[np.float64]


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of a block, by file name: `courses_of_block`, `ends_of_block`."""
    found = {COURSES: courses_of_block(block)}
    return found | {ENDS: ends_of_block(block)} if block.index == 0 else found


def courses_of_block(block: Block) -> pd.DataFrame:
    """Return how the searches of a block went, moment by moment.

    Parameters
    ----------
    block : Block
        With the tables of the observers ``places`` and ``tested_moves``, which look at the same
        moments.

    Returns
    -------
    DataFrame
        ``cell``, ``seed``; ``step`` and ``share``, the steps done and their share of all;
        ``temperature`` of the last of them, at the start that of the first to come;
        ``replicates``; ``best``, how many are in a best valley; ``loss`` and ``loss_10``,
        ``loss_50``, ``loss_90``, its mean and quantiles over them; and of the stretch of steps
        that ended there, summed over replicates: moves ``tried``, ``accepted``, ``worse``,
        ``accepted_worse``, and ``climbed``, by how much these made the loss worse.
    """
    cell = block.cell
    problem = read_problem(cell.problem, cell.problem_settings)
    steps = int(cell.record()["steps"])
    places = _places(block, steps)
    moments = sorted(places)
    losses = np.stack([_values(problem, places[step]) for step in moments])
    best = [int(is_best(problem, places[step]).sum()) for step in moments]
    found = pd.DataFrame({"cell": cell.id, "seed": block.index, "step": moments})
    found["share"] = found["step"] / steps
    found["temperature"] = temperatures(cell.method_settings, found["step"].to_numpy())
    found["replicates"] = len(losses[0])
    found["best"] = best
    found["loss"] = losses.mean(1)
    for percent in QUANTILES:
        found[f"loss_{percent}"] = np.quantile(losses, percent / 100, axis=1)
    return _typed(found.merge(_moves(block), on="step", how="left", validate="one_to_one"))


def ends_of_block(block: Block) -> pd.DataFrame:
    """Return where the searches of a block ended.

    Parameters
    ----------
    block : Block

    Returns
    -------
    DataFrame
        ``cell``, ``seed``, ``replicate``; ``x`` and ``y``, NaN where there is no second
        coordinate; ``loss``; ``best``, whether it is in a best valley.
    """
    cell = block.cell
    problem = read_problem(cell.problem, cell.problem_settings)
    end = _end(block)
    columns: dict[str, Any] = {
        "cell": cell.id,
        "seed": np.int32(block.index),
        "replicate": np.arange(len(end), dtype=np.int16),
        "x": end[:, 0].astype(np.float32),
        "y": end[:, 1].astype(np.float32) if end.shape[1] > 1 else np.float32("nan"),
        "loss": block.table["loss"].to_numpy(np.float32),
        "best": is_best(problem, end),
    }
    return pd.DataFrame(columns)


def is_best(problem: Any, points: _Points) -> NDArray[np.bool_]:
    """Return which points lie in the basin of a global minimum.

    Parameters
    ----------
    problem : GentleCurve or PlaneFunction
    points : ndarray of shape (n, d)
    """
    if points.shape[1] == 1:
        values = [p.value for p in curve_points(problem) if p.kind == "minimum"]
        basins = curve_basins(problem, points[:, 0])
    else:
        values = [p.value for p in stationary_points(problem) if p.kind == "minimum"]
        basins = find_basins(problem, points)
    best = np.flatnonzero(np.array(values) <= min(values) + _ALIKE)
    found: NDArray[np.bool_] = np.isin(basins, best) & (basins != NONE)
    return found


def temperatures(settings: Mapping[str, Any], steps: NDArray[Any]) -> _Points:
    """Return the temperature at which the last of so many steps was tested.

    Parameters
    ----------
    settings : Mapping
        Of the method.
    steps : ndarray
        Steps that are done; after none of them, what the first one will be tested at.
    """
    cooled = settings["temperature"] * settings["cooling"] ** np.maximum(steps - 1.0, 0.0)
    found: _Points = np.maximum(cooled, settings["floor"])
    return found


def annealing_columns(
    planned: PlannedBlocks, manifests: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what ``cells.csv`` says of a cell of annealing under columns that others have.

    Parameters
    ----------
    planned : PlannedBlocks
    manifests : sequence of Mapping
        Of its blocks.

    Returns
    -------
    dict
        Names, ``method``, ``seeds`` (blocks), and 0 or nothing for what is about networks alone.
    """
    absent = ("learning_rate", "first_batch_size", "last_batch_size", "epochs")
    of_networks = ("parameters", "images", "test_images")
    return {
        "cell": planned.cell.id,
        **{name: planned.labels[name] for name in ("role", "variant", "strategy")},
        "method": planned.cell.method,
        **dict.fromkeys((*absent, *of_networks), 0),
        **dict.fromkeys(("data_version", "data_note"), ""),
        "data_words": "a function, no data",
        "data": "{}",
        "seeds": len(manifests),
    }


def _places(block: Block, steps: int) -> dict[int, _Points]:
    """Return where all replicates are, by the number of steps done."""
    table = block.kept["places"].table().sort_values(["step", "replicate"])
    names = sorted(name for name in table if str(name).startswith("w"))
    found = {int(step): rows[names].to_numpy(float) for step, rows in table.groupby("step")}
    return found | {steps: _end(block)}


def _end(block: Block) -> _Points:
    names = sorted(name for name in block.table if str(name).startswith("end_"))
    own = [name for name in names if name.removeprefix("end_").isdigit()]
    end: _Points = block.table[own].to_numpy(float)
    return end


def _values(problem: Any, points: _Points) -> _Points:
    if points.shape[1] == 1:
        height: _Points = problem.height(points[:, 0])
        return height
    value: _Points = problem.value(points[:, 0], points[:, 1])
    return value


def _moves(block: Block) -> pd.DataFrame:
    table = block.kept["tested_moves"].table()
    return table.groupby("step")[[*_COUNTED, "climbed"]].sum().reset_index()


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table in small types; before the first step nothing was tried."""
    whole: dict[str, Any] = dict.fromkeys(_COUNTED, np.int64)
    whole |= dict.fromkeys(("seed", "step", "replicates", "best"), np.int32)
    filled = table.fillna(dict.fromkeys((*_COUNTED, "climbed"), 0))
    floats = [name for name in filled.select_dtypes("float64") if name not in whole]
    return filled.astype({**whole, **dict.fromkeys(floats, np.float32)})
