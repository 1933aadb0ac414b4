"""Loss and gradient norm along the kept paths: where methods slow down, and how high that is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.landscape.evaluated import gradients_at
from escaping_minima.parts.registry import make_problem
from escaping_minima.studies.escape.block_tables import PATHS
from escaping_minima.studies.escape.terrain import TERRAIN

CLOUDS = "clouds.parquet"
COLUMNS = ("problem", "arm", "start", "cost", "loss", "gradient")


def clouds(collected: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `COLUMNS`: of each kept point of the arena what the loss and the gradient are there.

    The loss is that which the run took down. The gradient is that of all items, without noise,
    evaluated in float64 at the collected point, which has the digits of a float32: at a minimum its
    norm is 0 to about the curvature times 10^-7 of the coordinates. Where a run has left all
    numbers neither is finite.
    """
    cells, paths = collected["cells.csv"], collected.get(PATHS)
    own = cells.loc[cells["role"] == "arena", ["cell", "problem", "arm"]]
    if paths is None or own.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    whole = paths.merge(own, on="cell").rename(columns={"replicate": "start"})
    norms = np.empty(len(whole))
    for problem, places in whole.groupby("problem").indices.items():
        points = whole.iloc[places][["x", "y"]]
        norms[places] = _norms(str(problem), np.array(points, dtype=np.float64))
    return whole.assign(gradient=norms)[list(COLUMNS)]


def _norms(problem: str, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the norm of the gradient at points (n, 2), of a curve at their first coordinates."""
    terrain = TERRAIN[problem]
    own = np.ascontiguousarray(points[:, : terrain.variables])
    # far outside the box squares of slopes are above all numbers
    with np.errstate(over="ignore", invalid="ignore"):
        found = gradients_at(make_problem(terrain.problem, terrain.settings), own)
        return np.asarray(np.linalg.norm(found, axis=1))
