"""Warm restarts: gradient descent whose rate falls along a cosine and is reset at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class WarmRestarts:
    """w <- w - eta_t g, eta_t = low + (high - low) (1 + cos(pi t / T)) / 2.

    t counts the steps of the present cycle. After T steps it begins at 0 again, and T is multiplied
    by the growth.

    Attributes
    ----------
    learning_rate : float
        high, the rate at the start of each cycle.
    lowest : float
        low as a share of high; 1 is gradient descent.
    period : int
        T of the first cycle, in steps.
    growth : int
        By what T is multiplied after each cycle.

    References
    ----------
    Loshchilov and Hutter 2017 (SGDR), equation 5.
    """

    #: A step reads nothing back and draws no noise, so it can be captured.
    capturable: ClassVar[bool] = True
    #: Which method it is when it is switched off, and how that is done.
    BASE: ClassVar[str | None] = "gd"
    OFF: ClassVar[Mapping[str, Any]] = {"lowest": 1.0}

    learning_rate: float = 1e-3
    lowest: float = 0.0
    period: int = 100
    growth: int = 1

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(0 <= self.lowest <= 1, "lowest", self.lowest, "0 to 1")
        require(self.period >= 1, "period", self.period, "1 or more")
        require(self.growth >= 1, "growth", self.growth, "1 or more")

    def start(self, w: Tensor) -> State:
        """Allocate the gradient, and how far and how long the present cycle is, (k, 1)."""
        each = w.new_zeros((w.shape[0], 1))
        return {"g": w.clone(), "position": each, "length": each + self.period}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one descent step in place; one gradient evaluation."""
        g = state["g"]
        objective.gradient(w, g)
        descend(w, g, self._share(state) * self.learning_rate, state)
        self._go_on(state)

    def _share(self, state: State) -> Tensor:
        """Return the rate of this step as a share of the highest, (k, 1)."""
        wave = state["position"].div(state["length"]).mul_(math.pi).cos_().add_(1.0).div_(2.0)
        return wave * (1.0 - self.lowest) + self.lowest

    def _go_on(self, state: State) -> None:
        position, length = state["position"], state["length"]
        position.add_(1.0)
        over = position >= length
        position.masked_fill_(over, 0.0)
        length.copy_((length * self.growth).where(over, length))

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "Warm restarts"
COLOUR = "#E7298A"
MARKER = "8"

METHOD = WarmRestarts
