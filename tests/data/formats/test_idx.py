"""IDX files made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.data.encode import encode_idx
from escaping_minima.data.formats.idx import decode, decode_idx

# two images of two rows and three columns, as the description of the format has them
IMAGES = bytes.fromhex("00000803 00000002 00000002 00000003") + bytes(range(12))
LABELS = bytes.fromhex("00000801 00000003") + bytes([7, 0, 9])


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
def test_corrupt_idx(data, line, complain):
    assert complain(decode_idx, data, 3, "f") == line


CONTENTS = {
    "train-images-idx3-ubyte": IMAGES,
    "train-labels-idx1-ubyte": encode_idx(np.array([1, 0], np.uint8)),
    "t10k-images-idx3-ubyte": encode_idx(np.full((1, 2, 3), 9, np.uint8)),
    "t10k-labels-idx1-ubyte": encode_idx(np.array([2], np.uint8)),
}


def test_images_keep_their_order_and_get_a_channel():
    data = decode(CONTENTS, ("a", "b", "c"), "here")
    assert data.train_images.tolist() == [[[[0, 1, 2], [3, 4, 5]]], [[[6, 7, 8], [9, 10, 11]]]]
    assert data.train_labels.tolist() == [1, 0]
    assert data.test_images.tolist() == [[[[9] * 3] * 2]]
    assert data.test_labels.tolist() == [2]
    assert data.classes == ("a", "b", "c")
    assert not data.train_images.flags.writeable


def test_files_that_contradict_each_other_are_named_with_their_place(complain):
    assert complain(decode, CONTENTS, ("a", "b"), "here") == (
        "here: t10k-labels-idx1-ubyte: has the label 2 in row 0; allowed: 0 to 1"
    )
    short = CONTENTS | {"train-labels-idx1-ubyte": CONTENTS["t10k-labels-idx1-ubyte"]}
    assert complain(decode, short, ("a", "b", "c"), "here") == (
        "here: train-labels-idx1-ubyte: holds 1 labels for 2 images"
    )
    cut = CONTENTS | {"train-images-idx3-ubyte": IMAGES[:-1]}
    assert complain(decode, cut, ("a", "b", "c"), "here") == (
        "here: train-images-idx3-ubyte: holds 11 values instead of the 12 of its shape (2, 2, 3)"
    )
