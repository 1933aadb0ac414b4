"""Langevin dynamics: gradient descent with normal noise, at a fixed or a falling temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Langevin:
    """w <- w - eta g + sqrt(2 eta T) xi, xi standard normal.

    At a fixed temperature and short steps places are distributed as exp(-f / T). A step that is not
    short shifts that: no step is rejected (see `escaping_minima.methods.minibatch_metropolis`).

    Attributes
    ----------
    learning_rate : float
        eta.
    temperature : float
        T of the first step, in units of the loss; 0 is gradient descent.
    cooling : float
        By what T is multiplied after each step; 1 keeps it.

    References
    ----------
    Roberts and Tweedie 1996, the unadjusted Langevin algorithm, for the density exp(-f / T); with a
    falling temperature Gelfand and Mitter 1991; on minibatches Welling and Teh 2011.
    """

    #: A step reads nothing back, and what it draws is drawn by name on the device.
    capturable: ClassVar[bool] = True
    #: Which method it is when it is switched off, and how that is done.
    BASE: ClassVar[str | None] = "gd"
    OFF: ClassVar[Mapping[str, Any]] = {"temperature": 0.0}

    learning_rate: float = 1e-3
    temperature: float = 1e-3
    cooling: float = 1.0

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.temperature >= 0, "temperature", self.temperature, "0 or more")
        require(0 < self.cooling <= 1, "cooling", self.cooling, "above 0, at most 1")

    def start(self, w: Tensor) -> State:
        """Allocate the gradient, and by what the temperature was multiplied, (k, 1)."""
        return {"g": w.clone(), "cooled": w.new_ones((w.shape[0], 1))}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; one gradient evaluation."""
        g, cooled = state["g"], state["cooled"]
        objective.gradient(w, g)
        descend(w, g, self.learning_rate, state)
        length = (cooled * self.temperature * self.learning_rate).mul_(2.0).sqrt_()
        w.addcmul_(noise.normal("diffusion"), length)
        cooled.mul_(self.cooling)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "Langevin"
COLOUR = "#4B5FD6"
MARKER = "+"

METHOD = Langevin
