"""Dropout whose masks are named draws, so that a resumed run and another device see the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from escaping_minima.draws.transfer import to_device

if TYPE_CHECKING:
    from escaping_minima.draws.device import DeviceDraws
    from escaping_minima.draws.streams import Streams


class HalfDropout(nn.Module):
    """Dropout with probability one half: a kept unit is doubled, one random bit decides.

    Parameters
    ----------
    units : int
        Units of each sample, a multiple of 8.

    Attributes
    ----------
    bits : Tensor of shape (batch, units / 8), uint8
        The bits of the present batch; whoever trains the network puts them here.
    """

    bits: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        if units % 8:
            raise ValueError(f"units is {units}; allowed: a multiple of 8")
        self.bytes = units // 8
        self.register_buffer("bits", torch.empty(0, self.bytes, dtype=torch.uint8), False)
        every = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
        # eight factors for every byte: one lookup instead of shifts and masks
        self.register_buffer("factors", torch.from_numpy(every).float().mul_(2), False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` (batch, units) with about half of it 0; unchanged in inference."""
        if not self.training:
            return x
        factors = nn.functional.embedding(self.bits.int(), self.factors)  # type: ignore[arg-type]
        return x * factors.view_as(x)


class NamedDropout(nn.Module):
    """Dropout of any rate on values of any shape, drawn on the device by name.

    Within an update all passes see the same mask. Runs with other batch sizes do not share masks;
    those of `HalfDropout`, which are drawn on the host, do.

    Parameters
    ----------
    rate : float
        The share of values that become 0; the others are divided by one minus it.

    Raises
    ------
    ValueError
        If the rate is not within 0 .. 1, 1 left out.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"rate is {rate}; allowed: 0 or more, below 1")
        self.rate = rate
        self._draws: DeviceDraws | None = None
        self._purpose = ""
        self._mask: torch.Tensor | None = None

    def name(self, purpose: str, draws: DeviceDraws) -> None:
        """Say where the draws come from; whoever trains the network does."""
        self._purpose, self._draws = purpose, draws

    def begin(self) -> None:
        """Begin an update: the next pass draws a mask."""
        self._mask = None

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` with about the rate of it 0; unchanged in inference."""
        if not self.training or self.rate == 0.0:
            return x
        assert self._draws is not None
        if self._mask is None:
            drawn = torch.empty_like(x, dtype=torch.float32)
            drawn.uniform_(generator=self._draws.generator(self._purpose))
            self._mask = (drawn >= self.rate).float().div_(1.0 - self.rate)
        # in float32, since a factor such as 1 / 0.9 is another one in bfloat16
        return (x.float() * self._mask).to(x.dtype)


class DropoutBits:
    """The bits of every dropout layer of a network for one epoch.

    The bits belong to a place in the epoch's order, not to a batch, so that runs with other batch
    sizes share them.

    Parameters
    ----------
    layers : sequence of HalfDropout
    streams : Streams
        Of (problem, block).
    images : int
        Training images in an epoch.
    device : torch.device
    """

    def __init__(
        self, layers: Sequence[HalfDropout], streams: Streams, images: int, device: torch.device
    ) -> None:
        self._layers = layers
        self._streams = streams
        self._images = images
        self._device = device
        self._bits = torch.empty(0)

    def draw(self, epoch: int) -> None:
        """Draw the bits of an epoch."""
        if not self._layers:
            return
        width = sum(layer.bytes for layer in self._layers)
        raw = self._streams.generator("dropout", epoch).bytes(self._images * width)
        bits = np.frombuffer(raw, dtype=np.uint8).reshape(self._images, width)
        self._bits = to_device(torch.from_numpy(bits.copy()), self._device)

    def parts(self, begin: int, end: int) -> Sequence[Tensor]:
        """Return each layer's bits for the places ``begin .. end`` of the epoch's order."""
        if not self._layers:
            return ()
        return torch.split(self._bits[begin:end], [layer.bytes for layer in self._layers], dim=1)
