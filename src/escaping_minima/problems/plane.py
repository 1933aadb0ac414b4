"""Functions of the plane: what they offer, and how a block of starts is drawn on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from escaping_minima.engine.streams import Streams

#: Starts in one block of a function of the plane: a constant of the problem, not of a run.
BLOCK = 500


class PlaneFunction(Protocol):
    """A smooth function of two variables, written in plain arithmetic.

    Floats, NumPy arrays and torch tensors all pass through the same expressions, so that the
    engine, the search for stationary points and the figures share one definition.
    """

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


def draw_starts(function: PlaneFunction, streams: Streams) -> NDArray[np.float64]:
    """Draw the uniform starts of one block.

    Parameters
    ----------
    function : PlaneFunction
        Its box ``lower`` .. ``upper`` is the start domain.
    streams : Streams
        The streams of (problem, block); the same for every method.

    Returns
    -------
    ndarray of shape (BLOCK, 2), float64
    """
    unit = streams.generator("start", 0).random((BLOCK, 2))
    low, high = function.lower, function.upper
    for axis in range(2):
        unit[:, axis] = low[axis] + (high[axis] - low[axis]) * unit[:, axis]
    return unit
