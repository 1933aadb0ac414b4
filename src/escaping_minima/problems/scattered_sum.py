"""A mean of curves whose minima are scattered, while the minima of the mean are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from escaping_minima.parts.require import require
from escaping_minima.problems.plane import BLOCK as STARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

#: Outside this interval the mean has no stationary point.
_REACH = (-2.0, 2.0)
#: Where the minima of the mean lie, by what ``interpolates`` may say.
_MINIMA = {"local": -1.0, "global": 1.0}
_INTERPOLATES = ("none", *_MINIMA)


@dataclass(frozen=True)
class ScatteredSum:
    """f_i(x) = F(x) + s sqrt(2) h(x) sin(v x + 2 pi i / M) / v, with F'(x) = 4 c (x^2 - 1)(x - t).

    The waves of the M items add up to nothing, so that the mean is F: a local minimum at -1, a
    maximum at t, the global minimum at 1 with F = 0. c is such that the barrier out of the local
    minimum is as high as set; with the defaults the local minimum lies at F = 0.195. Where h is 1
    the slopes of the items scatter about that of the mean with a standard deviation of exactly s
    at every x: a batch of B of them has an error of s / sqrt(B) with replacement,
    s sqrt((M - B) / (B (M - 1))) without.

    Where a minimum m interpolates, h(x) = 1 - exp(-((x - m) / r)^2): there the slope of every item
    vanishes, and no batch is noisy.

    Attributes
    ----------
    barrier : float
        From the local minimum up to the maximum.
    top : float
        t, between -1 and 0.
    items : int
        M, 3 or more.
    scatter : float
        s.
    wave_number : float
        v.
    interpolates : {"none", "local", "global"}
        Which minimum, if any.
    reach_of_calm : float
        r.
    lower, upper : tuple of float
        Ends of the interval from which starts are drawn uniformly.

    References
    ----------
    Ours: the smallest thing on which what is said of minibatches can be checked exactly. The
    errors of a batch: Cochran, Sampling Techniques, 1977, theorem 2.2.
    """

    BLOCK: ClassVar[int] = STARTS

    barrier: float = 0.1
    top: float = -0.2
    items: int = 64
    scatter: float = 1.0
    wave_number: float = 2.0
    interpolates: str = "none"
    reach_of_calm: float = 0.5
    lower: tuple[float] = (-1.6,)
    upper: tuple[float] = (1.6,)

    def __post_init__(self) -> None:
        require(self.barrier > 0, "barrier", self.barrier, "above 0")
        require(-1 < self.top < 0, "top", self.top, "above -1, below 0")
        require(self.items >= 3, "items", self.items, "3 or more")
        require(self.scatter >= 0, "scatter", self.scatter, "0 or more")
        require(self.wave_number > 0, "wave_number", self.wave_number, "above 0")
        known = ", ".join(_INTERPOLATES)
        require(self.interpolates in _INTERPOLATES, "interpolates", self.interpolates, known)
        require(self.reach_of_calm > 0, "reach_of_calm", self.reach_of_calm, "above 0")

    @property
    def reach(self) -> tuple[float, float]:
        """Ends of an interval outside which there is no stationary point."""
        return _REACH

    @property
    def levels(self) -> tuple[float, ...]:
        """Losses of the global and of the local minimum."""
        return 0.0, float(self.height(np.array(_MINIMA["local"])))

    def item_values(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """See `escaping_minima.problems.sums.SumProblem.item_values`."""
        import torch

        calm, _ = self._calm(w, torch.exp)
        waves = torch.sin(self._phases(w, chosen)).mul_(calm)
        return waves.mul_(sqrt(2.0) * self.scatter / self.wave_number).add_(self.values(w))

    def mean_gradients(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """See `escaping_minima.problems.sums.SumProblem.mean_gradients`."""
        import torch

        if chosen is None:
            return self.gradients(w)
        phases = self._phases(w, chosen)
        calm, change = self._calm(w, torch.exp)
        slopes = torch.cos(phases).mul_(calm)
        slopes.add_(torch.sin(phases).mul_(change / self.wave_number))
        mean = slopes.mean(1, keepdim=True)
        return mean.mul_(sqrt(2.0) * self.scatter).add_(self.gradients(w))

    def values(self, w: Tensor) -> Tensor:
        """Return the mean at each row of ``w`` (k, 1), shape (k, 1)."""
        height: Tensor = self._height(w)
        return height

    def gradients(self, w: Tensor) -> Tensor:
        """Return the slope of the mean at each row of ``w`` (k, 1), shape (k, 1)."""
        slope: Tensor = self._slope(w)
        return slope

    def height(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return F(x), elementwise."""
        height: NDArray[np.float64] = self._height(x)
        return height

    def slope(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return F'(x), elementwise."""
        slope: NDArray[np.float64] = self._slope(x)
        return slope

    @property
    def _scale(self) -> float:
        """Return 4 c."""
        t = self.top
        return self.barrier / (t**2 / 2 - t**4 / 12 + 2 * t / 3 + 0.25)

    def _height(self, x: Any) -> Any:
        # F(x) - F(1), which is 0 to the last digit at 1
        t, square = self.top, x * x
        inner = square * square / 4 - square / 2 + 0.25 - t * (x * square / 3 - x + 2 / 3)
        return self._scale * inner

    def _slope(self, x: Any) -> Any:
        return self._scale * (x * x - 1.0) * (x - self.top)

    def _calm(self, x: Any, exp: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Return h(x) and h'(x)."""
        if self.interpolates == "none":
            return 1.0, 0.0
        away = (x - _MINIMA[self.interpolates]) / self.reach_of_calm
        still = exp(-away * away)
        return 1.0 - still, 2.0 / self.reach_of_calm * away * still

    def _phases(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        import torch

        if chosen is None:
            chosen = torch.arange(self.items, device=w.device).unsqueeze(0)
        # a product of whole numbers and a float would have the digits of a float32
        return w * self.wave_number + chosen.to(w.dtype) * (2.0 * pi / self.items)


PROBLEM = ScatteredSum
