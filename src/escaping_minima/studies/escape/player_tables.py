"""What the player of paths is given: some paths on the small functions, and these functions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from escaping_minima.studies.escape.names import arm_look
from escaping_minima.studies.escape.terrain import TERRAIN, Terrain

#: What the page that plays paths reads.
PATHS, GRIDS, MARKS = "player_paths.parquet", "player_grids.parquet", "player_marks.parquet"
#: Minima nearer to one another than this are one, and as low as the lowest within this they are
#: global, in units of the length and the height of a problem.
_SAME, _AS_LOW = 1e-3, 1e-6
#: What is shown: at most twelve contestants, on few functions.
SHOWN = ("curve", "plane", "six_hump", "scattered", "himmelblau")
ARMS = (
    *("gd", "sgd_1", "restarts", "warm", "annealing", "two_point", "langevin", "barker"),
    *("nig", "nim_bh", "sam", "afresh"),
)
COLUMNS = (*("problem", "method", "title", "colour", "marker", "start", "cost", "loss", "x", "y"),)


def player_paths(collected: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `COLUMNS`: the kept paths of the shown contestants, a row a point."""
    cells = collected["cells.csv"]
    chosen = cells[
        (cells["role"] == "arena") & cells["problem"].isin(SHOWN) & cells["arm"].isin(ARMS)
    ]
    paths = collected.get("paths.parquet")
    if paths is None or chosen.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    whole = paths.merge(chosen[["cell", "problem", "arm"]], on="cell")
    looks = {arm: arm_look(arm) for arm in whole["arm"].unique()}
    for name in ("title", "colour", "marker"):
        whole[name] = whole["arm"].map({arm: getattr(look, name) for arm, look in looks.items()})
    named = whole.rename(columns={"arm": "method", "replicate": "start"})
    return named[list(COLUMNS)].reset_index(drop=True)


def player_grids() -> pd.DataFrame:
    """Return each shown function on a grid: problem, title, x, y and value."""
    from escaping_minima.landscape.grids import grid_of
    from escaping_minima.parts.registry import make_problem

    parts = []
    for key in SHOWN:
        terrain = TERRAIN[key]
        grid = grid_of(make_problem(terrain.problem, terrain.settings))
        parts.append(pd.DataFrame(grid).assign(problem=key, title=terrain.title))
    whole = pd.concat(parts, ignore_index=True)
    return whole.astype(dict.fromkeys(("x", "y", "value"), np.float32))


def player_marks(grids: pd.DataFrame) -> pd.DataFrame:
    """Return the minima of each shown function: problem, x, y and kind.

    From each point of the grid that is no higher than its neighbours BFGS goes down to a minimum.

    Parameters
    ----------
    grids : DataFrame
        What `player_grids` gives.
    """
    rows = []
    for key, own in grids.groupby("problem", sort=False):
        terrain = TERRAIN[str(key)]
        found = _minima(terrain, own)
        lowest = min((value for *_, value in found), default=0.0)
        for x, y, value in found:
            is_global = value - lowest <= _AS_LOW * terrain.height
            kind = "global minimum" if is_global else "local minimum"
            rows.append({"problem": key, "x": x, "y": y, "kind": kind})
    return pd.DataFrame(rows, columns=["problem", "x", "y", "kind"])


def _minima(terrain: Terrain, grid: pd.DataFrame) -> list[tuple[float, float, float]]:
    """Return place and value of each minimum within the grid; y is NaN on a curve."""
    from scipy.optimize import minimize

    from escaping_minima.landscape.evaluated import gradients_at, values_at
    from escaping_minima.parts.registry import make_problem

    problem = make_problem(terrain.problem, terrain.settings)
    found: list[tuple[float, float, float]] = []
    for start in _low_points(grid, terrain.variables):
        end = minimize(
            lambda w: float(values_at(problem, w[None])[0]),
            start,
            jac=lambda w: gradients_at(problem, w[None])[0],
            method="BFGS",
        )
        place = np.append(end.x, np.full(2 - len(end.x), np.nan))
        apart = [np.nansum((place - other[:2]) ** 2) ** 0.5 for other in found]
        if min(apart, default=np.inf) > _SAME * terrain.length:
            found.append((float(place[0]), float(place[1]), float(end.fun)))
    return found


def _low_points(grid: pd.DataFrame, variables: int) -> np.ndarray:
    """Return the points (n, variables) inside a grid that are no higher than their neighbours."""
    from scipy.ndimage import minimum_filter

    table = grid.sort_values("x").set_index("x")["value"].to_frame()
    if variables == 2:
        table = grid.pivot(index="x", columns="y", values="value")
    values = table.to_numpy(dtype=np.float64)
    size = (3, 3 if variables == 2 else 1)
    is_low = values <= minimum_filter(values, size, mode="constant", cval=-np.inf)
    at = np.argwhere(is_low)
    axes = [table.index.to_numpy(float), table.columns.to_numpy()]
    return np.column_stack([axes[axis][at[:, axis]] for axis in range(variables)]).astype(float)
