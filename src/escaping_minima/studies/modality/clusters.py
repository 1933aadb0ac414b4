"""The steep and the shallow cluster of points on MNIST, told apart by two Gaussians."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.statistics.mixtures import Mixture, fit_one, fit_two, overlap, separation
from escaping_minima.studies.modality.bins import FINE, FINE_BINS, centres

_Values = NDArray[np.float64]

#: Points of which the gain of a second Gaussian is told.
PER_POINTS = 1000
#: The variance of a point within its bin: no component is narrower.
FLOOR = (1.0 / FINE) ** 2 / 12.0
#: What is measured where there are no clusters to be told apart.
UNKNOWN: Mapping[str, float] = dict.fromkeys(
    (
        "bic_gain",
        "overlap",
        "separation",
        "steep_weight",
        "shallow_weight",
        "steep_mean",
        "steep_spread",
        "steep_test",
    ),
    math.nan,
)


def measure_clusters(cloud: pd.DataFrame) -> Mapping[str, float]:
    """Fit one and two Gaussians to log10 of loss and gradient norm, and compare the two.

    The steep component is the one whose mean of log10(gradient norm) - log10(loss) is larger. A bin
    is of the component that is likelier there. Components are compared at the same loss: mean
    differences within each bin of the loss, weighted by the smaller of their two counts.

    Parameters
    ----------
    cloud : DataFrame
        All points of a block: ``loss_bin``, ``gradient_bin``, ``count``, ``test_log``.

    Returns
    -------
    Mapping of str to float
        ``bic_gain``, of 1,000 points; ``overlap`` and ``separation``, as
        `escaping_minima.statistics.mixtures` has them; ``steep_weight`` and ``shallow_weight`` in
        percent; ``steep_spread``, the standard deviation of log10(gradient norm) in the steep
        component; ``steep_mean`` and ``steep_test``, by how much log10 of gradient norm and of test
        loss are larger in the steep one at the same loss (NaN where they share no loss). All NaN
        where points lie on a line or at one place.
    """
    inner = _without_ends(cloud)
    bins = (inner[name].to_numpy(np.int64) for name in ("loss_bin", "gradient_bin"))
    where = np.stack([centres(b) for b in bins], axis=1)
    counts = inner["count"].to_numpy(np.float64)
    try:
        one, two = fit_one(where, counts, FLOOR), fit_two(where, counts, FLOOR)
    except ValueError:
        return UNKNOWN
    steep = int(np.argmax(two.means[:, 1] - two.means[:, 0]))
    gradients, tests = _compared(inner, _is_steep(where, two, steep))
    return {
        "bic_gain": PER_POINTS * (one.bic - two.bic) / two.points,
        "overlap": overlap(two),
        "separation": separation(two),
        "steep_weight": 100.0 * float(two.weights[steep]),
        "shallow_weight": 100.0 * float(two.weights[1 - steep]),
        "steep_mean": gradients,
        "steep_spread": math.sqrt(two.covariances[steep, 1, 1]),
        "steep_test": tests,
    }


def _without_ends(cloud: pd.DataFrame) -> pd.DataFrame:
    """Leave out what is too small to have a bin of its own, or not finite."""
    inside = cloud[["loss_bin", "gradient_bin"]].isin(range(1, FINE_BINS - 1)).all(axis=1)
    return cloud[inside]


def _is_steep(where: _Values, two: Mixture, steep: int) -> NDArray[np.bool_]:
    return np.asarray(two.responsibilities(where)[steep] > 0.5)


def _compared(cloud: pd.DataFrame, is_steep: NDArray[np.bool_]) -> tuple[float, float]:
    """Return mean differences of log10 gradient norm and test loss, steep less shallow."""
    counts = cloud["count"].to_numpy(np.float64)
    logs = counts * centres(cloud["gradient_bin"].to_numpy(np.int64))
    tests = cloud["test_log"].to_numpy(np.float64)
    loss = cloud["loss_bin"].to_numpy(np.int64)

    def by_loss(values: _Values, chosen: NDArray[np.bool_]) -> _Values:
        return np.asarray(np.bincount(loss[chosen], values[chosen], FINE_BINS), np.float64)

    steep, shallow = by_loss(counts, is_steep), by_loss(counts, ~is_steep)
    weights = np.minimum(steep, shallow)
    both = weights > 0
    if not both.any():
        return math.nan, math.nan

    def difference(values: _Values) -> float:
        above = by_loss(values, is_steep)[both] / steep[both]
        below = by_loss(values, ~is_steep)[both] / shallow[both]
        return float(np.average(above - below, weights=weights[both]))

    return difference(logs), difference(tests)
