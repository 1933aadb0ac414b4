"""The two-point method: down the slope between two points on a random line, without a gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend, row_norm
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TwoPoint:
    """w <- w - (a / 2b) (f(w + b z) - f(w - b z)) z, z uniform on the unit sphere.

    a_t = a / (1 + t / tau)^p, and b_t likewise. The mean step is a / d times the gradient of f
    averaged over a ball of radius b, in d dimensions. With losses of minibatches convergence asks
    that a_t and b_t fall to 0 and that the sum of a_t is infinite, those of a_t b_t and of
    (a_t / b_t)^2 are not (Kiefer and Wolfowitz 1952): the defaults do that.

    Attributes
    ----------
    learning_rate : float
        a of the first step.
    distance : float
        b of the first step, in units of the weights.
    rate_delay, distance_delay : float
        tau of a and of b, in steps.
    rate_power, distance_power : float
        p of a and of b; 0 keeps them.

    References
    ----------
    Robert and Casella 2004, Monte Carlo Statistical Methods, section 5.2.2 (gradient methods); the
    mean step: Flaxman, Kalai and McMahan 2005, the lemma on gradients from values.
    """

    #: A step reads nothing back, and what it draws is drawn by name on the device.
    capturable: ClassVar[bool] = True
    #: It is no other method when it is switched off: without a distance there is no slope.
    BASE: ClassVar[str | None] = None

    learning_rate: float = 1e-2
    distance: float = 0.1
    rate_delay: float = 1000.0
    rate_power: float = 1.0
    distance_delay: float = 1000.0
    distance_power: float = 0.25

    def __post_init__(self) -> None:
        for name in ("learning_rate", "distance", "rate_delay", "distance_delay"):
            require(getattr(self, name) > 0, name, getattr(self, name), "above 0")
        for name in ("rate_power", "distance_power"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")

    def start(self, w: Tensor) -> State:
        """Allocate the estimate of the gradient, the other point, two losses and the steps."""
        each = w.new_zeros((w.shape[0], 1))
        losses = {"ahead": each.clone(), "behind": each.clone()}
        return {"g": w.clone(), "there": w.clone(), "taken": each, **losses}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; two evaluations of the loss."""
        g, there, taken = state["g"], state["there"], state["taken"]
        ahead, behind = state["ahead"], state["behind"]
        direction = noise.normal("direction")
        # a draw of nothing but zeros has no direction
        direction = direction / row_norm(direction).clamp_(min=1e-30)
        distance = _fallen(taken, self.distance_delay, self.distance_power) * self.distance
        objective.value(there.copy_(w).addcmul_(direction, distance), ahead)
        objective.value(there.copy_(w).addcmul_(direction, distance, value=-1.0), behind)
        g.copy_(direction).mul_((ahead - behind).div_(distance).div_(2.0))
        rate = _fallen(taken, self.rate_delay, self.rate_power) * self.learning_rate
        descend(w, g, rate, state)
        taken.add_(1.0)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


def _fallen(taken: Tensor, delay: float, power: float) -> Tensor:
    """Return 1 / (1 + t / tau)^p, (k, 1)."""
    # by a logarithm: a power of torch rounds differently within a vector and at its end
    return taken.div(delay).log1p_().mul_(power).neg_().exp_()


TITLE = "Two-point"
COLOUR = "#66A61E"
MARKER = "x"

METHOD = TwoPoint
