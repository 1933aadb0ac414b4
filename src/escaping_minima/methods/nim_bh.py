"""NiM-BH: basin hopping with a random displacement between searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.methods.basin_hopping import BasinHopping
from escaping_minima.methods.protocol import Noise

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NoiseInModelBasinHopping(BasinHopping):
    """Between searches w <- w + zeta, zeta uniform in the ball of radius rho.

    References
    ----------
    Inan, Liu and Shehu 2024, NiM-BH.
    """

    def perturb(self, w: Tensor, g: Tensor, mask: Tensor, noise: Noise) -> None:
        """Move the rows of ``mask``, in place; ``radius`` is in units of the weights."""
        w.add_(noise(mask).mul(self.radius))


TITLE = "NiM-BH"
COLOUR = "#0072B2"
MARKER = "P"

METHOD = NoiseInModelBasinHopping
