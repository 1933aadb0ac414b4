"""Random restarts: descent after descent, each from a new start; the best end is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RandomRestarts:
    """Gradient descent for some steps, then anew from a start uniform in a box.

    The first descent begins where the replicate starts. The end of each is compared with the best
    end so far, by a look at the loss; at the last, `finish` decides about the descent under way and
    goes to the best end.

    Attributes
    ----------
    learning_rate : float
        eta.
    steps_each : int
        Steps of one descent; 0 never starts anew, and is gradient descent.
    lower, upper : float
        Ends of the box of new starts, the same for all coordinates.

    References
    ----------
    Multistart, as in Schoen 1991 and Hu, Shonkwiler and Spruill 1994: of K independent starts that
    each find the best minimum with probability p one at least does with 1 - (1 - p)^K.
    """

    #: A step reads nothing back, and what it draws is drawn by name on the device.
    capturable: ClassVar[bool] = True
    #: Which method it is when it is switched off, and how that is done.
    BASE: ClassVar[str | None] = "gd"
    OFF: ClassVar[Mapping[str, Any]] = {"steps_each": 0}

    learning_rate: float = 1e-3
    steps_each: int = 1000
    lower: float = -1.0
    upper: float = 1.0

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.steps_each >= 0, "steps_each", self.steps_each, "0 or more")
        require(self.lower < self.upper, "lower", self.lower, f"below upper ({self.upper})")

    def start(self, w: Tensor) -> State:
        """Allocate the best end and its loss, and the steps of this descent and its number."""
        each = w.new_zeros((w.shape[0], 1))
        return {
            "g": w.clone(),
            "best": w.clone(),
            "best_loss": each.new_full(each.shape, float("inf")),
            "loss": each.clone(),
            "searched": each.clone(),
            "restarts": each.clone(),
        }

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one descent step in place; a gradient evaluation, and a loss before a new start."""
        g, searched = state["g"], state["searched"]
        over = (searched >= self.steps_each) & (self.steps_each > 0)
        self._keep(w, over, state, objective)
        fresh = noise.uniform_each("restart").mul(self.upper - self.lower).add_(self.lower)
        w.copy_(fresh.where(over, w))
        searched.masked_fill_(over, 0.0)
        state["restarts"].add_(over)
        objective.gradient(w, g)
        descend(w, g, self.learning_rate, state)
        searched.add_(1.0)

    def _keep(self, w: Tensor, over: Tensor, state: State, objective: Objective) -> None:
        """Keep the ends in the rows of ``over`` (k, 1) that are lower than the best before."""
        loss, best = state["loss"], state["best"]
        objective.value(w, loss, mask=over)
        better = (loss < state["best_loss"]).logical_and_(over)
        best.copy_(w.where(better, best))
        state["best_loss"].copy_(loss.where(better, state["best_loss"]))

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Compare the end of the last descent as any other, and go to the best end."""
        again = state["restarts"] > 0
        self._keep(w, again, state, objective)
        w.copy_(state["best"].where(again, w))


TITLE = "Random restarts"
COLOUR = "#7F8FA6"
MARKER = "2"

METHOD = RandomRestarts
