"""What the player of paths is fed with: landscapes and paths as compact JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Columns of the tables; more are not looked at.
PATH_COLUMNS = ("problem", "method", "title", "colour", "marker", "start", "cost", "loss", "x", "y")
GRID_COLUMNS = ("problem", "title", "x", "y", "value")
MARK_COLUMNS = ("problem", "x", "y", "kind")
#: What a mark may be.
MARK_KINDS = ("global minimum", "local minimum", "saddle")
#: Most points of a path that the page carries.
MOST_POINTS = 200
#: Significant digits of what is carried: finer than a pixel.
_DIGITS = 5
#: Share of the grid below whose level heights are told apart best.
_LOW_SHARE = 0.05
_TOP = np.iinfo(np.uint16).max


def player_data(
    paths: pd.DataFrame, grids: pd.DataFrame, marks: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Return what the player shows, ready for JSON.

    Parameters
    ----------
    paths : DataFrame
        ``problem, method, title, colour, marker, start, cost, loss, x, y``: the points of a path in
        order, its cost in sample evaluations; ``y`` is NaN where a problem has one variable. A
        method is what a row of the legend is, so that one may stand there twice, differently set.
    grids : DataFrame
        ``problem, title, x, y, value``: a full regular grid of each problem that has paths.
    marks : DataFrame, optional
        ``problem, x, y, kind``: stationary points, of `MARK_KINDS`.

    Returns
    -------
    dict
        ``methods`` (key, title, colour, marker) and ``problems``, in the order of the tables.

    Raises
    ------
    ValueError
        If a column is missing, there is no path, or a problem has paths and no full grid.
    """
    _check(paths, PATH_COLUMNS, "paths")
    _check(grids, GRID_COLUMNS, "grids")
    if marks is not None:
        _check(marks, MARK_COLUMNS, "marks")
    if paths.empty:
        raise ValueError("paths: there is none to play")
    looks = paths.drop_duplicates("method")[["method", "title", "colour", "marker"]]
    places = {method: place for place, method in enumerate(looks["method"])}
    problems = []
    for key, own in paths.groupby("problem", sort=False):
        landscape = _landscape(str(key), grids[grids["problem"] == key])
        shown = [] if marks is None else _marks(marks[marks["problem"] == key])
        problems.append(landscape | {"marks": shown, "starts": _starts(own, places)})
    return {"methods": looks.to_dict("records"), "problems": problems}


def thinned(cost: NDArray[np.float64], most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Return which points of a path are kept: half evenly by number, half by the log of cost.

    Parameters
    ----------
    cost : ndarray of shape (n,)
        Rising.
    most : int
        Points that may be kept.

    Returns
    -------
    ndarray of int, rising
        With the first and the last; all, where there are no more than `most`.
    """
    count = len(cost)
    if count <= most:
        return np.arange(count)
    by_number = np.linspace(0, count - 1, most // 2).round().astype(np.int64)
    spent = np.log1p(cost - cost[0])
    wanted = np.linspace(0, spent[-1], most - len(by_number))
    return np.union1d(by_number, np.searchsorted(spent, wanted).clip(0, count - 1))


def levels(values: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Return heights as shades from 0 at the lowest to 65,535 at the highest.

    The log of the height above the lowest point: else one would see the far walls alone.
    """
    above = values - values.min()
    if not above.max() > 0:
        return np.zeros(values.shape, dtype=np.uint16)
    # of a floor that is level the rest is told apart
    logs = np.log1p(above / np.quantile(above[above > 0], _LOW_SHARE))
    found: NDArray[np.uint16] = np.rint(logs / logs.max() * _TOP).astype(np.uint16)
    return found


def _check(table: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(f"{name}: found no column {missing[0]!r}; needed: {', '.join(columns)}")


def _landscape(key: str, grid: pd.DataFrame) -> dict[str, Any]:
    if grid.empty:
        raise ValueError(f"grids: {key} has paths and no grid")
    found: dict[str, Any] = {"key": key, "title": str(grid["title"].iloc[0])}
    if grid["y"].isna().all():
        line = grid.sort_values("x")
        return found | {"x": _round(line["x"]), "heights": _round(line["value"])}
    table = grid.pivot(index="y", columns="x", values="value")
    if table.isna().to_numpy().any():
        raise ValueError(f"grids: {key} has a grid with holes")
    shades = levels(table.to_numpy(dtype=np.float64))
    return found | {
        "x": _round([table.columns[0], table.columns[-1]]),
        "y": _round([table.index[0], table.index[-1]]),
        "shape": list(shades.shape),
        "shades": base64.b64encode(shades.astype("<u2").tobytes()).decode(),
    }


def _marks(marks: pd.DataFrame) -> list[list[Any]]:
    unknown = set(marks["kind"]) - set(MARK_KINDS)
    if unknown:
        raise ValueError(f"marks: found {min(unknown)!r}; allowed: {', '.join(MARK_KINDS)}")
    rows = zip(_round(marks["x"]), _round(marks["y"]), marks["kind"], strict=True)
    return [list(row) for row in rows]


def _starts(paths: pd.DataFrame, places: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "start": int(str(start)),
            "paths": [
                _path(path, places[str(method)])
                for method, path in own.groupby("method", sort=False)
            ],
        }
        for start, own in paths.groupby("start")
    ]


def _path(path: pd.DataFrame, method: int) -> dict[str, Any]:
    """Return a path up to where it left all bounds, and whether it did."""
    numbers = path[["cost", "loss", "x", "y"]].to_numpy(dtype=np.float64)
    whole = [0, 1, 2] if np.isnan(numbers[:, 3]).all() else [0, 1, 2, 3]
    finite = np.isfinite(numbers[:, whole]).all(axis=1)
    end = len(finite) if finite.all() else int(np.argmin(finite))
    kept = numbers[:end][thinned(numbers[:end, 0])] if end else numbers[:0]
    names = ("cost", "loss", "x", "y")
    columns = {names[place]: _round(kept[:, place]) for place in whole}
    return {"method": method, "diverged": end < len(finite), **columns}


def _round(numbers: Any) -> list[float | None]:
    # a mark of one variable has no y, and JSON no NaN
    found = np.asarray(numbers, dtype=np.float64)
    return [float(f"{v:.{_DIGITS}g}") if np.isfinite(v) else None for v in found]
