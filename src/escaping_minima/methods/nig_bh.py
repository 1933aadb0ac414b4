"""NiG-BH: basin hopping with one noisy gradient step between searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.methods.basin_hopping import BasinHopping
from escaping_minima.methods.protocol import Noise, descend

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NoiseInGradientBasinHopping(BasinHopping):
    """Between searches w <- w - eta (g + zeta), zeta uniform in the ball of radius rho.

    Attributes
    ----------
    radius : float
        rho, in units of the gradient: a perturbation moves by eta (|g| + rho) at most.

    References
    ----------
    Inan, Liu and Shehu 2024, NiG-BH.
    """

    radius: float = 100.0

    def perturb(self, w: Tensor, g: Tensor, mask: Tensor, noise: Noise) -> None:
        """Move the rows of ``mask`` by one step, in place; of gradient descent at radius 0."""
        moved = w.clone()
        descend(moved, noise(mask).mul(self.radius).add_(g), self.learning_rate, {})
        w.copy_(moved.where(mask, w))


TITLE = "NiG-BH"
COLOUR = "#009E73"
MARKER = "v"

METHOD = NoiseInGradientBasinHopping
