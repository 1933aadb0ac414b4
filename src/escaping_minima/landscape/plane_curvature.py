"""How a loss curves within a plane, from its values on a grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Digits that a sum of many products in float32 loses, as a multiple of its last one.
_LOST = 16


class PlaneCurvature(NamedTuple):
    """Principal curvatures at the inner points of a grid; NaN where a loss is not finite.

    Attributes
    ----------
    low, high : ndarray of shape (n - 2, n - 2)
        The lower and the higher one.
    rounding : ndarray of shape (n - 2, n - 2)
        What is nearer to 0 may be rounding alone.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rounding: NDArray[np.float64]


def principal_curvatures(losses: NDArray[np.float64], step: float) -> PlaneCurvature:
    """Return the eigenvalues of the Hessian within the plane, by central differences.

    Parameters
    ----------
    losses : ndarray of shape (n, n)
        At points evenly apart along both axes, computed in float32.
    step : float
        Between neighbours.

    References
    ----------
    Li, Xu, Taylor, Studer and Goldstein 2018, section 6, on what such curvatures say of those of
    the whole Hessian: where one is below 0, this has a negative eigenvalue.
    """
    losses = np.where(np.isfinite(losses), losses, np.nan)
    middle = losses[1:-1, 1:-1]
    xx = losses[2:, 1:-1] - 2 * middle + losses[:-2, 1:-1]
    yy = losses[1:-1, 2:] - 2 * middle + losses[1:-1, :-2]
    xy = (losses[2:, 2:] - losses[2:, :-2] - losses[:-2, 2:] + losses[:-2, :-2]) / 4
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    around = np.lib.stride_tricks.sliding_window_view(np.abs(losses), (3, 3)).max((2, 3))
    # a second difference has four errors, and a loss that is nearly 0 those of the outputs
    rounding = 4 * _LOST * np.finfo(np.float32).eps * (around + 1)
    return PlaneCurvature(*(v / step**2 for v in (mean - spread, mean + spread, rounding)))


def negative_share(curvature: PlaneCurvature) -> float:
    """Return at which share of the points the lower curvature is below 0 by more than rounding.

    Of the points where it is known; NaN where there are none.
    """
    known = np.isfinite(curvature.low)
    below = curvature.low[known] < -curvature.rounding[known]
    return float(below.mean()) if known.any() else float("nan")


def negative_weight(curvature: PlaneCurvature) -> float:
    """Return the share that negative curvature has in all: sums of magnitudes over the points.

    NaN where nothing curves by more than rounding.
    """
    both = np.stack([curvature.low, curvature.high])
    counted = np.where(np.abs(both) > curvature.rounding, both, 0.0)
    total = float(np.abs(counted).sum())
    return float(-counted[counted < 0].sum()) / total if total else float("nan")
