"""NiG-MBH: monotonic basin hopping, which keeps a result only if it is lower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from escaping_minima.methods.basin_hopping import MonotonicBasinHopping
from escaping_minima.methods.protocol import Noise, descend

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NoiseInGradientMonotonicBasinHopping(MonotonicBasinHopping):
    """Between searches w <- w - eta (g + zeta), zeta uniform in the ball of radius rho.

    Attributes
    ----------
    radius : float
        rho, in units of the gradient: a perturbation moves by eta (|g| + rho) at most.

    References
    ----------
    Leary 2000 for monotonic basin hopping; Inan, Liu and Shehu 2024, NiG-MBH.
    """

    radius: float = 100.0

    def perturb(self, w: Tensor, g: Tensor, mask: Tensor, noise: Noise) -> None:
        """Move the rows of ``mask`` by one step, in place; of gradient descent at radius 0."""
        moved = w.clone()
        descend(moved, noise(mask).mul(self.radius).add_(g), self.learning_rate, {})
        w.copy_(moved.where(mask, w))


TITLE = "NiG-MBH"
COLOUR = "#CC79A7"
MARKER = "X"

METHOD = NoiseInGradientMonotonicBasinHopping
