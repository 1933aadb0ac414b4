"""Labels beside images."""

from __future__ import annotations

import numpy as np

from escaping_minima.data.formats.image_data import check_labels


def test_labels_must_name_classes_and_be_as_many_as_the_images(complain):
    images = np.zeros((3, 1, 2, 2), np.uint8)
    check_labels(np.array([0, 9, 4], np.uint8), images, 10, "f")
    wrong = np.array([0, 9, 10], np.uint8)
    assert complain(check_labels, wrong, images, 10, "f") == (
        "f: has the label 10 in row 2; allowed: 0 to 9"
    )
    assert complain(check_labels, wrong[:2], images, 10, "f") == "f: holds 2 labels for 3 images"
