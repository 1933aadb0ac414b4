"""NiG-BH: basin hopping with one noisy gradient step between searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.methods.basin_hopping import BasinHopping
from escaping_minima.methods.protocol import Noise

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NoiseInGradientBasinHopping(BasinHopping):
    """Between searches w <- w - eta (g + zeta), zeta uniform in the ball of radius rho.

    References
    ----------
    Inan, Liu and Shehu 2024, NiG-BH.
    """

    def perturb(self, w: Tensor, g: Tensor, mask: Tensor, noise: Noise) -> None:
        """Move the rows of ``mask``, in place; ``radius`` is in units of the gradient."""
        moved = noise(mask).mul(self.radius).add_(g).mul_(-self.learning_rate).add_(w)
        w.copy_(moved.where(mask, w))


TITLE = "NiG-BH"
COLOUR = "#009E73"
MARKER = "v"

METHOD = NoiseInGradientBasinHopping
