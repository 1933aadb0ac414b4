"""A curve of one variable: a steep local minimum in front of a gentle slope to the global one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from escaping_minima.parts.require import require
from escaping_minima.problems.plane import BLOCK as STARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

#: Widths of the well from its middle within which it bends the curve, to all digits of a float64.
_REACH = 8.0


@dataclass(frozen=True)
class GentleCurve:
    """f(x) = s (x - m)^2 - h exp(-((x - c) / r)^2).

    A parabola with its bottom at m, in whose side there is a narrow well at c. With the defaults
    the well holds a local minimum at 4.07 (f = 0.633), closed towards the global minimum at 9
    (f = 0) by a barrier at 4.61 (f = 0.905); starts lie on the far side of the well, so that
    whoever goes downhill falls into it first.

    Attributes
    ----------
    steepness, bottom : float
        s and m of the parabola.
    depth, centre, width : float
        h, c and r of the well.
    lower, upper : tuple of float
        Ends of the interval from which starts are drawn uniformly. The source names no start; the
        interval is one on the slope above the well, around 2.

    References
    ----------
    Data Science Stack Exchange, question 44324, where such a curve is drawn and its picture lost:
    the formula is ours.
    """

    BLOCK: ClassVar[int] = STARTS

    steepness: float = 0.05
    bottom: float = 9.0
    depth: float = 0.6
    centre: float = 4.0
    width: float = 0.4
    lower: tuple[float] = (1.5,)
    upper: tuple[float] = (2.5,)

    def __post_init__(self) -> None:
        require(self.steepness > 0, "steepness", self.steepness, "above 0")
        require(self.width > 0, "width", self.width, "above 0")

    @property
    def reach(self) -> tuple[float, float]:
        """Ends of an interval outside which there is no stationary point."""
        side = _REACH * self.width
        return (
            min(self.bottom, self.centre) - side,
            max(self.bottom, self.centre) + side,
        )

    def values(self, w: Tensor) -> Tensor:
        """Return the loss at each row of ``w`` (k, 1), shape (k, 1)."""
        import torch

        height: Tensor = self._height(w, torch.exp)
        return height

    def gradients(self, w: Tensor) -> Tensor:
        """Return the slope at each row of ``w`` (k, 1), shape (k, 1)."""
        import torch

        slope: Tensor = self._slope(w, torch.exp)
        return slope

    def height(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return f(x), elementwise."""
        height: NDArray[np.float64] = self._height(x, np.exp)
        return height

    def slope(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return f'(x), elementwise."""
        slope: NDArray[np.float64] = self._slope(x, np.exp)
        return slope

    def _height(self, x: Any, exp: Callable[[Any], Any]) -> Any:
        away, inside = x - self.bottom, (x - self.centre) / self.width
        return self.steepness * away * away - self.depth * exp(-inside * inside)

    def _slope(self, x: Any, exp: Callable[[Any], Any]) -> Any:
        away, inside = x - self.bottom, (x - self.centre) / self.width
        well = 2.0 * self.depth / self.width * inside * exp(-inside * inside)
        return 2.0 * self.steepness * away + well


PROBLEM = GentleCurve
