"""The binary version of CIFAR-10 and CIFAR-100: rows of labels and pixels, in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from escaping_minima.data.formats.image_data import Bytes, ImageData, check_labels
from escaping_minima.errors import UserError

_SHAPE = (3, 32, 32)
# CIFAR-100 has the coarse label before the fine one
_LABEL_BYTES = {"cifar-10-batches-bin": 1, "cifar-100-binary": 2}


def decode(contents: Mapping[str, bytes], classes: tuple[str, ...], place: str) -> ImageData:
    """Decode CIFAR-10 or CIFAR-100; batches to train on follow each other by name.

    Parameters
    ----------
    contents : mapping
        Batches by official name, whose folder tells which of the two sets they are of.
    classes : tuple of str
        What the labels mean; of CIFAR-100 the fine ones.
    place : str
        Where the bytes came from, for messages.

    Raises
    ------
    UserError
        If a file is corrupt; exit code 1.
    """
    test = [name for name in contents if "/test" in name]
    train = sorted(set(contents) - set(test))
    train_images, train_labels = _decode_batches(contents, train, len(classes), place)
    test_images, test_labels = _decode_batches(contents, test, len(classes), place)
    coarse = train_labels.shape[1] == 2
    return ImageData(
        train_images,
        train_labels[:, -1],
        test_images,
        test_labels[:, -1],
        classes=classes,
        train_coarse=train_labels[:, 0] if coarse else None,
        test_coarse=test_labels[:, 0] if coarse else None,
    )


def labels_a_row(name: str) -> int:
    """Return how many labels stand before the pixels of a row of a file, by its official name."""
    return _LABEL_BYTES[name.partition("/")[0]]


def _decode_batches(
    contents: Mapping[str, bytes], names: Sequence[str], classes: int, place: str
) -> tuple[Bytes, Bytes]:
    images, labels = [], []
    for name in names:
        rows, pixels = decode_cifar(contents[name], labels_a_row(name), f"{place}: {name}")
        check_labels(rows[:, -1], pixels, classes, f"{place}: {name}")
        labels.append(rows)
        images.append(pixels)
    return _read_only(np.concatenate(images)), _read_only(np.concatenate(labels))


def _read_only(values: Bytes) -> Bytes:
    values.setflags(write=False)
    return values


def decode_cifar(data: bytes, label_bytes: int, name: str) -> tuple[Bytes, Bytes]:
    """Decode a file of the binary version.

    Parameters
    ----------
    data : bytes
        Rows of the label bytes and 3072 pixels: the red, the green and the blue plane.
    label_bytes : int
        1 for CIFAR-10; 2 for CIFAR-100, the coarse label before the fine one.
    name : str
        The file, for messages.

    Returns
    -------
    labels : ndarray of uint8, shape (n, label_bytes)
    images : ndarray of uint8, shape (n, 3, 32, 32)

    Raises
    ------
    UserError
        If the length is not that of whole rows; exit code 1.

    Notes
    -----
    Source: the description of the format at www.cs.toronto.edu/~kriz/cifar.html.
    """
    width = label_bytes + int(np.prod(_SHAPE))
    if not data or len(data) % width:
        raise UserError(
            f"{name}: has {len(data):,} bytes, which is no number of rows of {width}", exit_code=1
        )
    rows = np.frombuffer(data, np.uint8).reshape(-1, width)
    return rows[:, :label_bytes], rows[:, label_bytes:].reshape(-1, *_SHAPE)
