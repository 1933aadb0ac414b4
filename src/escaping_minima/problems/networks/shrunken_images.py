"""Images averaged over squares of pixels, as they are and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: By what grey values are divided.
SCALE = 255.0
#: Pixels of the large image by which variants are shifted.
SHIFT = 2


@dataclass(frozen=True)
class ShrunkenImages:
    """Small images on a device.

    Attributes
    ----------
    variants : Tensor of shape (9, M, pixels), float64
        Grey values within 0 and 1: as they are, then shifted to all sides.
    labels : Tensor of shape (M,), int64
    """

    variants: Tensor
    labels: Tensor


def shrink(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], side: int, device: torch.device
) -> ShrunkenImages:
    """Average images over squares of pixels.

    Parameters
    ----------
    images : ndarray of shape (M, 1, h, h), uint8
    labels : ndarray of shape (M,)
    side : int
        Pixels of a side of the small image, which must divide h.
    device : torch.device
    """
    padded = np.pad(images[:, 0].astype(np.float64), ((0, 0), *((SHIFT, SHIFT),) * 2))
    length = images.shape[-1]
    corners = [(SHIFT + dy * SHIFT, SHIFT + dx * SHIFT) for dy, dx in _DIRECTIONS]
    shifted = [padded[:, y : y + length, x : x + length] for y, x in corners]
    variants = np.stack([_average(some, side) for some in shifted]) / SCALE
    targets = torch.from_numpy(labels.astype(np.int64)).to(device)
    return ShrunkenImages(torch.from_numpy(variants).to(device), targets)


#: No shift first.
_DIRECTIONS = sorted(
    ((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)), key=lambda way: way != (0, 0)
)


def _average(images: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    count, length, _ = images.shape
    square = length // side
    tiles = images.reshape(count, side, square, side, square)
    means: NDArray[np.float64] = tiles.mean(axis=(2, 4)).reshape(count, side * side)
    return means
