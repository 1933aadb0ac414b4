"""Gradient descent (SGD where the objective is a minibatch loss)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend, row_norm
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class GradientDescent:
    """w <- w - eta g.

    Attributes
    ----------
    learning_rate : float
        eta.
    normalised : bool
        Divide g by its norm, as one formula of the paper does and its listings do not.

    References
    ----------
    Inan, Liu and Shehu 2024, Algorithm 1 without its noise.
    """

    #: A step reads nothing back and draws no noise, so it can be captured.
    capturable: ClassVar[bool] = True

    learning_rate: float = 1e-3
    normalised: bool = False

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")

    def start(self, w: Tensor) -> State:
        """Allocate the gradient."""
        return {"g": w.clone()}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one descent step in place; one gradient evaluation."""
        g = state["g"]
        objective.gradient(w, g)
        if self.normalised:
            g.div_(row_norm(g).clamp_(min=1e-300))
        descend(w, g, self.learning_rate, state)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "GD"
COLOUR = "#000000"
MARKER = "o"

METHOD = GradientDescent
