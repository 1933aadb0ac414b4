"""Himmelblau's function: four global minima of equal value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.problems.plane import BLOCK as STARTS


@dataclass(frozen=True)
class Himmelblau:
    """f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2.

    Attributes
    ----------
    lower, upper : tuple of float
        Corners of the box from which starts are drawn uniformly. The paper names no box; the
        square [-5, 5]^2 is the usual one.

    References
    ----------
    Himmelblau, Applied Nonlinear Programming, 1972; Inan, Liu and Shehu 2024, synthetic functions.
    """

    BLOCK: ClassVar[int] = STARTS

    lower: tuple[float, float] = (-5.0, -5.0)
    upper: tuple[float, float] = (5.0, 5.0)

    def value(self, x: Any, y: Any) -> Any:
        """Return f(x, y), elementwise."""
        a = x * x + y - 11.0
        b = x + y * y - 7.0
        return a * a + b * b

    def gradient(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return (df/dx, df/dy), elementwise."""
        a = x * x + y - 11.0
        b = x + y * y - 7.0
        return 4.0 * x * a + 2.0 * b, 2.0 * a + 4.0 * y * b

    def hessian(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        """Return (fxx, fxy, fyy), elementwise."""
        return 12.0 * x * x + 4.0 * y - 42.0, 4.0 * (x + y), 12.0 * y * y + 4.0 * x - 26.0


PROBLEM = Himmelblau
