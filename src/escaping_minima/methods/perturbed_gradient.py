"""Perturbed gradient descent: a random step where it is flat, taken back unless it led down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend, row_norm
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class PerturbedGradient:
    """Where |g| <= eps and the last perturbation is more than tau steps ago: w <- w + rho zeta.

    zeta is uniform in the unit ball, and a descent step follows. If the loss is not lower by the
    least decrease tau steps later, the place was a minimum: the replicate goes back to it and stays
    there. NiM perturbs alike and never looks back (`escaping_minima.methods.nim`).

    Attributes
    ----------
    learning_rate : float
        eta.
    radius : float
        rho (r of the paper), in units of the weights; 0 is gradient descent: then nothing is taken
        back.
    gradient_tolerance : float
        eps (g_thres).
    patience : int
        tau (t_thres), in steps.
    least_decrease : float
        f_thres, in units of the loss.
    stays : bool
        Whether a replicate that went back stays, as the paper's returns. False lets it descend and
        perturb again.

    References
    ----------
    Jin, Ge, Netrapalli, Kakade and Jordan 2017, Algorithm 2.
    """

    #: A step reads nothing back, and what it draws is drawn by name on the device.
    capturable: ClassVar[bool] = True
    #: Which method it is when it is switched off, and how that is done.
    BASE: ClassVar[str | None] = "gd"
    OFF: ClassVar[Mapping[str, Any]] = {"radius": 0.0}

    learning_rate: float = 1e-3
    radius: float = 0.1
    gradient_tolerance: float = 1e-2
    patience: int = 100
    least_decrease: float = 1e-4
    stays: bool = True

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.radius >= 0, "radius", self.radius, "0 or more")
        require(self.gradient_tolerance > 0, "gradient_tolerance", self.gradient_tolerance, "> 0")
        require(self.patience >= 1, "patience", self.patience, "1 or more")
        require(self.least_decrease >= 0, "least_decrease", self.least_decrease, "0 or more")

    def start(self, w: Tensor) -> State:
        """Allocate where and how low the last perturbation began; counters and marks, (k, 1)."""
        each = w.new_zeros((w.shape[0], 1))
        return {
            "g": w.clone(),
            "before": w.clone(),
            "loss_before": each.clone(),
            "loss": each.clone(),
            # steps since the last perturbation: at first it is as if there had been one long ago
            "waited": each + self.patience + 1.0,
            "perturbed": each.bool(),
            "ended": each.bool(),
        }

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; a gradient evaluation, one more and a loss at a perturbation.

        Another loss is looked at when the steps to wait are over, and a gradient where that makes
        a replicate go back.
        """
        g, waited = state["g"], state["waited"]
        objective.gradient(w, g)
        kicked = self._perturb(w, state, objective, noise)
        back = self._go_back(w, state, objective)
        objective.gradient(w, g, mask=kicked.logical_or(back), statistics=False)
        descend(w, g, self.learning_rate, state)
        if self.stays:
            state["ended"].logical_or_(back)
            w.copy_(state["before"].where(state["ended"], w))
        waited.add_(1.0)

    def _perturb(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> Tensor:
        """Perturb where it is time to, in place; return where, (k, 1)."""
        flat = row_norm(state["g"]) <= self.gradient_tolerance
        kicked = flat.logical_and_(state["waited"] > self.patience)
        kicked.logical_and_(state["ended"].logical_not())
        objective.value(w, state["loss_before"], mask=kicked)
        state["before"].copy_(w.where(kicked, state["before"]))
        w.add_(noise(kicked).mul(self.radius))
        state["waited"].masked_fill_(kicked, 0.0)
        state["perturbed"].logical_or_(kicked)
        return kicked

    def _go_back(self, w: Tensor, state: State, objective: Objective) -> Tensor:
        """Go back where the perturbation led nowhere, in place; return where, (k, 1)."""
        loss = state["loss"]
        due = (state["waited"] == self.patience).logical_and_(state["perturbed"])
        objective.value(w, loss, mask=due)
        decrease = state["loss_before"] - loss
        # so written that a loss which is no number counts as no decrease
        failed = (decrease >= self.least_decrease).logical_not_().logical_and_(due)
        failed = failed & (self.radius > 0)
        w.copy_(state["before"].where(failed, w))
        return failed

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "PGD"
COLOUR = "#AA4499"
MARKER = "1"

METHOD = PerturbedGradient
