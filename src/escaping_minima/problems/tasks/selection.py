"""Which images of a data set a problem is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from escaping_minima.errors import UserError

if TYPE_CHECKING:
    from escaping_minima.data.formats.image_data import ImageData


def select_first(data: ImageData, train_images: int, test_images: int, version: str) -> ImageData:
    """Return the first images of each set.

    Parameters
    ----------
    data : ImageData
    train_images, test_images : int
        How many.
    version : str
        Of the data, for the message.

    Raises
    ------
    UserError
        If there are not so many.
    """
    for key, wanted in (("train_images", train_images), ("test_images", test_images)):
        found = len(getattr(data, key))
        if wanted > found:
            raise UserError(f"{key}: found {wanted}; allowed: at most {found} of {version}")
    return replace(
        data,
        train_images=data.train_images[:train_images],
        train_labels=data.train_labels[:train_images],
        test_images=data.test_images[:test_images],
        test_labels=data.test_labels[:test_images],
    )
