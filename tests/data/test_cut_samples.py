"""The rule of the samples, on labels made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.data.cut_samples import first_of_each_class, write_ranges, write_samples
from escaping_minima.errors import UserError


def test_the_first_of_each_class_in_official_order():
    labels = np.array([2, 2, 2, 0, 1, 2, 1, 0, 0, 1], np.uint8)
    assert first_of_each_class(labels, 6).tolist() == [0, 1, 3, 4, 6, 7]


def test_classes_with_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="4 rows cannot be taken equally from 2 classes"):
        first_of_each_class(np.array([0, 0, 0, 1], np.uint8), 4)
    with pytest.raises(ValueError, match="3 rows cannot be taken equally from 2 classes"):
        first_of_each_class(np.array([0, 0, 1, 1], np.uint8), 3)


def test_rows_are_written_as_ranges():
    assert write_ranges(np.array([0, 1, 2, 5, 7, 8])) == "0-2,5,7-8"
    assert write_ranges(np.array([4])) == "4"


def test_a_mirror_without_the_files_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"idx3-ubyte\.gz: cannot be read \(No such file"):
        write_samples(tmp_path, tmp_path / "samples")
