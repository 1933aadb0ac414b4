"""Fully connected networks, k at once, of whose hidden units some give nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from escaping_minima.problems.networks.elu_rows import EluRows


class DroppedRows:
    """Networks as `escaping_minima.problems.networks.elu_rows.EluRows` has them, with dropout.

    What a hidden unit gives is multiplied by a factor of its own for each network and item. Each
    layer is an `EluRows` of one layer.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = list(pairwise(sizes))
        self._layers = [EluRows(pair) for pair in self._sizes]
        places = [0]
        for before, after in self._sizes:
            places.append(places[-1] + (before + 1) * after)
        self._columns = [slice(*pair) for pair in pairwise(places)]

    def gradient(
        self,
        w: Tensor,
        inputs: Tensor,
        factors: Sequence[Tensor],
        delta_of: Callable[[Tensor], Tensor],
        out: Tensor,
    ) -> None:
        """Write the gradient of a loss into ``out`` (k, m).

        Parameters
        ----------
        w : Tensor of shape (k, m)
        inputs : Tensor of shape (k, n, inputs)
        factors : sequence of Tensor
            Of each hidden layer, (k, n, units).
        delta_of : callable
            From the outputs before any squashing, (k, n, outputs), to the derivative of the loss
            by them.
        out : Tensor of shape (k, m)
        """
        passed, raw = [inputs], []
        for index, layer in enumerate(self._layers):
            x = layer.forward(w[:, self._columns[index]], passed[-1])[-1]
            if index < len(factors):
                raw.append(torch.where(x > 0, x, torch.expm1(x.clamp(max=0.0))))
                x = raw[-1] * factors[index]
            passed.append(x)
        self._back(w, passed, raw, factors, delta_of(passed.pop()), out)

    def _back(
        self,
        w: Tensor,
        passed: Sequence[Tensor],
        raw: Sequence[Tensor],
        factors: Sequence[Tensor],
        delta: Tensor,
        out: Tensor,
    ) -> None:
        for index in range(len(self._layers) - 1, -1, -1):
            columns = self._columns[index]
            some = torch.empty_like(out[:, columns])
            self._layers[index].backward(w[:, columns], [passed[index]], delta, some)
            out[:, columns] = some
            if index:
                before, after = self._sizes[index]
                weight = w[:, columns][:, : after * before].reshape(-1, after, before)
                slope = raw[index - 1].clamp(max=0.0).add_(1.0)
                delta = torch.bmm(delta, weight).mul_(slope).mul_(factors[index - 1])
