"""Minibatch Metropolis-Hastings: Langevin or normal proposals, kept by Barker's test on a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeGuard

from escaping_minima.methods import metropolis
from escaping_minima.methods.barker import draw_correction, draw_logistic, draw_normal
from escaping_minima.methods.protocol import Noise, Objective, State, descend
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

PROPOSALS = ("langevin", "gaussian")
TESTS = ("barker", "naive", "full", "none")


class ItemObjective(Objective, Protocol):
    """An objective whose loss is a mean over items of which it gives single losses.

    Attributes
    ----------
    all_items : int
        How many items there are; ``items`` of them are in the batch of the step.
    """

    all_items: int

    def item_values(
        self, w: Tensor, out: Tensor, mask: Tensor | None = None, first: int = 0
    ) -> None:
        """Write the losses of items of the batch at ``w`` into ``out`` (k, n), where ``mask`` is.

        They are the ``first`` of the batch, from 0, and those after it, n in all; each counts.
        """


@dataclass(frozen=True)
class MinibatchMetropolis:
    """w' = w - eta g + sqrt(2 eta T) xi; kept where D + V > 0.

    D is the log ratio of the density exp(-f / T) at w' and at w, corrected for the proposal, as the
    batch of the step estimates it. V is logistic where D is exact; the error of a batch is part of
    V (`escaping_minima.methods.barker`). That needs a deviation of D of 1 at most: the paper's
    batch grows until it is so. Here it grows within the batch of the step, and a move is rejected
    and counted in ``too_noisy`` where the whole of that is not enough.

    Where the objective has no losses of single items, the loss of the step is taken as exact.
    Langevin proposals use the gradient of the batch that tests them, which the paper leaves open:
    the estimate is then not free of bias. With momentum the proposal has no density.

    Attributes
    ----------
    learning_rate : float
        eta.
    temperature : float
        T of the first step, in units of the mean loss: 1 / M for the posterior of M items, where
        the loss is minus a mean log-likelihood.
    cooling : float
        By what T is multiplied after each step; 1 keeps it.
    proposal : {"langevin", "gaussian"}
        The other one is without the gradient.
    test : {"barker", "naive", "full", "none"}
        "naive" takes the estimate of a batch as exact, which is biased; "full" is the same on all
        items, and refuses a batch of fewer; "none" keeps every move.
    least_batch : int
        Items to begin with, doubled until the deviation is small enough; 0 begins with the batch.
    fresh : bool
        False keeps the loss and gradient of w from the step that led there: for "full" alone.

    References
    ----------
    Seita, Pan, Chen and Canny 2017 (arXiv 1610.06848), Algorithm 1; Barker 1965; the proposal and
    its correction: Roberts and Tweedie 1996 (the Metropolis-adjusted Langevin algorithm).
    """

    #: The correction comes from the host, where it is computed.
    capturable: ClassVar[bool] = False
    #: Which method it is when it is switched off, and how that is done.
    BASE: ClassVar[str | None] = "gd"
    OFF: ClassVar[Mapping[str, Any]] = {"test": "none", "temperature": 0.0}
    #: A number that must be one for all replicates: it says how often a step looks.
    APART: ClassVar[tuple[str, ...]] = ("least_batch",)

    learning_rate: float = 1e-3
    temperature: float = 1e-3
    cooling: float = 1.0
    proposal: str = "langevin"
    test: str = "barker"
    least_batch: int = 0
    fresh: bool = True

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(0 < self.cooling <= 1, "cooling", self.cooling, "above 0, at most 1")
        require(self.proposal in PROPOSALS, "proposal", self.proposal, ", ".join(PROPOSALS))
        require(self.test in TESTS, "test", self.test, ", ".join(TESTS))
        is_warm = self.temperature > 0 or (self.test == "none" and self.temperature == 0)
        require(is_warm, "temperature", self.temperature, "above 0; 0 without a test")
        is_batch = self.least_batch == 0 or self.least_batch >= 2
        require(is_batch, "least_batch", self.least_batch, "0, 2 or more")
        is_kept = self.fresh or self.test == "full"
        require(is_kept, "fresh", self.fresh, f"True with the test {self.test}")

    def start(self, w: Tensor) -> State:
        """Allocate the move, what the test says, and counts.

        ``looked``: items at which the test has looked; ``too_noisy``: moves that were rejected
        since a batch was too small; (k, 1) each. For the rest see
        `escaping_minima.methods.metropolis.start_annealing`.
        """
        each = w.new_zeros((w.shape[0], 1))
        own = {"g": w.clone(), "g_there": w.clone(), "there": w.clone(), "known": each.bool()}
        counts = {"spread": each.clone(), "looked": each.clone(), "too_noisy": each.clone()}
        return own | counts | metropolis.start_annealing(w) | {"cooled": each + 1.0}

    def step(self, w: Tensor, state: State, objective: Objective, noise: Noise) -> None:
        """Do one step in place.

        With Langevin proposals two gradient evaluations, one without a test; with normal ones two
        of the loss. Barker's test on a batch looks at single losses of both places besides.
        """
        temperature = state["cooled"] * self.temperature
        drawn = self._propose(w, temperature, state, objective, noise)
        if self.test == "none":
            metropolis.keep_everything(state)
        else:
            ratio = self._compare(w, drawn, temperature, state, objective)
            self._decide(ratio, state, noise)
        accepted = state["accepted"]
        w.copy_(state["there"].where(accepted, w))
        if not self.fresh:
            for kept, new in (("g", "g_there"), ("old", "new")):
                state[kept].copy_(state[new].where(accepted, state[kept]))
        state["cooled"].mul_(self.cooling)

    def finish(self, w: Tensor, state: State, objective: Objective) -> None:
        """Nothing is pending."""

    def _propose(
        self, w: Tensor, temperature: Tensor, state: State, objective: Objective, noise: Noise
    ) -> Tensor:
        """Write the place to go to into ``there``; return the draw that leads there, (k, d)."""
        there, known = state["there"], state["known"]
        there.copy_(w)
        if self.proposal == "langevin":
            unknown = None if self.fresh else known.logical_not()
            objective.gradient(w, state["g"], mask=unknown, loss=state["old"])
            descend(there, state["g"], self.learning_rate, state)
        # after the gradient, which says which weights of a network move
        drawn = noise.normal("proposal")
        there.addcmul_(drawn, (temperature * self.learning_rate).mul_(2.0).sqrt_())
        return drawn

    def _compare(
        self, w: Tensor, drawn: Tensor, temperature: Tensor, state: State, objective: Objective
    ) -> Tensor:
        """Return the log ratio D as it is estimated, (k, 1); write the losses and its deviation."""
        there, old, new, spread = state["there"], state["old"], state["new"], state["spread"]
        proposed: Tensor | float = 0.0
        if self.proposal == "langevin":
            objective.gradient(there, state["g_there"], statistics=False, loss=new)
            # the draw that would lead back is that much of both gradients, less the draw
            both = (temperature * 2.0).reciprocal_().mul(self.learning_rate).sqrt_()
            both = both * (state["g"] + state["g_there"])
            proposed = (drawn * both - both.square().div_(2.0)).sum(1, keepdim=True)
        sizes = _sizes(self.least_batch, objective.items)
        if self.test == "barker" and _gives_items(objective) and sizes[0] < objective.all_items:
            self._look_at_items(w, temperature, state, objective)
        else:
            self._look_at_all(w, state, objective)
        spread.div_(temperature)
        return (old - new).div_(temperature).add_(proposed)

    def _look_at_all(self, w: Tensor, state: State, objective: Objective) -> None:
        """Take the loss of the step as exact, from the gradients where they gave it.

        Raises
        ------
        ValueError
            If the test asks for all items and the batch has fewer.
        """
        items = getattr(objective, "all_items", objective.items)
        if self.test == "full" and objective.items != items:
            raise ValueError(
                f'the test "full" looks at {objective.items} of {items} items; allowed: all'
            )
        if self.proposal == "gaussian":
            unknown = None if self.fresh else state["known"].logical_not()
            objective.value(w, state["old"], mask=unknown)
            objective.value(state["there"], state["new"])
        state["known"].fill_(True)
        state["looked"].add_(objective.items)

    def _look_at_items(
        self, w: Tensor, temperature: Tensor, state: State, objective: ItemObjective
    ) -> None:
        """Look at more and more items of the batch, where the deviation of D is above 1."""
        before, after = (w.new_empty((w.shape[0], objective.items)) for _ in range(2))
        looking = state["tried"].logical_or(state["tried"].logical_not())
        done = 0
        for count in _sizes(self.least_batch, objective.items):
            for place, losses in ((w, before), (state["there"], after)):
                objective.item_values(place, losses[:, done:count], looking, done)
            found = {
                "old": before[:, :count].mean(1, keepdim=True),
                "new": after[:, :count].mean(1, keepdim=True),
                "spread": _deviation(after[:, :count] - before[:, :count], objective.all_items),
            }
            for name, value in found.items():
                state[name].copy_(value.where(looking, state[name]))
            state["looked"].add_(looking * (count - done))
            # so written that a deviation which is no number goes on as well
            is_small = state["spread"] <= temperature
            looking, done = looking.logical_and(is_small.logical_not_()), count

    def _decide(self, ratio: Tensor, state: State, noise: Noise) -> None:
        """Decide about the move, and say so in the state."""
        spread = state["spread"]
        drawn = noise.uniform("acceptance")
        is_small = spread <= 1.0
        if self.test == "barker":
            missing = spread.square().neg_().add_(1.0).clamp_(min=0.0).sqrt_()
            noisy = draw_correction(drawn).addcmul_(draw_normal(noise.uniform("spread")), missing)
        else:
            noisy = draw_logistic(drawn)
        state["tried"].fill_(True)
        state["accepted"].copy_((ratio + noisy > 0).logical_and_(is_small))
        state["too_noisy"].add_(is_small.logical_not())
        state["worsening"].copy_(state["new"] - state["old"])
        state["probability"].copy_(ratio.sigmoid())


def _gives_items(objective: Objective) -> TypeGuard[ItemObjective]:
    """Say whether an objective gives the losses of single items."""
    return hasattr(objective, "item_values")


def _sizes(least: int, most: int) -> list[int]:
    """Return how many items the test looks at in turn, each number about twice the one before."""
    if least == 0:
        return [most]
    found = [least]
    while found[-1] < most:
        found.append(2 * found[-1])
    return [min(size, most) for size in found]


def _deviation(losses: Tensor, population: int) -> Tensor:
    """Return the standard deviation of the mean of items drawn without replacement, (k, 1).

    Parameters
    ----------
    losses : Tensor of shape (k, n)
    population : int
        How many items there are to draw from.
    """
    count = losses.shape[1]
    if count == population:
        return losses.new_zeros((losses.shape[0], 1))
    if count == 1:
        # which tells nothing of its error, and so is never enough
        return losses.new_full((losses.shape[0], 1), float("inf"))
    # not torch's variance, whose last digits depend on how many rows there are
    squares = (losses - losses.mean(1, keepdim=True)).square_().sum(1, keepdim=True)
    return squares.mul_((1.0 - count / population) / count / (count - 1)).sqrt_()


TITLE = "Minibatch MH"
COLOUR = "#EE6677"
MARKER = "4"

METHOD = MinibatchMetropolis
