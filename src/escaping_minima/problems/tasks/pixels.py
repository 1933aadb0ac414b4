"""From stored pixels to the inputs of a network: scale, channels, padding, crops and flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from escaping_minima.draws.transfer import to_device
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from escaping_minima.draws.streams import Streams


@dataclass(frozen=True)
class Pixels:
    """How images become inputs.

    Attributes
    ----------
    scale : float
        What grey values, 0 to 255, are divided by.
    mean, deviation : tuple of float
        One a channel, in units of the scaled values: (x - mean) / deviation. Empty: neither.
    pad : int
        Zeros (before the mean is taken off) on each side of every image, for example 2 to bring 28
        pixels to 32.
    crop : int
        In training, images are padded with so many zeros more and cut back at a place drawn for
        each image and epoch.
    flip : bool
        In training, mirror each image left to right with probability one half.
    """

    scale: float = 255.0
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    pad: int = 0
    crop: int = 0
    flip: bool = False

    def __post_init__(self) -> None:
        require(self.scale > 0, "scale", self.scale, "above 0")
        same = len(self.mean) == len(self.deviation)
        require(same, "deviation", self.deviation, "as many as mean has")
        require(self.pad >= 0, "pad", self.pad, "0 or more")
        require(self.crop >= 0, "crop", self.crop, "0 or more")

    @property
    def is_drawn(self) -> bool:
        """Whether training images differ from epoch to epoch."""
        return self.crop > 0 or self.flip

    def channels(self, device: torch.device) -> tuple[Tensor, Tensor] | None:
        """Return mean and deviation on a device, (1, c, 1, 1) each; None without them.

        They are made once for a task: a graph that is captured cannot bring numbers from the host.
        """
        if not self.mean:
            return None
        both = torch.tensor([self.mean, self.deviation], dtype=torch.float32, device=device)
        return both[0].view(1, -1, 1, 1), both[1].view(1, -1, 1, 1)

    def inputs(self, images: Tensor, channels: tuple[Tensor, Tensor] | None) -> Tensor:
        """Return inputs for stored images (n, c, h, w) of uint8: float32, with ``pad``.

        Parameters
        ----------
        images : Tensor of shape (n, c, h, w), uint8
        channels : tuple of Tensor or None
            Of `channels`.
        """
        scaled = images.float().div_(self.scale)
        if self.pad:
            scaled = functional.pad(scaled, [self.pad] * 4)
        if channels is not None:
            scaled = scaled.sub_(channels[0]).div_(channels[1])
        return scaled

    def drawn(self, images: Tensor, moves: Tensor) -> Tensor:
        """Return stored images (n, c, h, w) as cropped and mirrored by ``moves`` (n, 3).

        Parameters
        ----------
        images : Tensor of shape (n, c, h, w), uint8
        moves : Tensor of shape (n, 3), int64
            Rows down and columns right, each 0 .. 2 crop, and 1 where an image is mirrored.
        """
        height, width = images.shape[2:]
        padded = functional.pad(images, [self.crop] * 4)
        rows = moves[:, 0, None] + torch.arange(height, device=images.device)
        across = torch.arange(width, device=images.device).expand(len(images), width)
        mirrored = moves[:, 2, None] == 1
        columns = moves[:, 1, None] + torch.where(mirrored, width - 1 - across, across)
        item = torch.arange(len(images), device=images.device)
        # indices around a slice bring its axis to the end
        cut = padded[item[:, None, None], :, rows[:, :, None], columns[:, None, :]]
        return cut.permute(0, 3, 1, 2)

    def draw_moves(self, streams: Streams, epoch: int, count: int, device: torch.device) -> Tensor:
        """Draw ``moves`` for every training image of an epoch, shape (count, 3), int64."""
        moves = np.zeros((count, 3), np.int64)
        moves[:, :2] = streams.generator("crop", epoch).integers(
            0, 2 * self.crop + 1, size=(count, 2)
        )
        if self.flip:
            moves[:, 2] = streams.generator("flip", epoch).integers(0, 2, size=count)
        return to_device(torch.from_numpy(moves), device)
