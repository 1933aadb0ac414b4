"""What the player of paths is given: some paths on the small functions, and these functions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from escaping_minima.studies.escape.names import arm_look
from escaping_minima.studies.escape.terrain import TERRAIN

#: What the page that plays paths reads.
PATHS, GRIDS, MARKS = "player_paths.parquet", "player_grids.parquet", "player_marks.parquet"
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


def player_marks() -> pd.DataFrame:
    """Return the minima of each shown function by whose regions runs are told: x, y and kind."""
    from escaping_minima.landscape.regions import regions
    from escaping_minima.parts.registry import make_problem

    rows = []
    for key in SHOWN:
        found = regions(make_problem(TERRAIN[key].problem, TERRAIN[key].settings))
        assert found is not None, f"{key} has more than two variables"
        for place, is_global in zip(found.minima, found.best, strict=True):
            x, y = (*place, np.nan)[:2]
            kind = "global minimum" if is_global else "local minimum"
            rows.append({"problem": key, "x": x, "y": y, "kind": kind})
    return pd.DataFrame(rows)
