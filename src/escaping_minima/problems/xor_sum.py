"""Exclusive or, learnt by a small network, as a mean over its four patterns."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.sums import require_source
from escaping_minima.problems.walked import count_weights

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.problems.networks.item_rows import ItemRows
    from escaping_minima.problems.sums import ItemDraws


@dataclass(frozen=True)
class XorSum:
    """Cross-entropy of a network 2-h-...-h-1 of exponential linear units with a sigmoid output.

    Weights and biases are one row, layer by layer, as
    `escaping_minima.problems.networks.elu_rows.EluRows` says. The mean over the four items is the
    loss of `escaping_minima.problems.xor.Xor`. Augmentation puts a pattern's complement in its
    place, which has the same target.

    Attributes
    ----------
    width : int
        h, units of each hidden layer.
    depth : int
        Hidden layers.
    bound : float
        Starts are uniform within -bound and bound.
    source : {"none", "dropout", "input_noise", "augmentation", "weight_noise"}
        What disturbs the gradients that a method is given.
    strength : float
        Of "dropout" the share of hidden units, of "augmentation" that of patterns, otherwise a
        standard deviation.

    References
    ----------
    Bosman, Engelbrecht and Helbig 2020, sections III-A to III-C, for the network; Data Science
    Stack Exchange, question 44324, a comment on the first answer, for the sources.
    """

    BLOCK: ClassVar[int] = 100
    #: The four patterns.
    items: ClassVar[int] = 4
    #: All patterns right; two right and two at one half; three of one logit and one right (found
    #: numerically, to four digits); none: the levels of two hidden units.
    levels: ClassVar[tuple[float, ...]] = (0.0, log(2) / 2, 0.4774, log(2))

    width: int = 2
    depth: int = 1
    bound: float = 1.0
    source: str = "none"
    strength: float = 0.0

    def __post_init__(self) -> None:
        require(self.width >= 1, "width", self.width, "1 or more")
        require(self.depth >= 1, "depth", self.depth, "1 or more")
        require(self.bound > 0, "bound", self.bound, "above 0")
        require_source(self.source, self.strength)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, units of each hidden layer, outputs."""
        return (2, *(self.width,) * self.depth, 1)

    @property
    def lower(self) -> tuple[float, ...]:
        """The least corner of the box of starts."""
        return (-self.bound,) * count_weights(self.sizes)

    @property
    def upper(self) -> tuple[float, ...]:
        """The greatest corner of the box of starts."""
        return (self.bound,) * count_weights(self.sizes)

    def item_values(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """See `escaping_minima.problems.sums.SumProblem.item_values`."""
        return self._rows(w).values(w, chosen)

    def mean_gradients(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """See `escaping_minima.problems.sums.SumProblem.mean_gradients`."""
        return self._rows(w).gradients(w, chosen)

    def noisy_gradients(self, w: Tensor, chosen: Tensor | None, noise: ItemDraws) -> Tensor:
        """See `escaping_minima.problems.sums.NoisyProblem.noisy_gradients`."""
        rows = self._rows(w)
        return rows.noisy_gradients(w, chosen, self.source, self.strength, noise)

    def values(self, w: Tensor) -> Tensor:
        """Return the loss at each row of ``w`` (k, d), shape (k, 1)."""
        return self.item_values(w, None).mean(1, keepdim=True)

    def gradients(self, w: Tensor) -> Tensor:
        """Return the gradient at each row of ``w`` (k, d), shape (k, d)."""
        return self.mean_gradients(w, None)

    def _rows(self, w: Tensor) -> ItemRows:
        import torch

        from escaping_minima.problems.networks.item_rows import ItemRows, Sigmoid
        from escaping_minima.problems.networks.xor_rows import PATTERNS, TARGETS

        patterns = w.new_tensor(PATTERNS)
        variants = torch.stack([patterns, 1.0 - patterns])
        return ItemRows(self.sizes, variants, w.new_tensor(TARGETS), Sigmoid())


PROBLEM = XorSum
