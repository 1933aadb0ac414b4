"""SSA: simulated annealing without gradients; of a random step and its mirror image the better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods import metropolis
from escaping_minima.methods.protocol import Noise, Objective, State
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class StochasticAnnealing:
    """w' is the better of w + d and w - d, d normal; it passes the test of Metropolis or not.

    All losses are those of the minibatch in inference mode. T goes by the schedule of the cell,
    once an epoch.

    Attributes
    ----------
    deviation : float
        epsilon, the standard deviation of each coordinate of d.
    temperature : float
        T at the start, in the unit of ``unit``.
    floor : float
        The least T.
    cooling : float
        By what T is multiplied after each step besides; 1 leaves it to the schedule.
    unit : {"share", "mean"}
        See `escaping_minima.methods.sgd_sa.AnnealedDescent`.
    drop_below : float
        epsilon is divided by 10 after each epoch in which a smaller share of the moves than this
        improved the loss; 0 never does.
    refresh : bool
        Whether a pass in training mode comes before each step, so that running statistics follow
        the weights; the released code has none, and they stay as they began.

    References
    ----------
    Fischetti and Stringher 2021, section 2.1, and the code that was released with it.
    """

    #: A step reads nothing back: its decisions are masks, its draws are made on the device.
    capturable: ClassVar[bool] = True

    deviation: float = 0.01
    temperature: float = 1.0
    floor: float = 1e-10
    cooling: float = 1.0
    unit: str = "share"
    drop_below: float = 0.0
    refresh: bool = False

    def __post_init__(self) -> None:
        require(self.deviation > 0, "deviation", self.deviation, "above 0")
        require(0 <= self.drop_below <= 1, "drop_below", self.drop_below, "0 to 1")
        metropolis.require_annealing(self.temperature, self.floor, self.cooling, self.unit)

    def start(self, w: Tensor) -> State:
        """Allocate the step, the other loss, and what the test says; (k, 1) but for the step."""
        each = w.new_zeros((w.shape[0], 1))
        own = {
            "d": w.new_zeros(w.shape),
            "there": w.clone(),
            "mirrored": each.clone(),
            "epsilon": each.new_full(each.shape, self.deviation),
            "improved": each.clone(),
            "steps": each.clone(),
        }
        return own | metropolis.start_annealing(w)

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; three evaluations of the loss, four where it refreshes."""
        d, there, new = state["d"], state["there"], state["new"]
        if self.refresh:
            objective.value(w, new, statistics=True)
        objective.value(w, state["old"], inference=True)
        d.copy_(noise.normal("direction")).mul_(state["epsilon"])
        objective.value(there.copy_(w).add_(d), new, inference=True)
        objective.value(there.copy_(w).sub_(d), state["mirrored"], inference=True)
        is_mirrored = state["mirrored"] < new
        new.copy_(state["mirrored"].where(is_mirrored, new))
        self._count(state)
        temperature = metropolis.cooled(self.temperature, self.floor, state)
        items = objective.items if self.unit == "share" else 1
        rejected = metropolis.reject(state, temperature, items, noise)
        w.add_(d.neg().where(is_mirrored, d).masked_fill_(rejected, 0.0))
        metropolis.cool(self.cooling, state)

    def _count(self, state: State) -> None:
        state["improved"].add_(state["new"] < state["old"])
        state["steps"].add_(1.0)

    def end_epoch(self, state: State) -> None:
        """Shorten the steps after an epoch in which few of them improved the loss."""
        share = state["improved"] / state["steps"]
        is_low = share < self.drop_below
        state["epsilon"].copy_(state["epsilon"].div(10.0).where(is_low, state["epsilon"]))
        state["improved"].zero_()
        state["steps"].zero_()

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "SSA"
COLOUR = "#999933"
MARKER = "p"

METHOD = StochasticAnnealing
