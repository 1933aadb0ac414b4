"""Which texts a floor is trained and judged on: the first so many of each official split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from escaping_minima.errors import UserError
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.data.formats.text_data import Labels, TextData

SPLITS = ("train", "validation", "test")


class Split(NamedTuple):
    """Some texts with their answers, uint8 of shape (n, classes): 1 where a class applies."""

    texts: Sequence[str]
    answers: NDArray[np.uint8]


@dataclass(frozen=True)
class Texts:
    """The first texts of each split of a data set.

    Attributes
    ----------
    data : str
        "generated" (for tests), "sample" (in the repository) or "full".
    data_set : str
        "goemotions" or "tweeteval-emotion".
    train_texts, test_texts, validation_texts : int
        The first so many of each official split; 0: all of it.
    """

    data: str
    data_set: str
    train_texts: int
    test_texts: int
    validation_texts: int

    def __post_init__(self) -> None:
        versions = ("generated", "sample", "full")
        require(self.data in versions, "data", self.data, ", ".join(versions))
        for key in ("train_texts", "test_texts", "validation_texts"):
            require(getattr(self, key) >= 0, key, getattr(self, key), "0 (all) or more")

    def select(self, data: TextData) -> dict[str, Split]:
        """Return the splits "train", "validation" and "test".

        Raises
        ------
        UserError
            If there are not so many texts.
        """
        return {split: self._first(data, split) for split in SPLITS}

    def _first(self, data: TextData, split: str) -> Split:
        texts: Sequence[str] = getattr(data, f"{split}_texts")
        asked = getattr(self, f"{split}_texts")
        if asked > len(texts):
            raise UserError(
                f"{split}_texts: found {asked}; allowed: at most {len(texts)} of {self.data}"
            )
        count = asked or len(texts)
        labels: Labels = getattr(data, f"{split}_labels")
        return Split(texts[:count], _as_answers(labels[:count], len(data.classes)))


def _as_answers(labels: Labels, classes: int) -> NDArray[np.uint8]:
    if labels.ndim == 2:
        return labels.astype(np.uint8)
    answers: NDArray[np.uint8] = np.eye(classes, dtype=np.uint8)[labels]
    return answers
