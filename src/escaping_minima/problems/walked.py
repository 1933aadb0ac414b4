"""Loss surfaces that walks go over: what they offer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from escaping_minima.draws.streams import Streams


class Surface(Protocol):
    """A loss of m weights, looked at from k points at once, as it is in each step."""

    def begin(self, step: int) -> None:
        """Begin a step: what is drawn anew for it is drawn."""

    def look(self, w: Tensor, gradient: Tensor) -> Mapping[str, Tensor]:
        """Write the gradients at the rows of ``w`` (k, m) into ``gradient`` (k, m).

        Returns
        -------
        Mapping of str to Tensor, each of shape (k,)
            ``loss``; and, of what is learnt from data, ``test_loss``, ``train_accuracy`` and
            ``test_accuracy``, shares in [0, 1].
        """


class WalkedProblem(Protocol):
    """A problem whose surface is sampled by walks.

    Attributes
    ----------
    DATA_SET : str
        The data set that it is about, empty if none.
    BLOCK : int
        Walks in one block: a constant of the problem, not of a run.
    weights : int
        m.
    bound : float
        Starts are uniform within -bound and bound in each weight.
    """

    DATA_SET: ClassVar[str]
    bound: float

    @property
    def BLOCK(self) -> int:  # noqa: N802
        """See above."""

    @property
    def weights(self) -> int:
        """See above."""

    def select(self, data: Any) -> Any:
        """Return the part of a data set that the problem is about."""

    def place(self, data: Any, device: torch.device) -> Any:
        """Return what all walks share, on the device; of what `select` returned."""

    def surface(self, placed: Any, streams: Sequence[Streams]) -> Surface:
        """Return the surface as the walks of some blocks see it, one stream a block."""


def count_weights(sizes: Sequence[int]) -> int:
    """Return how many weights and biases a fully connected network of these sizes has."""
    return sum((a + 1) * b for a, b in pairwise(sizes))
