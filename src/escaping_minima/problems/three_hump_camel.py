"""The three-hump camel function: one global and two mirror-image local minima."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.problems.plane import BLOCK as STARTS


@dataclass(frozen=True)
class ThreeHumpCamel:
    """f(x, y) = 2 x^2 - c x^4 + x^6 / 6 + x y + y^2.

    Attributes
    ----------
    coefficient : float
        c. The standard function has 1.05; the paper prints 1.04, which moves the side minima.
    lower, upper : tuple of float
        Corners of the box from which starts are drawn uniformly. The paper names no box; only
        [-5, 5]^2 gives the printed thirds.

    References
    ----------
    Dixon and Szegö, Towards Global Optimisation 2, 1978; Inan, Liu and Shehu 2024.
    """

    BLOCK: ClassVar[int] = STARTS

    coefficient: float = 1.05
    lower: tuple[float, float] = (-5.0, -5.0)
    upper: tuple[float, float] = (5.0, 5.0)

    def value(self, x: Any, y: Any) -> Any:
        """Return f(x, y), elementwise."""
        s = x * x
        return ((s / 6.0 - self.coefficient) * s + 2.0) * s + x * y + y * y

    def gradient(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return (df/dx, df/dy), elementwise."""
        s = x * x
        return ((s - 4.0 * self.coefficient) * s + 4.0) * x + y, x + 2.0 * y

    def hessian(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        """Return (fxx, fxy, fyy), elementwise."""
        s = x * x
        return (5.0 * s - 12.0 * self.coefficient) * s + 4.0, 1.0 + 0.0 * x, 2.0 + 0.0 * y


PROBLEM = ThreeHumpCamel
