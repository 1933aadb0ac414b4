"""SGD-SA: gradient descent with a rate drawn for every step, and the test of Metropolis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods import metropolis
from escaping_minima.methods.protocol import Noise, Objective, State, descend
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

#: H of the paper.
RATES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.09, 0.08, 0.07, 0.06, 0.05)
LOSSES = ("inference", "training")


@dataclass(frozen=True)
class AnnealedDescent:
    """w' = w - eta g, eta drawn from H; kept with probability min(1, exp(-worsening / T)).

    T goes by the schedule of the cell, once an epoch.

    Attributes
    ----------
    rates : tuple of float
        H, each as likely.
    learning_rate : float
        What the drawn rate is multiplied by; 1 in the paper. A schedule moves it.
    temperature : float
        T at the start, in the unit of ``unit``.
    floor : float
        The least T.
    cooling : float
        By what T is multiplied after each step besides; 1 leaves it to the schedule.
    unit : {"share", "mean"}
        Whether the worsening is that of the mean loss of the minibatch divided again by its items,
        as in the released code, or of the mean loss.
    losses : {"inference", "training"}
        Whether the two losses are those of inference mode, as in the released code, or those of
        training: of the pass that gives the gradient and, as it is printed, of one more. That one
        has the dropout masks of the first, so that the step alone makes them differ, and does not
        move the running statistics; of neither does the paper speak.
    accept : bool
        Whether moves are tested; False keeps all of them and looks at no loss.
    roll_back : bool
        Whether a rejected move takes the running statistics back as well.

    References
    ----------
    Fischetti and Stringher 2021, Algorithm 2, and the code that was released with it.
    """

    #: A step reads nothing back: its decisions are masks, its draws are made on the device.
    capturable: ClassVar[bool] = True

    rates: tuple[float, ...] = RATES
    learning_rate: float = 1.0
    temperature: float = 1.0
    floor: float = 1e-14
    cooling: float = 1.0
    unit: str = "share"
    losses: str = "inference"
    accept: bool = True
    roll_back: bool = False

    def __post_init__(self) -> None:
        require(len(self.rates) >= 1, "rates", self.rates, "one or more")
        require(min(self.rates) > 0, "rates", self.rates, "all above 0")
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        metropolis.require_annealing(self.temperature, self.floor, self.cooling, self.unit)
        require(self.losses in LOSSES, "losses", self.losses, ", ".join(LOSSES))

    def start(self, w: Tensor) -> State:
        """Allocate the gradient, the weights before the move, and what the test says."""
        own = {"g": w.clone(), "before": w.clone(), "rate": w.new_zeros((w.shape[0], 1))}
        return own | metropolis.start_annealing(w)

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place; one gradient evaluation and two of the loss (one as printed)."""
        g, old = state["g"], state["old"]
        if self.accept and self.losses == "inference":
            objective.value(w, old, inference=True)
        if self.roll_back:
            objective.remember_statistics()
        objective.gradient(w, g, loss=old if self.losses == "training" else None)
        state["before"].copy_(w)
        descend(w, g, self._rate(state, noise), state)
        if self.accept:
            objective.value(w, state["new"], inference=self.losses == "inference")
            self._test(w, state, objective, noise)
        else:
            metropolis.keep_everything(state)
        metropolis.cool(self.cooling, state)

    def _rate(self, state: State, noise: Noise) -> Tensor | float:
        """Draw a rate; one that is alone is no draw."""
        if len(self.rates) == 1:
            return self.rates[0] * self.learning_rate
        move, rate = state["move"], state["rate"]
        move.copy_(noise.choice("rate", len(self.rates)))
        # not by an index into a tensor of rates: its numbers would come from the host
        for index, value in enumerate(self.rates):
            rate.masked_fill_(move == index, value)
        return rate.mul_(self.learning_rate)

    def _test(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        temperature = metropolis.cooled(self.temperature, self.floor, state)
        items = objective.items if self.unit == "share" else 1
        rejected = metropolis.reject(state, temperature, items, noise)
        w.copy_(state["before"].where(rejected, w))
        if self.roll_back:
            objective.roll_back_statistics(rejected)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""


TITLE = "SGD-SA"
COLOUR = "#B2182B"
MARKER = "*"

METHOD = AnnealedDescent
