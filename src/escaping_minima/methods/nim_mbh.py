"""NiM-MBH: monotonic basin hopping, which keeps a result only if it is lower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.methods.basin_hopping import MonotonicBasinHopping
from escaping_minima.methods.protocol import Noise

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NoiseInModelMonotonicBasinHopping(MonotonicBasinHopping):
    """Between searches w <- w + zeta, zeta uniform in the ball of radius rho.

    References
    ----------
    Leary 2000 for monotonic basin hopping; Inan, Liu and Shehu 2024, NiM-MBH.
    """

    def perturb(self, w: Tensor, g: Tensor, mask: Tensor, noise: Noise) -> None:
        """Move the rows of ``mask``, in place; ``radius`` is in units of the weights."""
        w.add_(noise(mask).mul(self.radius))


TITLE = "NiM-MBH"
COLOUR = "#6A51A3"
MARKER = "<"

METHOD = NoiseInModelMonotonicBasinHopping
