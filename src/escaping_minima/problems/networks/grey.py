"""Images of one channel for networks that want three."""

from __future__ import annotations

from torch import Tensor, nn

#: Red, green and blue.
COLOURS = 3


class ThreeChannels(nn.Module):
    """Three copies of the one channel of grey images; no parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Return images (n, 1, h, w) as (n, 3, h, w)."""
        return x.expand(-1, COLOURS, -1, -1)


def first_layers(is_grey: bool) -> list[nn.Module]:
    """Return what stands before a network for colour images, where its images are grey."""
    return [ThreeChannels()] if is_grey else []
