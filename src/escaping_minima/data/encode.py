"""Bytes of the official formats, for samples and generated sets."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def encode_idx(values: NDArray[np.uint8]) -> bytes:
    """Write unsigned bytes as an IDX file; see `decode_idx`."""
    header = struct.pack(f">2xBB{values.ndim}I", 0x08, values.ndim, *values.shape)
    return header + values.tobytes()


def encode_cifar(labels: NDArray[np.uint8], images: NDArray[np.uint8]) -> bytes:
    """Write rows of labels (n, 1 or 2) and images (n, 3, 32, 32); see `decode_cifar`."""
    return np.concatenate([labels, images.reshape(len(images), -1)], axis=1).tobytes()


def encode_lines(lines: Sequence[str]) -> bytes:
    """Write a text a line in UTF-8."""
    return "".join(f"{line}\n" for line in lines).encode()
