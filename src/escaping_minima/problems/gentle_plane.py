"""The curve of the question as a function of the plane, where a path can steer around the well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from escaping_minima.parts.require import require
from escaping_minima.problems.plane import BLOCK as STARTS


@dataclass(frozen=True)
class GentlePlane:
    """f(x, y) = s ((x - m)^2 + y^2) - h exp(-((x - c)^2 + y^2) / r^2).

    On the axis it is `escaping_minima.problems.gentle_curve.GentleCurve`; all stationary points
    lie there, and what is the barrier of the curve is a saddle. In an arena starts lie on the far
    side of the well, beside the axis: of the straight ways to the bottom some lead into it.

    Attributes
    ----------
    steepness, bottom : float
        s and m of the paraboloid.
    depth, centre, width : float
        h, c and r of the well.
    lower, upper : tuple of float
        Corners of a box with all stationary points.
    start_lower, start_upper : tuple of float
        Corners of the box in it from which an arena draws starts uniformly. The source names none.

    References
    ----------
    Data Science Stack Exchange, question 44324, where it is asked whether one could not steer
    around a local minimum: the formula is ours.
    """

    BLOCK: ClassVar[int] = STARTS

    steepness: float = 0.05
    bottom: float = 9.0
    depth: float = 0.6
    centre: float = 4.0
    width: float = 0.4
    lower: tuple[float, float] = (1.0, -3.0)
    upper: tuple[float, float] = (10.0, 3.0)
    start_lower: tuple[float, float] = (1.5, -2.0)
    start_upper: tuple[float, float] = (2.5, 2.0)

    def __post_init__(self) -> None:
        require(self.steepness > 0, "steepness", self.steepness, "above 0")
        require(self.width > 0, "width", self.width, "above 0")

    def value(self, x: Any, y: Any) -> Any:
        """Return f(x, y), elementwise."""
        away = x - self.bottom
        return self.steepness * (away * away + y * y) - self._well(x, y)

    def gradient(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return (df/dx, df/dy), elementwise."""
        slope, pull = 2.0 * self.steepness, 2.0 / self.width**2 * self._well(x, y)
        return slope * (x - self.bottom) + pull * (x - self.centre), slope * y + pull * y

    def hessian(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        """Return (fxx, fxy, fyy), elementwise."""
        factor, slope, inside = 2.0 / self.width**2, 2.0 * self.steepness, x - self.centre
        pull = factor * self._well(x, y)
        return (
            slope + pull * (1.0 - factor * inside * inside),
            -factor * pull * inside * y,
            slope + pull * (1.0 - factor * y * y),
        )

    def _well(self, x: Any, y: Any) -> Any:
        inside = x - self.centre
        return self.depth * _exp((inside * inside + y * y) / -(self.width**2))


def _exp(x: Any) -> Any:
    """Return e^x of a float, an array or a tensor, each by its own library."""
    return x.exp() if hasattr(x, "exp") else np.exp(x)


PROBLEM = GentlePlane
