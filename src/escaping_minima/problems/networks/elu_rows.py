"""Fully connected networks of exponential linear units, k of them at once, one a row of weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor


class EluRows:
    """Forward and backward passes of k networks whose weights are the rows of one tensor.

    A row holds, layer by layer, the weight (outputs, inputs) and the bias, as
    ``torch.nn.utils.parameters_to_vector`` gives those of a chain of ``torch.nn.Linear``. Between
    layers a unit gives x above 0 and e^x - 1 below. Its derivative is taken from what it gave,
    a + 1 below 0, as TensorFlow takes it: in float32 it is exactly 0 once e^x - 1 rounds to -1,
    below x = -17.3.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs.

    References
    ----------
    Clevert, Unterthiner and Hochreiter 2016, equation 6, with alpha = 1.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._layers: list[tuple[int, int, int]] = []
        place = 0
        for inputs, outputs in pairwise(sizes):
            self._layers.append((place, inputs, outputs))
            place += (inputs + 1) * outputs

    def forward(self, w: Tensor, inputs: Tensor) -> list[Tensor]:
        """Return what goes into each layer and, last, the outputs before any squashing.

        Parameters
        ----------
        w : Tensor of shape (k, m)
        inputs : Tensor of shape (k, n, inputs)

        Returns
        -------
        list of Tensor, each of shape (k, n, units)
        """
        passed = [inputs]
        for index, (place, before, after) in enumerate(self._layers):
            weight, bias = _weight(w, place, before, after), _bias(w, place, before, after)
            x = torch.baddbmm(bias, passed[-1], weight.transpose(1, 2))
            is_last = index == len(self._layers) - 1
            passed.append(x if is_last else _elu(x))
        return passed

    def backward(self, w: Tensor, passed: Sequence[Tensor], delta: Tensor, out: Tensor) -> None:
        """Write the gradient of a loss into ``out`` (k, m).

        Parameters
        ----------
        w : Tensor of shape (k, m)
        passed : sequence of Tensor
            From `forward`.
        delta : Tensor of shape (k, n, outputs)
            The derivative of the loss by the outputs.
        out : Tensor of shape (k, m)
        """
        for index in range(len(self._layers) - 1, -1, -1):
            place, before, after = self._layers[index]
            a = passed[index]
            _weight(out, place, before, after).copy_(torch.bmm(delta.transpose(1, 2), a))
            _bias(out, place, before, after).copy_(delta.sum(1, keepdim=True))
            if index:
                slope = a.clamp(max=0.0).add_(1.0)
                delta = torch.bmm(delta, _weight(w, place, before, after)).mul_(slope)


def _elu(x: Tensor) -> Tensor:
    """Return x above 0 and e^x - 1 below; what was x is used up.

    Not torch's own: the last digits of its units depend on where in the tensor they stand, and so
    a block's numbers would on what stands beside it.
    """
    above = x.clamp(min=0.0)
    return x.clamp_(max=0.0).expm1_().add_(above)


def _weight(rows: Tensor, place: int, before: int, after: int) -> Tensor:
    return rows[:, place : place + after * before].view(-1, after, before)


def _bias(rows: Tensor, place: int, before: int, after: int) -> Tensor:
    begin = place + after * before
    return rows[:, begin : begin + after].unsqueeze(1)
