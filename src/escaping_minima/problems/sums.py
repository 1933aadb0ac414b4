"""Small problems whose loss is a mean over items: what they offer, so that batches can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: What may disturb the gradient of a network besides the choice of a batch.
SOURCES = ("none", "dropout", "input_noise", "augmentation", "weight_noise")


class SumProblem(Protocol):
    """A loss of d variables that is the mean over some items, evaluated at k points at once.

    One that is learnt from data (`DATA_SET`) offers ``select``, ``place`` and ``summed`` in place
    of the functions below: see `with_data`. One with a ``source`` other than "none" has
    `noisy_gradients`, and a method is given these; what is measured is always the clean loss.

    Attributes
    ----------
    BLOCK : int
        Replicates in one block, unless a cell says otherwise.
    lower, upper : tuple of float
        Corners of the box from which starts are drawn uniformly; their length is d.
    items : int
        M.
    levels : tuple of float
        Losses of the known levels of stationary points, the global one first; empty if unknown.
    """

    BLOCK: ClassVar[int]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    items: int
    levels: tuple[float, ...]

    def item_values(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """Return the loss of single items at each row of ``w`` (k, d).

        Parameters
        ----------
        w : Tensor of shape (k, d)
        chosen : Tensor of shape (k, B), int64, or None
            Which items, row by row; None is all M in their order.

        Returns
        -------
        Tensor of shape (k, B), or (k, M)
        """

    def mean_gradients(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """Return the gradient of the mean over the chosen items at each row, shape (k, d)."""

    def values(self, w: Tensor) -> Tensor:
        """Return the mean over all items at each row, shape (k, 1)."""

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient of that mean at each row, shape (k, d)."""


class ItemDraws(Protocol):
    """The draws of the present step, by purpose, of any shape a replicate.

    `escaping_minima.draws.item_draws.StepDraws` is one. A purpose that is asked for twice in a step
    gives the same numbers, so that all evaluations of a step see one noise.
    """

    def normal(self, purpose: str, shape: Sequence[int]) -> Tensor:
        """Return standard normal draws, shape (k, ...)."""

    def uniform(self, purpose: str, shape: Sequence[int]) -> Tensor:
        """Return draws in [0, 1), shape (k, ...)."""


class NoisyProblem(SumProblem, Protocol):
    """A sum with a source of noise.

    Attributes
    ----------
    source : str
        One of `SOURCES`.
    strength : float
        How strong it is; what it means is the source's.
    """

    source: str
    strength: float

    def noisy_gradients(self, w: Tensor, chosen: Tensor | None, noise: ItemDraws) -> Tensor:
        """Return `SumProblem.mean_gradients` as the source disturbs them, shape (k, d)."""


def require_source(source: str, strength: float) -> None:
    """Raise ValueError where there is no such source, or it cannot be so strong."""
    require(source in SOURCES, "source", source, ", ".join(SOURCES))
    is_share = source in ("dropout", "augmentation")
    require(strength >= 0, "strength", strength, "0 or more")
    require(not is_share or strength < 1, "strength", strength, f"below 1, of {source}")


def is_sum(problem: Any) -> bool:
    """Whether a loss is a mean over items, of which batches can be drawn."""
    return hasattr(problem, "item_values") or hasattr(problem, "summed")


def with_data(problem: Any, data: Any, device: torch.device) -> Any:
    """Return what evaluates a small problem.

    Parameters
    ----------
    problem : object
        Any small problem.
    data : object
        Its whole data set, where it names one in ``DATA_SET``; nothing else reads it.
    device : torch.device

    Returns
    -------
    SumProblem, or ``problem`` itself if it is learnt from no data
    """
    if not getattr(problem, "DATA_SET", ""):
        return problem
    return problem.summed(problem.place(problem.select(data), device))
