"""What the tables of the study hold of networks with skip connections and without."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from escaping_minima.landscape.plane_curvature import (
    negative_share,
    negative_weight,
    principal_curvatures,
)
from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.escape.skip_cells import ARMS, PLANES, RUNS, SIZES, THRESHOLDS

if TYPE_CHECKING:
    from escaping_minima.kinds.cell import Cell
    from escaping_minima.kinds.training.cell import TrainingCell
    from escaping_minima.results.blocks import Block

SKIPS, CURVES, PLANE_LOSSES = "skips.parquet", "skip_curves.parquet", "skip_planes.parquet"
#: What a run has a number of in place of a direction.
NO_DIRECTION = -1
#: The loss of guessing one of ten classes: what a run counts that diverged.
GUESSED = math.log(10)
_CURVES: Mapping[str, Any] = {
    "epoch": np.int16,
    "updates": np.int32,
    **dict.fromkeys(("train_loss", "test_loss", "test_error"), np.float32),
}
_POINTS: Mapping[str, Any] = {
    "direction": np.int8,
    **dict.fromkeys(("alpha", "beta"), np.float64),
    **dict.fromkeys(("loss", "lowest", "highest"), np.float32),
}
_Number = tuple[int, str, float]


def is_skip(cell: Cell) -> bool:
    """Return whether a cell is one of `escaping_minima.studies.escape.skip_cells`."""
    return any(cell.problem in sizes for sizes in SIZES.values())


def of_block(block: Block) -> dict[str, pd.DataFrame]:
    """Return what the tables need of one block, by file name; whose it is, is added elsewhere.

    Parameters
    ----------
    block : Block
        Of a run, or of planes around its last state.

    Returns
    -------
    dict of str to DataFrame
        ``skips.parquet`` with ``direction``, ``measure`` and ``value``. Of a run, whose direction
        is -1: ``loss``, at the end, over all training images; ``log_loss``; ``reached``, 1 or 0,
        and ``steps``, percent of all, to the threshold of claims, 100 where it never comes below;
        the same for each other threshold, which then stands behind the name. Of a plane:
        ``negative_share`` and ``negative_weight``, in percent; ``eigenvalue_ratio``, of the lowest
        to the highest eigenvalue at the state; ``ratio_residual``, how far it may be from that of
        an eigenvalue; ``slice_ratio``, its mean over the plane, where it was asked for elsewhere.

        Beside it ``skip_curves.parquet`` of a run, ``skip_planes.parquet`` of planes.
    """
    if block.cell.rests_on:
        points = block.table.rename(columns={"plane": "direction"})
        return {SKIPS: _numbers(_of_planes(points)), PLANE_LOSSES: _narrow(points, _POINTS)}
    cell = cast("TrainingCell", block.cell)
    measured = _of_run(block.table, cell.epochs, THRESHOLDS[cell.problem])
    return {SKIPS: _numbers(measured), CURVES: _narrow(block.table, _CURVES)}


def _narrow(table: pd.DataFrame, types: Mapping[str, Any]) -> pd.DataFrame:
    return table[list(types)].astype(dict(types)).reset_index(drop=True)


def _numbers(rows: Iterator[_Number]) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=["direction", "measure", "value"])
    return found.astype({"direction": np.int8, "value": np.float64})


def _of_run(curves: pd.DataFrame, epochs: int, thresholds: Sequence[float]) -> Iterator[_Number]:
    losses = curves["train_loss"].to_numpy(float)
    last = losses[-1] if math.isfinite(losses[-1]) else GUESSED
    yield NO_DIRECTION, "loss", last
    yield NO_DIRECTION, "log_loss", math.log(last)
    trained = curves[curves["epoch"] > 0]
    for place, threshold in enumerate(thresholds):
        below = trained.loc[trained["train_loss"] <= threshold, "epoch"]
        behind = f" {threshold:g}" if place else ""
        yield NO_DIRECTION, f"reached{behind}", float(len(below) > 0)
        # every epoch has as many steps
        share = float(below.min()) / epochs if len(below) else 1.0
        yield NO_DIRECTION, f"steps{behind}", 100.0 * share


def _of_planes(points: pd.DataFrame) -> Iterator[_Number]:
    for name, plane in points.groupby("direction"):
        direction = int(str(name))
        wide = plane.pivot(index="alpha", columns="beta", values="loss")
        step = float(wide.index[1] - wide.index[0])
        curvature = principal_curvatures(wide.to_numpy(float), step)
        yield direction, "negative_share", 100.0 * negative_share(curvature)
        yield direction, "negative_weight", 100.0 * negative_weight(curvature)
        asked = plane.dropna(subset=["lowest", "highest"])
        # below 0 there is nothing, where all eigenvalues are above
        ratios = asked["lowest"].clip(upper=0.0).abs() / asked["highest"]
        home = (asked["alpha"] == 0) & (asked["beta"] == 0)
        if home.any():
            yield direction, "eigenvalue_ratio", float(ratios[home].iloc[0])
            residual = (asked["lowest_residual"] / asked["highest"])[home]
            yield direction, "ratio_residual", float(residual.iloc[0])
        if len(ratios) > 1:
            yield direction, "slice_ratio", float(ratios.mean())


def paired(tables: Mapping[str, pd.DataFrame], point: str = "") -> pd.DataFrame:
    """Return each measure of each seed with skips and without; planes of a seed are averaged.

    Parameters
    ----------
    tables : Mapping of str to DataFrame
        Collected ones.
    point : str
        Of the runs: empty for the main rate.

    Returns
    -------
    DataFrame
        ``problem``, ``measure``, ``block``, ``with`` and ``without``; of seeds that have both.
    """
    columns = ["problem", "measure", "block", *ARMS]
    if not len(tables.get(SKIPS, ())):
        return pd.DataFrame(columns=columns)
    cells = tables["cells.csv"]
    places = cells[cells["role"].isin([RUNS, PLANES]) & (cells["point"].fillna("") == point)]
    rows = tables[SKIPS].merge(places[["cell", "problem", "arm"]], on="cell")
    means = rows.groupby(["problem", "measure", "block", "arm"])["value"].mean().unstack("arm")
    both = means.reindex(columns=list(ARMS)).dropna()
    return both.reset_index()[columns].rename_axis(columns=None)


def summary(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return ``skips.csv``: by problem, rate and measure, the means and the paired difference.

    Parameters
    ----------
    tables : Mapping of str to DataFrame
        Collected ones.

    Returns
    -------
    DataFrame
        ``problem``, ``point``, ``measure``, ``seeds``, ``with``, ``without``, and of ``with`` less
        ``without`` the mean ``difference`` with its interval ``low`` to ``high`` as
        `escaping_minima.report.tables.means.mean_columns` gives it.
    """
    cells = tables["cells.csv"]
    points = cells.loc[cells["role"] == RUNS, "point"].fillna("").unique()
    rows = [
        {"problem": problem, "point": point, "measure": measure, **_compared(seeds)}
        for point in sorted(points)
        for (problem, measure), seeds in paired(tables, point).groupby(["problem", "measure"])
    ]
    names = ["problem", "point", "measure", "seeds", *ARMS, "difference", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def _compared(seeds: pd.DataFrame) -> dict[str, float]:
    found = mean_columns((seeds["with"] - seeds["without"]).tolist())
    return {
        "seeds": found["n"],
        **{arm: float(seeds[arm].mean()) for arm in ARMS},
        "difference": found["mean"],
        "low": found["low"],
        "high": found["high"],
    }
