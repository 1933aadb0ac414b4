"""The progressive gradient walk: random steps down the gradient, coordinate by coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class GradientWalk:
    """Each coordinate moves by u in [0, s), down where its gradient is above 0, else up.

    A coordinate whose gradient is exactly 0 moves up, as in the authors' code.

    Attributes
    ----------
    largest_step : float
        s.

    References
    ----------
    Bosman, Engelbrecht and Helbig 2018 (GECCO companion), with the signs of their code,
    github.com/annabosman/fla-in-tf: with those that are printed a walk would climb.
    """

    #: A step reads nothing back.
    capturable: ClassVar[bool] = True

    largest_step: float = 0.02

    def __post_init__(self) -> None:
        require(self.largest_step > 0, "largest_step", self.largest_step, "above 0")

    def start(self, w: Tensor) -> State:
        """Allocate the gradient."""
        return {"g": w.clone()}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; one gradient evaluation."""
        g = state["g"]
        objective.gradient(w, g)
        # 0 - 0 is +0 whatever the sign of the second, so that a gradient of 0 means up
        against = g.neg().add_(0.0)
        w.add_(noise.uniform_each("step").mul(self.largest_step).copysign_(against))

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "Gradient walk"
COLOUR = "#117733"
MARKER = "h"

METHOD = GradientWalk
