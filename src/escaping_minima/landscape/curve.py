"""Stationary points and basins of a curve of one variable."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

#: Parts into which the curve is cut to find where its slope changes sign.
GRID = 20_001
#: How far a root of the slope may be off.
_TOLERANCE = 1e-14


class Curve(Protocol):
    """A smooth function of one variable, as `escaping_minima.problems.gentle_curve` has it."""

    @property
    def reach(self) -> tuple[float, float]:
        """Ends of an interval outside which there is no stationary point."""

    def __hash__(self) -> int:
        """Tell curves with other settings apart."""

    def height(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return f(x), elementwise."""

    def slope(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return f'(x), elementwise."""


@dataclass(frozen=True)
class CurvePoint:
    """A point where the slope changes its sign.

    Attributes
    ----------
    kind : {"minimum", "maximum"}
    x, value : float
    """

    kind: str
    x: float
    value: float


@lru_cache(maxsize=32)
def curve_points(curve: Curve) -> tuple[CurvePoint, ...]:
    """Return every minimum and maximum of a curve that grows in both directions, by x.

    Parameters
    ----------
    curve : Curve
        A frozen dataclass; results are cached by its settings.

    Raises
    ------
    ArithmeticError
        If the first or the last is no minimum: one was missed. Two within one part of the grid are
        not noticed.
    """
    grid = np.linspace(*curve.reach, GRID)
    downhill = curve.slope(grid) < 0
    turns = np.flatnonzero(downhill[1:] != downhill[:-1])
    points = tuple(_point(curve, grid[i], grid[i + 1], is_minimum=bool(downhill[i])) for i in turns)
    if len(points) % 2 == 0 or points[0].kind != "minimum":
        kinds = ", ".join(point.kind for point in points)
        raise ArithmeticError(f"{curve}: found {kinds}, which do not close a curve")
    return points


def curve_basins(curve: Curve, x: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the minimum, counted from the left, that the flow from each x reaches.

    Parameters
    ----------
    curve : Curve
    x : ndarray
        Of any shape. A point that is no number gets the index of none, -1.
    """
    tops = [point.x for point in curve_points(curve) if point.kind == "maximum"]
    index = np.searchsorted(np.array(tops), x)
    return np.where(np.isfinite(x), index, -1)


def _point(curve: Curve, low: float, high: float, is_minimum: bool) -> CurvePoint:
    x = brentq(lambda at: float(curve.slope(np.array(at))), low, high, xtol=_TOLERANCE)
    return CurvePoint("minimum" if is_minimum else "maximum", x, float(curve.height(np.array(x))))
