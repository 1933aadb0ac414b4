"""Small problems of any dimension: what they offer, and how a block of starts is drawn on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.streams import Streams


class PointsProblem(Protocol):
    """A loss of d variables, evaluated at k points at once.

    Functions of the plane are another form of it (`escaping_minima.problems.plane.PlaneFunction`).

    Attributes
    ----------
    BLOCK : int
        Replicates in one block: a constant of the problem, not of a run.
    lower, upper : tuple of float
        Corners of the box from which starts are drawn uniformly; their length is d.
    """

    BLOCK: ClassVar[int]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def values(self, w: Tensor) -> Tensor:
        """Return the loss at each row of ``w`` (k, d), shape (k, 1)."""

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each row of ``w`` (k, d), shape (k, d)."""


def draw_starts(problem: Any, streams: Streams) -> NDArray[np.float64]:
    """Draw the uniform starts of one block.

    Parameters
    ----------
    problem : PointsProblem or PlaneFunction
        Its box ``lower`` .. ``upper`` is the start domain.
    streams : Streams
        The streams of (problem, block); the same for every method.

    Returns
    -------
    ndarray of shape (BLOCK, d), float64
    """
    low, high = problem.lower, problem.upper
    unit = streams.generator("start", 0).random((problem.BLOCK, len(low)))
    for axis in range(len(low)):
        unit[:, axis] = low[axis] + (high[axis] - low[axis]) * unit[:, axis]
    return unit
