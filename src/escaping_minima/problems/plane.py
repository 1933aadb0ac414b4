"""Functions of the plane: what they offer."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

#: Starts in one block of a function of the plane: a constant of the problem, not of a run.
BLOCK = 500


class PlaneFunction(Protocol):
    """A smooth function of two variables, written in plain arithmetic.

    Floats, NumPy arrays and torch tensors all pass through the same expressions, so that the
    engine, the search for stationary points and the figures share one definition.
    """

    BLOCK: ClassVar[int]
    lower: tuple[float, float]
    upper: tuple[float, float]

    def __hash__(self) -> int:
        """Tell functions with other settings apart."""

    def value(self, x: Any, y: Any) -> Any:
        """Return f(x, y), elementwise."""

    def gradient(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return (df/dx, df/dy), elementwise."""

    def hessian(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        """Return (fxx, fxy, fyy), elementwise."""
