"""How the outputs of a network are judged: one class an item, or several labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Targets(Protocol):
    """Loss and scores of outputs (n, classes)."""

    def mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss over a batch, a scalar."""

    def summed_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the sum over a batch of the losses of its items, a scalar."""

    def decide(self, outputs: Tensor) -> Tensor:
        """Return what the network says: of the shape of the targets."""

    def scores(self, decided: Tensor, targets: Tensor) -> Mapping[str, Tensor]:
        """Return the scores of a whole split by name, scalars of float64."""

    def wrong(self, decided: Tensor, targets: Tensor) -> Tensor:
        """Return which items are wrong, (n,) bool."""


@dataclass(frozen=True)
class OneClass:
    """Cross-entropy of a softmax; the error is the percentage of items in the wrong class.

    Targets are int64 of shape (n,).
    """

    def mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Targets.mean_loss`."""
        return functional.cross_entropy(outputs, targets)

    def summed_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Targets.summed_loss`."""
        return functional.cross_entropy(outputs, targets, reduction="sum")

    def decide(self, outputs: Tensor) -> Tensor:
        """See `Targets.decide`."""
        return outputs.argmax(1)

    def scores(self, decided: Tensor, targets: Tensor) -> Mapping[str, Tensor]:
        """Return ``error`` in percent."""
        return {"error": self.wrong(decided, targets).double().mean().mul(100.0)}

    def wrong(self, decided: Tensor, targets: Tensor) -> Tensor:
        """See `Targets.wrong`."""
        return decided != targets


@dataclass(frozen=True)
class SeveralLabels:
    """Binary cross-entropy of a sigmoid for each label, averaged over the labels.

    Targets are float32 of shape (n, labels), 1 where a label applies.

    Attributes
    ----------
    threshold : float
        A label is given where its probability is above it.
    """

    threshold: float = 0.5

    def mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Targets.mean_loss`."""
        return functional.binary_cross_entropy_with_logits(outputs, targets)

    def summed_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Targets.summed_loss`."""
        each = functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
        return each.mean(1).sum()

    def decide(self, outputs: Tensor) -> Tensor:
        """See `Targets.decide`."""
        return (outputs.sigmoid() > self.threshold).to(torch.float32)

    def scores(self, decided: Tensor, targets: Tensor) -> Mapping[str, Tensor]:
        """Return ``error``, the percentage of items with any label wrong, and ``macro_f1``.

        The macro-F1 is the mean over labels of 2 tp / (2 tp + fp + fn), 0 where that is 0 / 0, as
        scikit-learn's f1_score has it.
        """
        both = (decided * targets).double().sum(0)
        either = decided.double().sum(0) + targets.double().sum(0)
        f1 = torch.where(either > 0, 2.0 * both / either.clamp(min=1.0), 0.0)
        error = self.wrong(decided, targets).double().mean().mul(100.0)
        return {"error": error, "macro_f1": f1.mean()}

    def wrong(self, decided: Tensor, targets: Tensor) -> Tensor:
        """See `Targets.wrong`."""
        return (decided != targets).any(1)
