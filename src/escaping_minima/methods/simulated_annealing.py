"""Simulated annealing: a random neighbour, and the test of Metropolis at a falling temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods import metropolis
from escaping_minima.methods.protocol import Noise, Objective, State
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SimulatedAnnealing:
    """w' = w + d, d normal; kept with probability min(1, exp(-(f(w') - f(w)) / T)).

    No gradient is asked for. The listing leaves open what a neighbour is; normal steps are the
    usual choice on a space without a grid. T is multiplied by a constant after each step, and goes
    by the schedule of the cell where there is one.

    Attributes
    ----------
    deviation : float
        Standard deviation of each coordinate of d.
    temperature : float
        T of the first step, in units of the loss.
    floor : float
        The least T.
    cooling : float
        By what T is multiplied after each step; 1 keeps it.
    fresh : bool
        Whether f(w) is looked at in every step, as the losses of minibatches ask for: another
        batch, another loss. Else it is looked at in the first step alone, and then the loss that w
        was reached with: the same numbers where the loss is always the same function.

    References
    ----------
    Metropolis et al. 1953; Kirkpatrick, Gelatt and Vecchi 1983; Takase, Oyama and Kurihara 2018,
    Algorithm 1 and equation 3.1.
    """

    #: A step reads nothing back: its decisions are masks, its draws are made on the device.
    capturable: ClassVar[bool] = True

    deviation: float = 0.1
    temperature: float = 1.0
    floor: float = 1e-14
    cooling: float = 1.0
    fresh: bool = True

    def __post_init__(self) -> None:
        require(self.deviation > 0, "deviation", self.deviation, "above 0")
        metropolis.require_annealing(self.temperature, self.floor, self.cooling, "mean")

    def start(self, w: Tensor) -> State:
        """Allocate the neighbour, what the test says, and whether f(w) is known, (k, 1)."""
        known = w.new_zeros((w.shape[0], 1)).bool()
        return {"there": w.clone(), "known": known} | metropolis.start_annealing(w)

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; one evaluation of the loss, two in the first or if ``fresh``."""
        old, new, there, known = state["old"], state["new"], state["there"], state["known"]
        unknown = None if self.fresh else known.logical_not()
        objective.value(w, old, mask=unknown, inference=True)
        known.fill_(True)
        there.copy_(noise.normal("direction")).mul_(self.deviation).add_(w)
        objective.value(there, new, inference=True)
        temperature = metropolis.cooled(self.temperature, self.floor, state)
        # in units of the loss itself, whatever it is a mean of
        rejected = metropolis.reject(state, temperature, 1, noise)
        w.copy_(w.where(rejected, there))
        if not self.fresh:
            old.copy_(old.where(rejected, new))
        metropolis.cool(self.cooling, state)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "SA"
COLOUR = "#44AA99"
MARKER = "d"

METHOD = SimulatedAnnealing
