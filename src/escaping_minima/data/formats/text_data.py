"""What the formats of texts decode to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64] | NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TextData:
    """A text data set.

    Attributes
    ----------
    train_texts, validation_texts, test_texts : list of str
    train_labels, validation_labels, test_labels : ndarray
        int64 of shape (n,) where a text has one class; uint8 of shape (n, classes), 1 where the
        class applies, where it may have several.
    classes : tuple of str
        What the labels mean.
    checksums : dict
        SHA-256 of the bytes that were decoded, by official name; entered where they are verified.
    accepted : tuple of str
        Files that are not the official ones and that the user has accepted.
    """

    train_texts: list[str]
    train_labels: Labels
    validation_texts: list[str]
    validation_labels: Labels
    test_texts: list[str]
    test_labels: Labels
    classes: tuple[str, ...]
    checksums: dict[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
