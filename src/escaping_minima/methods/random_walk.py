"""The progressive random walk: each coordinate goes one way in steps of random length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RandomWalk:
    """Each coordinate moves by u in [0, s), down if it started above 0, else up.

    So a walk begins in a corner of its box and goes towards the opposite one. Where it is
    published walks turn at the borders of the box; these have none, as a control of walks that are
    not bounded either.

    Attributes
    ----------
    largest_step : float
        s.

    References
    ----------
    Malan and Engelbrecht 2014, A progressive random walk algorithm for sampling continuous fitness
    landscapes; its start as in the code github.com/annabosman/fla-in-tf.
    """

    #: A step reads nothing back.
    capturable: ClassVar[bool] = True

    largest_step: float = 0.02

    def __post_init__(self) -> None:
        require(self.largest_step > 0, "largest_step", self.largest_step, "above 0")

    def start(self, w: Tensor) -> State:
        """Take down which way each coordinate goes: 1 is up, -1 down."""
        return {"way": w.gt(0.0).to(w.dtype).mul_(-2.0).add_(1.0)}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; no evaluation."""
        w.add_(noise.uniform_each("step").mul(self.largest_step).mul_(state["way"]))

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "Random walk"
COLOUR = "#7A5C2E"
MARKER = "H"

METHOD = RandomWalk
