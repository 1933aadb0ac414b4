"""Images and labels from the bytes of their official formats."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from escaping_minima.errors import UserError

Bytes = NDArray[np.uint8]

_IDX_UNSIGNED_BYTE = 0x08
_CIFAR_SHAPE = (3, 32, 32)


def decode_idx(data: bytes, dimensions: int, name: str) -> Bytes:
    """Decode an IDX file of unsigned bytes, the format of MNIST.

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
    magic = bytes((0, 0, _IDX_UNSIGNED_BYTE, dimensions))
    if data[:4] != magic:
        raise _corrupt(name, f"starts with {data[:4].hex()} instead of {magic.hex()}")
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise _corrupt(name, f"ends within its header of {start} bytes")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    count = int(np.prod(shape, dtype=object))
    if len(data) - start != count:
        raise _corrupt(
            name,
            f"holds {len(data) - start:,} values instead of the {count:,} of its shape {shape}",
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def decode_cifar(data: bytes, label_bytes: int, name: str) -> tuple[Bytes, Bytes]:
    """Decode a file of the binary version of CIFAR-10 or CIFAR-100.

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
    width = label_bytes + int(np.prod(_CIFAR_SHAPE))
    if not data or len(data) % width:
        raise _corrupt(name, f"has {len(data):,} bytes, which is no number of rows of {width}")
    rows = np.frombuffer(data, np.uint8).reshape(-1, width)
    return rows[:, :label_bytes], rows[:, label_bytes:].reshape(-1, *_CIFAR_SHAPE)


def check_labels(labels: Bytes, images: Bytes, classes: int, name: str) -> None:
    """Refuse labels that are not as many as the images or that name no class.

    Raises
    ------
    UserError
        Exit code 1.
    """
    if len(labels) != len(images):
        raise _corrupt(name, f"holds {len(labels):,} labels for {len(images):,} images")
    if labels.size and labels.max() >= classes:
        row = int(np.argmax(labels >= classes))
        raise _corrupt(
            name, f"has the label {labels[row]} in row {row}; allowed: 0 to {classes - 1}"
        )


def _corrupt(name: str, reason: str) -> UserError:
    return UserError(f"{name}: {reason}", exit_code=1)
