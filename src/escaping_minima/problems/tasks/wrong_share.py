"""A minibatch judged by its error, for methods that need no gradient."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from escaping_minima.problems.tasks.targets import OneClass


@dataclass(frozen=True)
class WrongShare(OneClass):
    """The loss of a minibatch is the share in the wrong class, 1 - accuracy; it has no gradient.

    A whole split is judged as by `OneClass`: its loss is the cross-entropy.
    """

    def mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the share of a batch that is in the wrong class, 0 to 1: a scalar of float32."""
        return self.wrong(self.decide(outputs), targets).float().mean()
