"""The loss of k networks on single items, and its gradient over a batch, disturbed or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from escaping_minima.problems.networks.aligned_rows import AlignedRows
from escaping_minima.problems.sums import ItemDraws

#: Numbers in the inputs of networks that are looked at together, at most: what stays in a cache.
TOGETHER = 2**18


class Head(Protocol):
    """What is lost at outputs (k, n, units), of items with targets (k, n)."""

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each item, shape (k, n)."""

    def slopes(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the derivatives of each by its outputs, shape (k, n, units)."""


class Sigmoid:
    """Binary cross-entropy of one output; targets are 0 or 1."""

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Head.losses`."""
        z = outputs[..., 0]
        # nothing is cancelled where an output is right
        lost = z.clamp(min=0.0).sub_(targets * z)
        return lost.add_(z.abs().neg_().exp_().log1p_())

    def slopes(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Head.slopes`."""
        # torch's own sigmoid gives last digits that depend on where in the tensor a number stands
        p = outputs.neg().exp_().add_(1.0).reciprocal_()
        return p.sub_(targets.unsqueeze(2))


class Softmax:
    """Cross-entropy over classes; targets are their indices, int64."""

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Head.losses`."""
        return outputs.log_softmax(2).gather(2, targets.unsqueeze(2)).squeeze(2).neg_()

    def slopes(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """See `Head.slopes`."""
        p = outputs.log_softmax(2).exp_()
        labels = targets.unsqueeze(2)
        return p.scatter_add_(2, labels, p.new_full(labels.shape, -1.0))


@dataclass(frozen=True)
class Disturbed:
    """What stands in the place of items and hidden units as they are.

    Attributes
    ----------
    variants : Tensor of shape (k, B), int64, or None
        Which variant of each item.
    shifts : Tensor of shape (k, B, inputs) or None
        What is added to inputs.
    factors : sequence of Tensor
        By which what hidden units give is multiplied, (k, B, units) a layer; empty for all 1.
    """

    variants: Tensor | None = None
    shifts: Tensor | None = None
    factors: Sequence[Tensor] = ()


class ItemRows:
    """Networks of exponential linear units on items, k networks at once, one a row of weights.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs.
    variants : Tensor of shape (V, M, inputs)
        The items, first as they are, then as an augmentation may have them.
    targets : Tensor of shape (M,)
    head : Head
    """

    def __init__(self, sizes: Sequence[int], variants: Tensor, targets: Tensor, head: Head) -> None:
        self._sizes = tuple(sizes)
        self._variants = variants
        self._targets = targets
        self._head = head
        self._made: dict[int, AlignedRows] = {}

    def values(self, w: Tensor, chosen: Tensor | None) -> Tensor:
        """Return the loss of each chosen item, (k, B); see `SumProblem.item_values`."""
        networks = self._networks(chosen)
        out = torch.empty((len(w), self._count(chosen)), dtype=w.dtype, device=w.device)
        for rows in self._portions(w, chosen):
            inputs, targets = self._items(chosen, rows, Disturbed())
            out[rows] = self._head.losses(networks.outputs(w[rows], inputs), targets)
        return out

    def gradients(
        self, w: Tensor, chosen: Tensor | None, disturbed: Disturbed | None = None
    ) -> Tensor:
        """Return the gradient of the mean over the chosen items, (k, m)."""
        out = torch.empty(w.shape, dtype=w.dtype, device=w.device)
        networks, disturbed = self._networks(chosen), disturbed or Disturbed()
        for rows in self._portions(w, chosen):
            inputs, targets = self._items(chosen, rows, disturbed)
            factors = [factor[rows] for factor in disturbed.factors]
            slopes_of = partial(self._slopes, targets)
            out[rows] = networks.gradients(w[rows], inputs, factors, slopes_of)
        return out

    def noisy_gradients(
        self, w: Tensor, chosen: Tensor | None, source: str, strength: float, noise: ItemDraws
    ) -> Tensor:
        """Return the gradients as a source disturbs them, (k, m).

        Parameters
        ----------
        w, chosen
            See `SumProblem.mean_gradients`.
        source : str
            One of `escaping_minima.problems.sums.SOURCES`.
        strength : float
            Of "dropout" the share of hidden units that give nothing, the others giving more in
            proportion; of "input_noise" and "weight_noise" the standard deviation of what is added
            to inputs, and to weights; of "augmentation" the share of items in whose place another
            of their variants stands.
        noise : ItemDraws
        """
        if source == "none":
            return self.gradients(w, chosen)
        if source == "weight_noise":
            drawn = noise.normal("weight noise", w.shape[1:])
            return self.gradients(torch.add(w, drawn, alpha=strength), chosen)
        count = self._count(chosen)
        return self.gradients(w, chosen, self._disturb(source, strength, count, noise))

    def _disturb(self, source: str, strength: float, count: int, noise: ItemDraws) -> Disturbed:
        if source == "input_noise":
            drawn = noise.normal("input noise", (count, self._sizes[0]))
            return Disturbed(shifts=drawn.mul(strength))
        if source == "augmentation":
            drawn = noise.uniform("augmentation", (count,))
            others = drawn.mul((len(self._variants) - 1) / strength).long().add_(1)
            return Disturbed(variants=others.where(drawn < strength, 0))
        factors = []
        for layer, units in enumerate(self._sizes[1:-1]):
            kept = noise.uniform(f"dropout {layer}", (count, units)) >= strength
            factors.append(kept.double().div_(1.0 - strength))
        return Disturbed(factors=factors)

    def _count(self, chosen: Tensor | None) -> int:
        return len(self._targets) if chosen is None else chosen.shape[1]

    def _networks(self, chosen: Tensor | None) -> AlignedRows:
        count = self._count(chosen)
        if count not in self._made:
            self._made[count] = AlignedRows(self._sizes, count, self._targets.device)
        return self._made[count]

    def _portions(self, w: Tensor, chosen: Tensor | None) -> Iterator[slice]:
        """Yield rows that are looked at together."""
        together = max(1, TOGETHER // (self._count(chosen) * max(self._sizes)))
        for first in range(0, len(w), together):
            yield slice(first, min(first + together, len(w)))

    def _items(
        self, chosen: Tensor | None, rows: slice, disturbed: Disturbed
    ) -> tuple[Tensor, Tensor]:
        """Return inputs (n, B, inputs), or (1, B, inputs), and targets (n, B) of some rows."""
        several = rows.stop - rows.start
        if chosen is None and disturbed.variants is None:
            inputs, targets = self._variants[:1], self._targets.expand(several, -1)
        else:
            every = torch.arange(self._count(chosen), device=self._targets.device)
            which = every.expand(several, -1) if chosen is None else chosen[rows]
            variants = 0 if disturbed.variants is None else disturbed.variants[rows]
            inputs, targets = self._variants[variants, which], self._targets[which]
        return inputs if disturbed.shifts is None else inputs + disturbed.shifts[rows], targets

    def _slopes(self, targets: Tensor, outputs: Tensor) -> Tensor:
        return self._head.slopes(outputs, targets).div_(targets.shape[1])
