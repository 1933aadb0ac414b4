"""Smooth random functions of a few to many variables: waves at random in a bowl."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi, sqrt
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from escaping_minima.draws.streams import Streams
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

#: What names the draws, with the index of the instance as block.
_NAME = "random_waves"
#: Numbers in 64 bytes. Matrices begin at multiples of them, or the last digits of a row would
#: depend on where in a tensor it stands.
_EIGHT = 8


@dataclass(frozen=True)
class RandomWaves:
    """f(w) = c |w|^2 / 2 + a sqrt(2 d / N) sum_j cos(v_j . w + p_j).

    The N waves have normal v_j of standard deviation 1 / (l sqrt(d)) and uniform phases: with many
    of them their sum is about a Gaussian field of variance a^2 d and covariance
    exp(-r^2 / (2 l^2 d)). So scaled by d, gradients a coordinate and eigenvalues of the Hessian,
    a semicircle of radius 2 a / l^2 about c, have one size at every d. Below that radius c leaves
    stationary points whose number grows exponentially with d.

    Attributes
    ----------
    dimension : int
        d.
    instance : int
        Which of the functions of these settings: it names the draws.
    waves : int
        N, a multiple of 8.
    height, length : float
        a and l.
    steepness : float
        c.
    bound : float
        Starts are uniform within -bound and bound.

    References
    ----------
    Rahimi and Recht 2007, Random features for large-scale kernel machines; Fyodorov 2004,
    Complexity of random energy landscapes, Physical Review Letters 92, 240601, for the scaling
    and the count.
    """

    BLOCK: ClassVar[int] = 100

    dimension: int = 10
    instance: int = 0
    waves: int = 256
    height: float = 1.0
    length: float = 1.0
    steepness: float = 0.1
    bound: float = 3.0

    def __post_init__(self) -> None:
        require(2 <= self.dimension <= 50, "dimension", self.dimension, "2 to 50")
        require(self.instance >= 0, "instance", self.instance, "0 or more")
        whole = self.waves >= 1 and self.waves % _EIGHT == 0
        require(whole, "waves", self.waves, f"a multiple of {_EIGHT}, 1 or more")
        for name in ("height", "length", "steepness", "bound"):
            require(getattr(self, name) > 0, name, getattr(self, name), "above 0")

    @property
    def lower(self) -> tuple[float, ...]:
        """The least corner of the box of starts."""
        return (-self.bound,) * self.dimension

    @property
    def upper(self) -> tuple[float, ...]:
        """The greatest corner of the box of starts."""
        return (self.bound,) * self.dimension

    def values(self, w: Tensor) -> Tensor:
        """Return the value at each row of ``w`` (k, d), shape (k, 1)."""
        bowl = w.contiguous().square().sum(1, keepdim=True).mul_(self.steepness / 2)
        waves = self._phases(w).cos_().sum(1, keepdim=True)
        return bowl.add_(waves, alpha=self._scale)

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each row of ``w`` (k, d), shape (k, d)."""
        import torch

        # one small product a row: the digits of a large one depend on how many rows there are
        slopes = self._phases(w).sin_().unsqueeze(1)
        pulls = torch.bmm(slopes, self._directions(w).expand(len(w), -1, -1))[:, 0]
        own = pulls[:, : self.dimension].mul(-self._scale)
        return own.add_(w, alpha=self.steepness)

    def hessians(self, w: Tensor) -> Tensor:
        """Return the Hessian at each row of ``w`` (k, d), shape (k, d, d)."""
        import torch

        directions = self._directions(w)
        bent = self._phases(w).cos_().unsqueeze(2) * directions
        curved = torch.bmm(directions.T.expand(len(w), -1, -1), bent)
        own = curved[:, : self.dimension, : self.dimension].mul(-self._scale)
        eye = torch.eye(self.dimension, dtype=w.dtype, device=w.device)
        return own.add_(eye, alpha=self.steepness)

    @property
    def _scale(self) -> float:
        return self.height * sqrt(2.0 * self.dimension / self.waves)

    def _phases(self, w: Tensor) -> Tensor:
        """Return v_j . w + p_j, shape (k, N)."""
        import torch

        turned = self._directions(w).T.expand(len(w), -1, -1)
        wide = torch.nn.functional.pad(w, (0, turned.shape[1] - self.dimension))
        phases = torch.from_numpy(_draw(self.instance, self.dimension, self.waves)[1])
        return torch.bmm(wide.unsqueeze(1), turned)[:, 0].add_(phases.to(w))

    def _directions(self, w: Tensor) -> Tensor:
        """Return the v_j, shape (N, d), like ``w``, and 0 up to a multiple of `_EIGHT` columns."""
        import torch

        unit = torch.from_numpy(_draw(self.instance, self.dimension, self.waves)[0]).to(w)
        return unit / (self.length * sqrt(self.dimension))


@lru_cache(maxsize=16)
def _draw(
    instance: int, dimension: int, waves: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return normal directions (waves, dimension), padded, and phases (waves,) in [0, 2 pi)."""
    streams = Streams(_NAME, instance)
    directions = np.zeros((waves, -(-dimension // _EIGHT) * _EIGHT))
    drawn = streams.generator("directions", dimension).standard_normal((waves, dimension))
    directions[:, :dimension] = drawn
    return directions, 2.0 * pi * streams.generator("phases", dimension).random(waves)


PROBLEM = RandomWaves
