"""NiM: gradient descent that perturbs the model where the gradient is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend, row_norm
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class NoiseInModel:
    """If |g| < eps and t > tau: w <- w + zeta and g anew; then w <- w - eta g.

    Attributes
    ----------
    learning_rate : float
        eta.
    radius : float
        rho; zeta is uniform in the ball of this radius, in units of the weights; 0 is gradient
        descent.
    gradient_tolerance : float
        eps.
    patience : int
        tau, in steps.
    since_last_perturbation : bool
        Count t from the last perturbation (Jin et al. 2017) instead of from the start (as listed).

    References
    ----------
    Inan, Liu and Shehu 2024, NiM-GD; Jin et al. 2017, Algorithm 1 for the other reading of t.
    """

    learning_rate: float = 1e-3
    radius: float = 0.1
    gradient_tolerance: float = 1e-2
    patience: int = 100
    since_last_perturbation: bool = False

    #: A step reads nothing back, and what it draws is drawn by name on the device, so that it can
    #: be captured.
    capturable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.radius >= 0, "radius", self.radius, "0 or more")
        require(self.gradient_tolerance > 0, "gradient_tolerance", self.gradient_tolerance, "> 0")
        require(self.patience >= 0, "patience", self.patience, "0 or more")

    def start(self, w: Tensor) -> State:
        """Allocate the gradient and the waiting time of each replicate."""
        return {"g": w.clone(), "waited": w.new_zeros((w.shape[0], 1))}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; one gradient evaluation, two where the model is perturbed."""
        g, waited = state["g"], state["waited"]
        objective.gradient(w, g)
        perturb = (row_norm(g) < self.gradient_tolerance).logical_and_(waited > self.patience)
        w.add_(noise(perturb).mul(self.radius))
        objective.gradient(w, g, mask=perturb, statistics=False)
        descend(w, g, self.learning_rate, state)
        if self.since_last_perturbation:
            waited.masked_fill_(perturb, 0)
        waited.add_(1)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "NiM-GD"
COLOUR = "#56B4E9"
MARKER = "^"

METHOD = NoiseInModel
