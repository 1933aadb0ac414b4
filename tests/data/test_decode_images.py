"""IDX and CIFAR files made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.data.decode_images import check_labels, decode_cifar, decode_idx
from escaping_minima.data.encode import encode_cifar, encode_idx
from escaping_minima.errors import UserError

# two images of two rows and three columns, as the description of the format has them
IMAGES = bytes.fromhex("00000803 00000002 00000002 00000003") + bytes(range(12))
LABELS = bytes.fromhex("00000801 00000003") + bytes([7, 0, 9])


def complain(function, *arguments):
    with pytest.raises(UserError) as caught:
        function(*arguments)
    assert caught.value.exit_code == 1
    return str(caught.value)


def test_idx_images():
    images = decode_idx(IMAGES, 3, "f")
    assert images.dtype == np.uint8
    assert images.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    assert encode_idx(images) == IMAGES


def test_idx_labels():
    labels = decode_idx(LABELS, 1, "f")
    assert labels.tolist() == [7, 0, 9]
    assert encode_idx(labels) == LABELS


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\0", "f: starts with 00 instead of 00000803"),
        (LABELS, "f: starts with 00000801 instead of 00000803"),
        (b"\0\0\x0d\x03" + IMAGES[4:], "f: starts with 00000d03 instead of 00000803"),
        (IMAGES[:10], "f: ends within its header of 16 bytes"),
        (IMAGES[:-1], "f: holds 11 values instead of the 12 of its shape (2, 2, 3)"),
        (IMAGES + b"!", "f: holds 13 values instead of the 12 of its shape (2, 2, 3)"),
        (
            IMAGES[:4] + b"\xff" * 12 + IMAGES[16:],
            f"f: holds 12 values instead of the {(2**32 - 1) ** 3:,} of its shape "
            "(4294967295, 4294967295, 4294967295)",
        ),
    ],
)
def test_corrupt_idx(data, line):
    assert complain(decode_idx, data, 3, "f") == line


@pytest.mark.parametrize("label_bytes", [1, 2])
def test_cifar(label_bytes):
    rows = [[5, 6][:label_bytes], [7, 8][:label_bytes]]
    red, green, blue = bytes([1]) * 1024, bytes(range(256)) * 4, bytes([3]) * 1024
    data = b"".join(bytes(row) + red + green + blue for row in rows)
    labels, images = decode_cifar(data, label_bytes, "f")
    assert labels.tolist() == rows
    assert images.shape == (2, 3, 32, 32)
    assert set(images[1, 0].ravel()) == {1}
    # rows of 32 pixels from the top, left to right
    assert images[1, 1, 0].tolist() == list(range(32))
    assert images[1, 1, 1, 0] == 32
    assert encode_cifar(labels, images) == data


@pytest.mark.parametrize("size", [0, 1, 3072, 2 * 3073 - 1])
def test_corrupt_cifar(size):
    line = complain(decode_cifar, bytes(size), 1, "f")
    assert line == f"f: has {size:,} bytes, which is no number of rows of 3073"


def test_labels_must_name_classes_and_be_as_many_as_the_images():
    images = np.zeros((3, 1, 2, 2), np.uint8)
    check_labels(np.array([0, 9, 4], np.uint8), images, 10, "f")
    wrong = np.array([0, 9, 10], np.uint8)
    assert complain(check_labels, wrong, images, 10, "f") == (
        "f: has the label 10 in row 2; allowed: 0 to 9"
    )
    assert complain(check_labels, wrong[:2], images, 10, "f") == "f: holds 2 labels for 3 images"
