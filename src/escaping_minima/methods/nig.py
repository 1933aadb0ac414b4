"""NiG: gradient descent with noise in the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NoiseInGradient:
    """w <- w - eta (g + zeta), zeta uniform in the ball of radius rho.

    Attributes
    ----------
    learning_rate : float
        eta.
    radius : float
        rho, in units of the gradient; 0 is gradient descent.

    References
    ----------
    Inan, Liu and Shehu 2024, Algorithm 1 (there credited to Ge et al. 2015).
    """

    learning_rate: float = 1e-3
    radius: float = 25.0

    #: A step reads nothing back, and what it draws is drawn by name on the device, so that it can
    #: be captured.
    capturable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.radius >= 0, "radius", self.radius, "0 or more")

    def start(self, w: Tensor) -> State:
        """Allocate the gradient."""
        return {"g": w.clone()}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one noisy descent step in place; one gradient evaluation."""
        g = state["g"]
        objective.gradient(w, g)
        g.add_(noise().mul(self.radius))
        descend(w, g, self.learning_rate, state)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "NiG-GD"
COLOUR = "#E69F00"
MARKER = "s"

METHOD = NoiseInGradient
