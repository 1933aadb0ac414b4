"""What the formats of images decode to, and what holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from escaping_minima.errors import UserError

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ImageData:
    """An image data set; the arrays are read-only.

    Attributes
    ----------
    train_images, test_images : ndarray of uint8, shape (n, channels, height, width)
    train_labels, test_labels : ndarray of uint8, shape (n,)
        Of CIFAR-100 the fine ones.
    classes : tuple of str
        What the labels mean.
    checksums : dict
        SHA-256 of the bytes that were decoded, by official name; entered where they are verified.
    accepted : tuple of str
        Files that are not the official ones and that the user has accepted.
    train_coarse, test_coarse : ndarray of uint8, shape (n,), or None
        The coarse labels of CIFAR-100.
    """

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    classes: tuple[str, ...]
    checksums: dict[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    train_coarse: Bytes | None = None
    test_coarse: Bytes | None = None


def check_labels(labels: Bytes, images: Bytes, classes: int, name: str) -> None:
    """Refuse labels that are not as many as the images or that name no class.

    Parameters
    ----------
    labels : ndarray of uint8, shape (n,)
    images : ndarray of uint8, shape (n, ...)
    classes : int
        How many there are.
    name : str
        The file, for messages.

    Raises
    ------
    UserError
        Exit code 1.
    """
    if len(labels) != len(images):
        raise UserError(
            f"{name}: holds {len(labels):,} labels for {len(images):,} images", exit_code=1
        )
    if labels.size and labels.max() >= classes:
        row = int(np.argmax(labels >= classes))
        raise UserError(
            f"{name}: has the label {labels[row]} in row {row}; allowed: 0 to {classes - 1}",
            exit_code=1,
        )
