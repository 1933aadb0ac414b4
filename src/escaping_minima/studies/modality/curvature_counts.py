"""Classes of curvature at the points of a block, counted under every reading."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.studies.modality.bins import LOWEST, log_bins

#: The classes, in the order of their numbers.
CLASSES = ("convex", "concave", "saddle", "singular")
HESSIANS, PRECISIONS, RULES = ("block", "full"), ("float32", "float64"), ("exact", "relative")
#: The reading of the author's code.
MAIN = "block_float32_exact"
#: Losses of the stationary points of XOR, by how tables call them (see
#: `escaping_minima.measures.descent`), and how near points of low gradient must be.
LEVELS = {"0": 0.0, "0.3466": math.log(2) / 2, "0.4774": 0.4774, "0.6931": math.log(2)}
NEAR, LOW_GRADIENT = 0.005, 0.05
#: What is told of saturation, as means over points.
SATURATIONS = (
    "output_saturated",
    "hidden_saturated_1",
    "hidden_saturated_2",
    "hidden_saturated_3",
    "idle_weights",
)
_SINGULAR = CLASSES.index("singular")


def count_classes(points: pd.DataFrame) -> pd.DataFrame:
    """Count classes under every reading, of all points and of those near each level.

    Parameters
    ----------
    points : DataFrame
        As the measure ``curvature_classes`` gives them. Points that are there for their low
        gradient alone count near levels, not in "all".

    Returns
    -------
    DataFrame
        A row a ``hessian``, ``precision``, ``rule`` and ``near`` with at least one point: counts by
        class, and the median of log10 of the gradient norm in each, NaN where a class has none.
    """
    places = _places(points)
    rows = []
    for hessian, precision, rule in product(HESSIANS, PRECISIONS, RULES):
        classes = points[f"{hessian}_{precision}_{rule}"].to_numpy()
        reading = {"hessian": hessian, "precision": precision, "rule": rule}
        for near, chosen in places.items():
            known = chosen & (classes >= 0)
            if known.any():
                counted = _counted(classes[known], _logs(points)[known])
                rows.append({**reading, "near": near, **counted})
    return pd.DataFrame(rows, columns=_COLUMNS).astype(_TYPES)


def mean_saturation(points: pd.DataFrame) -> pd.DataFrame:
    """Return mean shares of what is saturated, at singular points and at others.

    Returns
    -------
    DataFrame
        A row a ``group`` ("singular" or "other", by the main reading) that has ``points``.
    """
    known = points[(points[MAIN] >= 0) & (points["low"] == 0)]
    groups = np.where(known[MAIN] == _SINGULAR, "singular", "other")
    means = known.groupby(groups)[list(SATURATIONS)].mean()
    counts = known.groupby(groups).size()
    found = means.astype(np.float32).reset_index(names="group")
    found.insert(1, "points", counts.to_numpy(np.int32))
    return found


def class_cloud(points: pd.DataFrame) -> pd.DataFrame:
    """Count points by bins of loss and gradient norm and by class, by the main reading.

    Returns
    -------
    DataFrame
        ``loss_bin``, ``gradient_bin`` (coarse), ``class`` (a number) and ``count``.
    """
    known = points[(points[MAIN] >= 0) & (points["low"] == 0)]
    columns = {
        "loss_bin": log_bins(known["loss"].to_numpy(np.float64)),
        "gradient_bin": log_bins(known["gradient_norm"].to_numpy(np.float64)),
        "class": known[MAIN].to_numpy(),
    }
    counts = pd.DataFrame(columns).groupby(list(columns), sort=True).size()
    types = {"loss_bin": np.int16, "gradient_bin": np.int16, "class": np.int8, "count": np.int64}
    return counts.reset_index(name="count").astype(types)


_MEDIANS = [f"gradient_{name}" for name in CLASSES]
_COLUMNS = ["hessian", "precision", "rule", "near", *CLASSES, *_MEDIANS]
_TYPES: dict[str, Any] = {
    **dict.fromkeys(CLASSES, np.int32),
    **dict.fromkeys(_MEDIANS, np.float32),
}


def _places(points: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Return which points count, by what tables call the place."""
    loss = points["loss"].to_numpy(np.float64)
    is_low = points["gradient_norm"].to_numpy() < LOW_GRADIENT
    near = {name: is_low & (np.abs(loss - level) <= NEAR) for name, level in LEVELS.items()}
    return {"all": points["low"].to_numpy() == 0, **near}


def _counted(classes: NDArray[np.int8], logs: NDArray[np.float64]) -> dict[str, float]:
    counts = np.bincount(classes, minlength=len(CLASSES))
    medians = [
        float(np.median(logs[classes == index])) if count else math.nan
        for index, count in enumerate(counts)
    ]
    return {**dict(zip(CLASSES, counts, strict=True)), **dict(zip(_MEDIANS, medians, strict=True))}


def _logs(points: pd.DataFrame) -> NDArray[np.float64]:
    norms = points["gradient_norm"].to_numpy(np.float64)
    return np.asarray(np.log10(np.maximum(norms, 10.0**LOWEST)))
