"""IDX, the format of MNIST and Fashion-MNIST: files of images beside files of labels."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

from escaping_minima.data.formats.image_data import Bytes, ImageData, check_labels
from escaping_minima.errors import UserError

_UNSIGNED_BYTE = 0x08


def decode(contents: Mapping[str, bytes], classes: tuple[str, ...], place: str) -> ImageData:
    """Decode MNIST or a set that is made like it; grey images have one channel.

    Parameters
    ----------
    contents : mapping
        Images and labels of the prefixes "train" and "t10k", by official name.
    classes : tuple of str
        What the labels mean.
    place : str
        Where the bytes came from, for messages.

    Raises
    ------
    UserError
        If a file is corrupt or contradicts the one beside it; exit code 1.
    """
    return ImageData(
        *_decode_split(contents, "train", len(classes), place),
        *_decode_split(contents, "t10k", len(classes), place),
        classes=classes,
    )


def _decode_split(
    contents: Mapping[str, bytes], prefix: str, classes: int, place: str
) -> tuple[Bytes, Bytes]:
    images_name, labels_name = f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"
    images = decode_idx(contents[images_name], 3, f"{place}: {images_name}")[:, None]
    labels = decode_idx(contents[labels_name], 1, f"{place}: {labels_name}")
    check_labels(labels, images, classes, f"{place}: {labels_name}")
    return images, labels


def decode_idx(data: bytes, dimensions: int, name: str) -> Bytes:
    """Decode an IDX file of unsigned bytes.

    Parameters
    ----------
    data : bytes
        Two zero bytes, the type, the number of dimensions, each dimension as a big-endian 32-bit
        number, then the values in row-major order.
    dimensions : int
        3 for images, 1 for labels.
    name : str
        The file, for messages.

    Returns
    -------
    ndarray of uint8
        Of the shape that the file states.

    Raises
    ------
    UserError
        If the file is of another type or its length is not what it states; exit code 1.

    Notes
    -----
    Source: the description of the format at yann.lecun.com/exdb/mnist.
    """
    magic = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if data[:4] != magic:
        raise UserError(
            f"{name}: starts with {data[:4].hex()} instead of {magic.hex()}", exit_code=1
        )
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise UserError(f"{name}: ends within its header of {start} bytes", exit_code=1)
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    # exact: the product of what a damaged header states may exceed 64 bits
    count = int(np.prod(shape, dtype=object))
    if len(data) - start != count:
        raise UserError(
            f"{name}: holds {len(data) - start:,} values instead of the {count:,} of its shape "
            f"{shape}",
            exit_code=1,
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
