"""Images on a device, as all runs beside one another share them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from escaping_minima.data.formats.image_data import ImageData


@dataclass(frozen=True)
class PlacedImages:
    """An image data set on a device.

    Attributes
    ----------
    train_images, test_images : Tensor of shape (n, c, h, w), uint8
    train_labels, test_labels : Tensor of shape (n,), int64
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def splits(self, validation: int = 0) -> dict[str, tuple[Tensor, Tensor]]:
        """Return images and labels by split.

        Parameters
        ----------
        validation : int
            So many of the last training images are held out as "validation"; 0 leaves it out.
        """
        border = len(self.train_labels) - validation
        splits = {"train": (self.train_images[:border], self.train_labels[:border])}
        if validation:
            splits["validation"] = (self.train_images[border:], self.train_labels[border:])
        return splits | {"test": (self.test_images, self.test_labels)}


def place_images(data: ImageData, device: torch.device) -> PlacedImages:
    """Bring a data set to a device: pixels as bytes, labels as int64."""
    return PlacedImages(
        torch.tensor(data.train_images, device=device),
        _labels(data.train_labels).to(device),
        torch.tensor(data.test_images, device=device),
        _labels(data.test_labels).to(device),
    )


def _labels(labels: np.ndarray) -> Tensor:
    return torch.from_numpy(labels.astype(np.int64))
