"""CIFAR files made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.data.encode import encode_cifar
from escaping_minima.data.formats.cifar import decode, decode_cifar


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
def test_corrupt_cifar(size, complain):
    line = complain(decode_cifar, bytes(size), 1, "f")
    assert line == f"f: has {size:,} bytes, which is no number of rows of 3073"


def batch(*labels):
    """One image a row of labels, all of whose pixels are the last label."""
    rows = np.array(labels, np.uint8)
    images = np.repeat(rows[:, -1], 3072).reshape(-1, 3, 32, 32)
    return encode_cifar(rows, images)


def test_batches_follow_each_other_by_name_whatever_order_they_come_in():
    contents = {
        "cifar-10-batches-bin/data_batch_2.bin": batch([4], [0]),
        "cifar-10-batches-bin/test_batch.bin": batch([3]),
        "cifar-10-batches-bin/data_batch_1.bin": batch([2]),
    }
    data = decode(contents, tuple("abcde"), "here")
    assert data.train_labels.tolist() == data.train_images[:, 1, 5, 7].tolist() == [2, 4, 0]
    assert data.test_labels.tolist() == data.test_images[:, 0, 0, 0].tolist() == [3]
    assert (data.train_coarse, data.test_coarse) == (None, None)
    assert not data.train_images.flags.writeable
    assert not data.test_labels.flags.writeable


def test_the_coarse_labels_of_cifar_100_come_first(complain):
    contents = {
        "cifar-100-binary/train.bin": batch([1, 4], [0, 2]),
        "cifar-100-binary/test.bin": batch([1, 3]),
    }
    data = decode(contents, tuple("abcde"), "here")
    assert (data.train_labels.tolist(), data.train_coarse.tolist()) == ([4, 2], [1, 0])
    assert (data.test_labels.tolist(), data.test_coarse.tolist()) == ([3], [1])
    assert complain(decode, contents, tuple("abcd"), "here") == (
        "here: cifar-100-binary/train.bin: has the label 4 in row 0; allowed: 0 to 3"
    )
