"""A fresh start at every step: random search, which keeps the cheapest place so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RestartEachStep:
    """w' uniform in a box; w <- w' where f(w') < f(w), on the batch of the step.

    So a question has it, which guesses that trainers take new random weights at each batch and see
    if the cost is smaller. It asks for no gradient.

    Attributes
    ----------
    lower, upper : float
        Ends of the box, the same for all coordinates.
    fresh : bool
        Whether f(w) is looked at again on the batch of each step. Else w has the loss of the batch
        that it was kept on: a lucky batch keeps a poor place.

    References
    ----------
    Data Science Stack Exchange, question 44324; pure random search: Brooks 1958.
    """

    #: A step reads nothing back, and what it draws is drawn by name on the device.
    capturable: ClassVar[bool] = True
    #: It is no other method when it is switched off: all that it does is to start afresh.
    BASE: ClassVar[str | None] = None

    lower: float = -1.0
    upper: float = 1.0
    fresh: bool = False

    def __post_init__(self) -> None:
        require(self.lower < self.upper, "lower", self.lower, f"below upper ({self.upper})")

    def start(self, w: Tensor) -> State:
        """Allocate the fresh start, both losses, and what was decided, (k, 1)."""
        each = w.new_zeros((w.shape[0], 1))
        losses = {"old": each.clone(), "new": each.clone()}
        said = {"tried": each.bool(), "accepted": each.bool(), "move": each.long()}
        return {"there": w.clone(), "known": each.bool(), **losses, **said}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; one evaluation of the loss, two in the first or if ``fresh``."""
        old, new, there, known = state["old"], state["new"], state["there"], state["known"]
        objective.value(w, old, mask=None if self.fresh else known.logical_not(), inference=True)
        known.fill_(True)
        there.copy_(noise.uniform_each("restart")).mul_(self.upper - self.lower).add_(self.lower)
        objective.value(there, new, inference=True)
        cheaper = new < old
        w.copy_(there.where(cheaper, w))
        old.copy_(new.where(cheaper, old))
        state["tried"].fill_(True)
        state["accepted"].copy_(cheaper)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "Random search"
COLOUR = "#88CCEE"
MARKER = "3"

METHOD = RestartEachStep
