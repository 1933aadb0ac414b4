"""SAM: sharpness-aware minimisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend, row_norm
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SharpnessAware:
    """w <- w - eta grad f(w + rho g / |g|), stepping from w.

    Attributes
    ----------
    learning_rate : float
        eta.
    radius : float
        rho, the length of the ascent step, in units of the weights; 0 is gradient descent.
    restore : bool
        Take the ascent step back before descending (the published method). False is the listing
        of Inan et al. as printed, which drifts uphill.

    References
    ----------
    Foret et al. 2021, Algorithm 1; Inan, Liu and Shehu 2024, SAM.
    """

    learning_rate: float = 1e-3
    radius: float = 0.33
    restore: bool = True

    #: A step reads nothing back and draws no noise, so it can be captured.
    capturable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.radius >= 0, "radius", self.radius, "0 or more")

    def start(self, w: Tensor) -> State:
        """Allocate the gradient and the shifted point."""
        return {"g": w.clone(), "shifted": w.clone()}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; two gradient evaluations."""
        g, shifted = state["g"], state["shifted"]
        objective.gradient(w, g)
        norm = row_norm(g)
        # at an exact stationary point there is no ascent direction: no shift
        g.mul_(norm.reciprocal().mul_(self.radius).masked_fill_(norm == 0, 0))
        shifted.copy_(w).add_(g)
        objective.gradient(shifted, g, statistics=False)
        if not self.restore:
            w.copy_(shifted)
        descend(w, g, self.learning_rate, state)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "SAM"
COLOUR = "#D55E00"
MARKER = "D"

METHOD = SharpnessAware
