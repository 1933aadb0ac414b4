"""What a task is: it owns inputs, targets, loss and scores, so that one loop serves them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

    from escaping_minima.engine.numerics import Numerics


@dataclass(frozen=True)
class Evaluation:
    """What a network makes of a split, in inference mode.

    Attributes
    ----------
    scores : Mapping of str to Tensor
        "loss" and what else the task is judged by, scalars of float64 on the device.
    wrong : Tensor of shape (n,), bool
        Which items are wrong.
    """

    scores: Mapping[str, Tensor]
    wrong: Tensor


class Task(Protocol):
    """The data of one run on a device.

    A task may also have ``arrange(order, bounds, epoch)``: it gets the order that was drawn for an
    epoch, (n,) int64 on the host, and where its batches begin and end, and returns another order of
    the same items, in which those of a batch suit one another. It draws by (purpose, epoch), since
    a resumed run asks again. Where an item's inputs do not depend on what else is in its batch, a
    task may have ``batches(rows, count)``: what ``batch`` gives for each of so many equal parts of
    the rows, made in one go.

    Attributes
    ----------
    size : int
        Training items in an epoch.
    splits : tuple of str
        What is evaluated: "train", "test", and "validation" where there is one.
    """

    size: int
    splits: tuple[str, ...]

    def begin_epoch(self, epoch: int) -> None:
        """Draw what belongs to an epoch besides its order: crops, flips."""

    def batch(self, rows: Tensor) -> tuple[Any, Tensor]:
        """Return the inputs and targets of these training items, (n,) int64."""

    def loss(self, outputs: Any, targets: Tensor) -> Tensor:
        """Return the mean loss of a batch, a scalar."""

    def evaluate(self, network: nn.Module, split: str, numerics: Numerics) -> Evaluation:
        """Evaluate a network in inference mode, and leave it in training mode."""
