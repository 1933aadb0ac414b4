"""The six-hump camel function: two global and four local minima in mirror pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.problems.plane import BLOCK as STARTS


@dataclass(frozen=True)
class SixHumpCamel:
    """f(x, y) = (4 - 2.1 x^2 + x^4 / 3) x^2 + x y + (-4 + 4 y^2) y^2.

    The form printed in the paper has lost a sign in its last term and is unbounded below as it
    stands; this is the standard function.

    Attributes
    ----------
    lower, upper : tuple of float
        Corners of the box from which starts are drawn uniformly: [-3, 3] x [-2, 2], the usual one
        (the paper names none).

    References
    ----------
    Dixon and Szegö, Towards Global Optimisation 2, 1978; Inan, Liu and Shehu 2024.
    """

    BLOCK: ClassVar[int] = STARTS

    lower: tuple[float, float] = (-3.0, -2.0)
    upper: tuple[float, float] = (3.0, 2.0)

    def value(self, x: Any, y: Any) -> Any:
        """Return f(x, y), elementwise."""
        s, u = x * x, y * y
        return ((s / 3.0 - 2.1) * s + 4.0) * s + x * y + (4.0 * u - 4.0) * u

    def gradient(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return (df/dx, df/dy), elementwise."""
        s, u = x * x, y * y
        return ((2.0 * s - 8.4) * s + 8.0) * x + y, (16.0 * u - 8.0) * y + x

    def hessian(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        """Return (fxx, fxy, fyy), elementwise."""
        s, u = x * x, y * y
        return (10.0 * s - 25.2) * s + 8.0, 1.0 + 0.0 * x, 48.0 * u - 8.0


PROBLEM = SixHumpCamel
