"""The stationary points for reading, each minimum with the barrier around it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from escaping_minima.landscape.barriers import Barrier, find_barriers
from escaping_minima.parts.registry import make_problem

COLUMNS = (
    "function",
    "variant",
    "label",
    "kind",
    "x",
    "y",
    "value",
    "trace",
    "eigenvalue_min",
    "eigenvalue_max",
    "barrier",
    "lowest_saddle",
)
_ROUNDED = {
    "x": 6,
    "y": 6,
    "value": 6,
    "trace": 4,
    "eigenvalue_min": 4,
    "eigenvalue_max": 4,
    "barrier": 6,
}


def stationary_points_table(points: pd.DataFrame) -> pd.DataFrame:
    """Return the stationary points, rounded, with each minimum's barrier.

    The barrier is the height from a minimum to the lowest saddle from which a flow line reaches
    it, which `lowest_saddle` names.

    Parameters
    ----------
    points : DataFrame
        The collected ``points.csv``.
    """
    table = points.assign(variant=points["variant"].astype(object).fillna(""))
    barriers = {
        (function, variant, barrier.minimum): barrier
        for function, variant in table[["function", "variant"]].drop_duplicates().itertuples(False)
        for barrier in _barriers(function, variant)
    }
    keys = table[["function", "variant", "label"]].itertuples(index=False, name=None)
    found = [barriers.get(key) for key in keys]
    table["barrier"] = [b.height if b else None for b in found]
    table["lowest_saddle"] = [b.saddle if b else "" for b in found]
    rounded = table.astype(dict.fromkeys(_ROUNDED, float)).round(_ROUNDED)
    # adding 0 turns -0 into 0
    rounded[list(_ROUNDED)] += 0.0
    return rounded[list(COLUMNS)]


def _barriers(function: str, variant: str) -> tuple[Barrier, ...]:
    """Return the barriers of a function with changed settings, spelled as ``points.csv`` does."""
    settings: dict[str, Any] = {}
    for part in filter(None, variant.split("; ")):
        key, value = part.split(" ")
        settings[key] = float(value)
    return find_barriers(make_problem(function, settings))
