"""Cells: one combination of problem, method and settings, named by its content."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.package import PACKAGE
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.settings import settings_of


@dataclass(frozen=True)
class Cell(ABC):
    """What decides the numbers of a run, apart from the block's index and the code.

    A kind of cell is a dataclass whose fields are the record; one that is added later declares
    its absence (`escaping_minima.parts.settings.added`). Parts stand in it as plain records, so
    that a cell can be named although the code of a part is gone.

    Attributes
    ----------
    problem, method : str
        Names of modules in ``problems`` and ``methods``.
    problem_settings, method_settings : Mapping
        As in records: every setting but those that have the value of their absence.
    """

    #: The folder of ``kinds``.
    KIND: ClassVar[str]

    problem: str
    problem_settings: Mapping[str, Any]
    method: str
    method_settings: Mapping[str, Any]

    @property
    def id(self) -> str:
        """First 10 hex digits of the SHA-256 of the record's text."""
        return hashlib.sha256(canonical_json(self.record()).encode()).hexdigest()[:10]

    def record(self) -> dict[str, Any]:
        """Return the cell as plain data, as manifests and plans carry it."""
        return {"kind": self.KIND, **settings_of(self)}

    @abstractmethod
    def modules(self) -> list[str]:
        """Return the modules whose sources, with what they import, decide the numbers."""

    @property
    @abstractmethod
    def cost(self) -> float:
        """Rough core-seconds of a block, by which progress weighs blocks of unlike cells."""

    @property
    def data_set(self) -> str:
        """The data set that must be fetched for it, empty if none."""
        return ""

    @property
    def data_sets(self) -> tuple[str, ...]:
        """All data sets that must be fetched for it."""
        return (self.data_set,) if self.data_set else ()

    @property
    def uses_gpu(self) -> bool:
        """Whether it runs on a GPU where there is one."""
        return False

    @property
    def memory_mb(self) -> int:
        """Memory that a job with this cell asks for."""
        return 2000

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The ids of the cells of which its blocks read blocks."""
        return ()


def part_modules(room: str, *slots: Mapping[str, Any] | None) -> list[str]:
    """Return the modules of the parts that stand in slots of a record."""
    return [f"{PACKAGE}.{room}.{slot['name']}" for slot in slots if slot is not None]


def seconds_per_item(problem: Any) -> float:
    """Return what training on an item takes: a millisecond, unless the problem knows better."""
    of_images = getattr(problem, "SECONDS_PER_IMAGE", 1e-3)
    return float(getattr(problem, "SECONDS_PER_ITEM", of_images))


def training_items(problem: Any) -> int:
    """Return how many items an epoch trains on: images, unless the problem says otherwise."""
    return int(problem.TRAIN_ITEMS if hasattr(problem, "TRAIN_ITEMS") else problem.train_images)
