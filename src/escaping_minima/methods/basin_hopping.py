"""What the four basin-hopping methods share: the local search and monotonic acceptance.

A LocalSearch is at most ``patience`` descent steps and stops early where |g| < eps; it takes at
least one step. The budget counts its steps only, as in the printed listings: the perturbation
between two searches is no step of its own. Replicates end their searches at different times, so
each carries its own counter and every decision is a mask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.methods.protocol import Noise, Objective, State, descend, row_norm
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

COMPARISONS = ("previous_minimum", "perturbed_point")


@dataclass(frozen=True)
class BasinHopping(ABC):
    """LocalSearch, perturb, LocalSearch, ... until the steps are spent.

    Attributes
    ----------
    learning_rate : float
        eta of the descent steps.
    radius : float
        rho of the perturbation; 0 perturbs nothing.
    gradient_tolerance : float
        eps.
    patience : int
        tau, the most steps of one search.

    References
    ----------
    Wales and Doye 1997; Inan, Liu and Shehu 2024, Algorithms 3 (LocalSearch) and 4 to 8.
    """

    learning_rate: float = 1e-3
    radius: float = 0.1
    gradient_tolerance: float = 1e-2
    patience: int = 100

    #: A step reads nothing back, and what it draws is drawn by name on the device, so that it can
    #: be captured.
    capturable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.radius >= 0, "radius", self.radius, "0 or more")
        require(self.gradient_tolerance > 0, "gradient_tolerance", self.gradient_tolerance, "> 0")
        require(self.patience >= 1, "patience", self.patience, "1 or more")

    @abstractmethod
    def perturb(self, w: Tensor, g: Tensor, mask: Tensor, noise: Noise) -> None:
        """Move the rows of ``mask`` away from where their search ended, in place."""

    def start(self, w: Tensor) -> State:
        """Allocate the gradient and the length of the present search of each replicate."""
        return {"g": w.clone(), "searched": w.new_zeros((w.shape[0], 1))}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step of the local search in place, after a perturbation where one is due."""
        g, searched = state["g"], state["searched"]
        objective.gradient(w, g)
        ended = (row_norm(g) < self.gradient_tolerance).logical_or_(searched >= self.patience)
        ended.logical_and_(searched > 0)
        self.accept(w, g, ended, state, objective)
        self.perturb(w, g, ended, noise)
        self.remember(w, ended, state, objective)
        searched.masked_fill_(ended, 0).add_(1)
        objective.gradient(w, g, mask=ended, statistics=False)
        descend(w, g, self.learning_rate, state)

    def accept(  # noqa: B027 - most methods have nothing to decide
        self, w: Tensor, g: Tensor, ended: Tensor, state: State, objective: Objective
    ) -> None:
        """Keep whatever the search found; the monotonic forms decide here."""

    def remember(  # noqa: B027 - most methods compare nothing
        self, w: Tensor, ended: Tensor, state: State, objective: Objective
    ) -> None:
        """Note what the next decision compares with; the plain forms compare nothing."""

    def finish(  # noqa: B027 - most methods leave nothing pending
        self, w: Tensor, state: State, objective: Objective
    ) -> None:
        """Nothing is pending."""


@dataclass(frozen=True)
class MonotonicBasinHopping(BasinHopping):
    """Basin hopping that keeps a search's result only if it is lower.

    Attributes
    ----------
    compare : {"previous_minimum", "perturbed_point"}
        What the result must be lower than: the last accepted minimum (Algorithm 4), or the point
        from which its own search started (the printed listing of NiM-MBH).
    """

    compare: str = "previous_minimum"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.compare in COMPARISONS, "compare", self.compare, ", ".join(COMPARISONS))

    def start(self, w: Tensor) -> State:
        """Allocate also the incumbent: its place, gradient, and the loss to beat."""
        k = w.shape[0]
        return super().start(w) | {
            "incumbent": w.clone(),
            "incumbent_g": w.clone(),
            "found": w.new_zeros((k, 1)),
            "threshold": w.new_zeros((k, 1)),
            "loss": w.new_zeros((k, 1)),
            # what the last step decided, for who watches acceptance
            "tried": w.new_zeros((k, 1)).bool(),
            "accepted": w.new_zeros((k, 1)).bool(),
            "move": w.new_zeros((k, 1)).long(),
        }

    def accept(
        self, w: Tensor, g: Tensor, ended: Tensor, state: State, objective: Objective
    ) -> None:
        """Make results the incumbent where they are lower; elsewhere go back to the incumbent."""
        loss, threshold, found = state["loss"], state["threshold"], state["found"]
        objective.value(w, loss, mask=ended)
        accepted = (loss < threshold).logical_or_(found == 0).logical_and_(ended)
        rejected = ended.logical_and(accepted.logical_not())
        _assign(state["incumbent"], accepted, w)
        _assign(state["incumbent_g"], accepted, g)
        _assign(threshold, accepted, loss)
        found.masked_fill_(accepted, 1)
        state["tried"].copy_(ended)
        state["accepted"].copy_(accepted)
        _assign(w, rejected, state["incumbent"])
        _assign(g, rejected, state["incumbent_g"])

    def remember(self, w: Tensor, ended: Tensor, state: State, objective: Objective) -> None:
        """In the printed form, the perturbed point sets the loss to beat."""
        if self.compare == "perturbed_point":
            objective.value(w, state["threshold"], mask=ended)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Decide the unfinished search as any other."""
        everyone = state["found"] >= 0
        self.accept(w, state["g"], everyone, state, objective)


def _assign(target: Tensor, mask: Tensor, source: Tensor) -> None:
    """Copy the rows of ``mask`` from source to target, in place (NaN outside the mask is safe)."""
    target.copy_(source.where(mask, target))
