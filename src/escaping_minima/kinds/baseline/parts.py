"""From the record of a floor and the data to its scores: what decides the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from escaping_minima.kinds.baseline.floors import FLOORS
from escaping_minima.parts.settings import from_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from escaping_minima.data.formats.text_data import TextData
    from escaping_minima.kinds.baseline.cell import BaselineCell

JUDGED = ("validation", "test")


def measure_floor(cell: BaselineCell, data: TextData) -> dict[str, list[float]]:
    """Return the columns of a block, one row: ``<split>_macro_f1`` and ``<split>_error``."""
    splits = cell.texts.select(data)
    floor = from_settings(FLOORS[cell.method], cell.method_settings)
    asked = [splits[split].texts for split in JUDGED]
    one_class = data.train_labels.ndim == 1
    columns = {}
    for split, answers in zip(JUDGED, floor.answer(splits["train"], asked, one_class), strict=True):
        columns[f"{split}_macro_f1"] = [macro_f1(answers, splits[split].answers)]
        columns[f"{split}_error"] = [error(answers, splits[split].answers)]
    return columns


def macro_f1(answers: NDArray[np.uint8], right: NDArray[np.uint8]) -> float:
    """Return the mean over classes of 2 tp / (2 tp + fp + fn), 0 where that is 0 / 0.

    Both are 1 where a class applies, (n, classes). It is that of
    `escaping_minima.problems.tasks.targets`.
    """
    both = 2.0 * np.logical_and(answers, right).sum(0)
    either = answers.sum(0, dtype=np.int64) + right.sum(0, dtype=np.int64)
    return float(np.divide(both, either, out=np.zeros_like(both), where=either > 0).mean())


def error(answers: NDArray[np.uint8], right: NDArray[np.uint8]) -> float:
    """Return the percentage of texts of which any class is wrong."""
    return float(100.0 * np.not_equal(answers, right).any(1).mean())
