"""Fully connected networks, k at once, whose numbers do not depend on what stands beside them.

The last digits of a product of matrices may depend on where in memory they begin. In a tensor of k
networks each has its matrices at the same places modulo 64 bytes only if all sizes are multiples of
eight numbers: so layers are filled up with units that give nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from escaping_minima.problems.networks.dropped_rows import DroppedRows
from escaping_minima.problems.networks.elu_rows import EluRows

#: Numbers of float64 in 64 bytes.
EIGHT = 8
#: Multiplications of a product below which torch (2.13, bmm on a CPU) takes a plain loop of its
#: own, whose digits depend on no place.
_LOOP = 400


class AlignedRows:
    """Passes forward and back of k networks of exponential linear units, one a row of weights.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs.
    items : int
        Of a pass.
    device : torch.device
    """

    def __init__(self, sizes: Sequence[int], items: int, device: torch.device) -> None:
        most = items * max(before * after for before, after in pairwise(sizes))
        self._padding = None if most < _LOOP else _Padding(sizes, device)
        self._outputs = sizes[-1]
        self._sizes = tuple(sizes) if self._padding is None else self._padding.sizes
        self._networks = EluRows(self._sizes)

    def outputs(self, w: Tensor, inputs: Tensor) -> Tensor:
        """Return what comes out before any squashing, (k, n, outputs).

        Parameters
        ----------
        w : Tensor of shape (k, m)
        inputs : Tensor of shape (k, n, inputs), or (1, n, inputs) where all have the same
        """
        return self._own(self._networks.forward(self._padded(w), self._widened(inputs, len(w)))[-1])

    def gradients(
        self,
        w: Tensor,
        inputs: Tensor,
        factors: Sequence[Tensor],
        slopes_of: Callable[[Tensor], Tensor],
    ) -> Tensor:
        """Return the gradients of a loss, (k, m).

        Parameters
        ----------
        w, inputs
            See `outputs`.
        factors : sequence of Tensor
            By which what hidden units give is multiplied, (k, n, units) a layer; empty for all 1.
        slopes_of : callable
            From the outputs to the derivative of the loss by them, both (k, n, outputs).
        """

        def widened(outputs: Tensor) -> Tensor:
            return self._widened(slopes_of(self._own(outputs)), len(w))

        padded, given = self._padded(w), self._widened(inputs, len(w))
        out = torch.empty(padded.shape, dtype=w.dtype, device=w.device)
        if factors:
            wide = [self._widened(factor, len(w)) for factor in factors]
            DroppedRows(self._sizes).gradient(padded, given, wide, widened, out)
        else:
            passed = self._networks.forward(padded, given)
            self._networks.backward(padded, passed, widened(passed[-1]), out)
        return out if self._padding is None else self._padding.cut(out)

    def _padded(self, w: Tensor) -> Tensor:
        return w if self._padding is None else self._padding.pad(w)

    def _widened(self, x: Tensor, count: int) -> Tensor:
        wide = x if self._padding is None else _widen(x)
        return wide.expand(count, -1, -1)

    def _own(self, outputs: Tensor) -> Tensor:
        return outputs if self._padding is None else outputs[..., : self._outputs].contiguous()


class _Padding:
    """Where the weights of networks stand among those of networks with longer layers."""

    def __init__(self, sizes: Sequence[int], device: torch.device) -> None:
        self.sizes = tuple(map(_rounded_up, sizes))
        places, begin = [], 0
        longer = pairwise(self.sizes)
        for (before, after), (wide, high) in zip(pairwise(sizes), longer, strict=True):
            rows = torch.arange(after).unsqueeze(1) * wide
            places.append((begin + rows + torch.arange(before)).view(-1))
            places.append(begin + wide * high + torch.arange(after))
            begin += (wide + 1) * high
        self._places = torch.cat(places).to(device)
        self._width = begin

    def pad(self, w: Tensor) -> Tensor:
        """Return weights (k, m) among others that are 0."""
        return w.new_zeros(len(w), self._width).index_copy_(1, self._places, w)

    def cut(self, padded: Tensor) -> Tensor:
        """Return what belongs to the weights, (k, m)."""
        return padded.index_select(1, self._places)


def _rounded_up(size: int) -> int:
    return -(-size // EIGHT) * EIGHT


def _widen(x: Tensor) -> Tensor:
    size = x.shape[-1]
    return torch.nn.functional.pad(x, (0, _rounded_up(size) - size))
