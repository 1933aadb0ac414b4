"""Dropout of minibatches that are looked at one by one, outside a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escaping_minima.draws.device import DeviceDraws
from escaping_minima.draws.dropout import DropoutBits, HalfDropout, NamedDropout

if TYPE_CHECKING:
    import torch
    from torch import nn

    from escaping_minima.draws.streams import Streams


class MinibatchDropout:
    """Gives every dropout layer of a network the mask of the present minibatch.

    Parameters
    ----------
    module : Module
    streams : Streams
        Whose purposes "dropout" and "dropout 0", "dropout 1", ... are drawn from.
    images : int
        In the order that the minibatches are cut from.
    device : torch.device
    """

    def __init__(
        self, module: nn.Module, streams: Streams, images: int, device: torch.device
    ) -> None:
        layers = list(module.modules())
        self._halves = [layer for layer in layers if isinstance(layer, HalfDropout)]
        self._bits = DropoutBits(self._halves, streams, images, device)
        self._bits.draw(0)
        self._named = [layer for layer in layers if isinstance(layer, NamedDropout)]
        self._draws = DeviceDraws(streams, device)
        for index, layer in enumerate(self._named):
            layer.name(f"dropout {index}", self._draws)

    def begin(self, index: int, begin: int, end: int) -> None:
        """Take the masks of minibatch ``index``, at the places ``begin .. end`` of the order."""
        for half, bits in zip(self._halves, self._bits.parts(begin, end), strict=True):
            half.bits = bits
        self._draws.begin(index)
        for layer in self._named:
            layer.begin()
