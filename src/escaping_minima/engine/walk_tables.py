"""What is told of the walks of a block: a row a walk, clouds, low gradients and the course."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

#: What is seen at each point; what a problem lacks is NaN.
SEEN = ("loss", "gradient_norm", "test_loss", "train_accuracy", "test_accuracy")
#: Bins of a cloud in a factor of ten, and how many there are, from 10^LOWEST on.
BINS_A_DECADE = 20
LOWEST = -9
BINS = 360
#: Gradient norms below which a point's gradient is low.
THRESHOLDS = (0.01, 0.02, 0.05, 0.1)
#: Bins of a loss within 1, and the last bin, which takes what lies above.
LOSS_BINS = 1000
LAST_LOSS_BIN = 3000
#: Steps at which the course of a block is told.
COURSE = 50
#: What a logarithm of a loss is taken of at least.
LEAST_LOSS = 1e-12
#: A walk stands still where its loss differs by no more than this, relative to 1 or itself.
STILL = 1e-6


def tables_of(seen: Mapping[str, NDArray[np.float32]], evaluations: int) -> dict[str, Columns]:
    """Return the tables of a block.

    Parameters
    ----------
    seen : Mapping of str to ndarray, shape (steps, walks)
        By the names of SEEN.
    evaluations : int
        Gradients that a walk has evaluated.

    Returns
    -------
    dict
        ``""``: a row a walk, what was seen at its last point, ``first_loss``, ``loss_max``,
        ``gradient_max``, ``loss_mean`` and ``still``. ``cloud``: points by bins of log10 of loss
        and gradient norm, with the sum of log10 of their test losses. ``low``: points and walks
        of low gradient by threshold and bin of the loss. ``course``: means over the walks.
    """
    values = {name: column.astype(np.float64) for name, column in seen.items()}
    with np.errstate(all="ignore"):
        return {
            "": _walks(values, evaluations),
            "cloud": _cloud(values),
            "low": _low(values),
            "course": _course(values),
        }


def log_bins(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each value: even in log10, 0 for what is no more than 10^LOWEST.

    What is not finite is in the last one.
    """
    place = np.floor(BINS_A_DECADE * (np.log10(values) - LOWEST))
    # log10 of 0 is -inf, which is below the first edge
    place = np.where(np.isfinite(values), np.nan_to_num(place), BINS - 1)
    found: NDArray[np.int64] = np.clip(place, 0, BINS - 1).astype(np.int64)
    return found


def _walks(seen: Mapping[str, NDArray[np.float64]], evaluations: int) -> Columns:
    loss, steps = seen["loss"], len(seen["loss"])
    tail = loss[steps - max(1, steps // 10) :]
    scale = np.maximum(1.0, np.abs(tail.mean(0)))
    walks = loss.shape[1]
    return {
        "replicate": np.arange(walks, dtype=np.int32),
        "first_loss": loss[0],
        **{name: column[-1] for name, column in seen.items()},
        "loss_max": loss.max(0),
        "gradient_max": seen["gradient_norm"].max(0),
        "loss_mean": loss.mean(0),
        "still": (np.ptp(tail, axis=0) <= STILL * scale).astype(np.int8),
        "gradient_evaluations": np.full(walks, evaluations, np.int64),
        "loss_evaluations": np.zeros(walks, np.int64),
    }


def _cloud(seen: Mapping[str, NDArray[np.float64]]) -> Columns:
    place = (log_bins(seen["loss"]) * BINS + log_bins(seen["gradient_norm"])).ravel()
    counts = np.bincount(place, minlength=BINS**2)
    logs = np.log10(np.maximum(seen["test_loss"], 10.0**LOWEST))
    sums = np.bincount(place, np.nan_to_num(logs).ravel(), BINS**2)
    there = np.flatnonzero(counts)
    return {
        "loss_bin": (there // BINS).astype(np.int16),
        "gradient_bin": (there % BINS).astype(np.int16),
        "count": counts[there].astype(np.int32),
        "test_log": sums[there],
    }


def _low(seen: Mapping[str, NDArray[np.float64]]) -> Columns:
    """Count points and walks by bin of the loss, for each threshold of the gradient norm."""
    loss, norm = seen["loss"], seen["gradient_norm"]
    below = norm < max(THRESHOLDS)
    walk = np.nonzero(below)[1]
    bins = np.clip(np.floor(LOSS_BINS * loss[below]), 0, LAST_LOSS_BIN).astype(np.int64)
    found: list[Columns] = []
    for index, threshold in enumerate(THRESHOLDS):
        chosen = norm[below] < threshold
        points = np.bincount(bins[chosen], minlength=LAST_LOSS_BIN + 1)
        is_met = np.zeros((LAST_LOSS_BIN + 1, loss.shape[1]), bool)
        is_met[bins[chosen], walk[chosen]] = True
        walks = is_met.sum(1)
        there = np.flatnonzero(points)
        found.append(
            {
                "threshold": np.full(len(there), index, np.int8),
                "loss_bin": there.astype(np.int16),
                "points": points[there].astype(np.int32),
                "walks": walks[there].astype(np.int32),
            }
        )
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def _course(seen: Mapping[str, NDArray[np.float64]]) -> Columns:
    steps = len(seen["loss"])
    chosen = np.unique(np.linspace(0, steps - 1, min(COURSE, steps)).round().astype(int))
    logs = np.log10(np.maximum(seen["loss"][chosen], LEAST_LOSS))
    means = {name: column[chosen].mean(1) for name, column in seen.items()}
    return {"step": chosen.astype(np.int32), "log_loss": logs.mean(1), **means}
