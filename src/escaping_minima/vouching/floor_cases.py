"""Floors of texts that are found at both commits, and how published ones are cut short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from escaping_minima.kinds.baseline.cell import BaselineCell, make_baseline_cell
from escaping_minima.kinds.baseline.floors import FLOORS

#: By data set, how many texts of each split: so few of the second that one label has none.
TEXTS = {"tweeteval-emotion": 200, "goemotions": 150}


def floor_cells() -> Iterator[tuple[str, BaselineCell]]:
    """Return every floor of a text with one class and of one with several, by what it is called."""
    for data_set, count in TEXTS.items():
        for floor in FLOORS:
            cell = make_baseline_cell(data_set, floor, count, count, count, "sample")
            yield f"floor_{data_set}_{floor}", cell


def cut_floor(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cell cut short: fewer texts."""
    settings = dict(record["problem_settings"])
    most = TEXTS[settings["data_set"]]
    settings["data"] = "sample" if settings["data"] == "full" else settings["data"]
    for name in ("train_texts", "test_texts", "validation_texts"):
        # 0 stands for all of them
        settings[name] = min(settings[name] or most, most)
    return {**record, "problem_settings": settings}
