"""Cells of floors: a simple classifier on the splits of a text data set, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.errors import UserError
from escaping_minima.kinds.baseline.floors import FLOORS
from escaping_minima.kinds.baseline.texts import Texts
from escaping_minima.kinds.cell import Cell
from escaping_minima.package import PACKAGE
from escaping_minima.parts.settings import from_settings, settings_of

#: What ``problem`` says in every cell: the splits are told apart by its settings.
TEXTS = "texts"
#: Core-seconds a training text, measured on GoEmotions, and its texts, for cells that take all.
SECONDS = {"majority": 6e-6, "tfidf": 2.5e-4}
MOST_TEXTS = 43_410


@dataclass(frozen=True)
class BaselineCell(Cell):
    """A floor of a text data set. One block is enough: it draws nothing, so all are the same.

    No part of ``problems`` or ``methods`` stands behind it. ``problem`` is always "texts", and its
    settings are those of `escaping_minima.kinds.baseline.texts.Texts`; ``method`` names one of
    `escaping_minima.kinds.baseline.floors.FLOORS`.
    """

    KIND: ClassVar[str] = "baseline"

    def modules(self) -> list[str]:
        """See `Cell.modules`; the format of the data is among them."""
        from escaping_minima.data.registry import find_data_set

        return [
            f"{PACKAGE}.kinds.baseline.parts",
            f"{PACKAGE}.kinds.baseline.texts",
            f"{PACKAGE}.parts.settings",
            f"{PACKAGE}.data.formats.{find_data_set(self.texts.data_set).format}",
        ]

    @property
    def texts(self) -> Texts:
        """Which texts it is about."""
        return from_settings(Texts, self.problem_settings)

    @property
    def cost(self) -> float:
        """See `Cell.cost`."""
        return SECONDS[self.method] * (self.texts.train_texts or MOST_TEXTS)

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`; samples lie in the repository."""
        return self.texts.data_set if self.texts.data == "full" else ""


def make_baseline_cell(
    data_set: str,
    floor: str,
    train_texts: int = 0,
    test_texts: int = 0,
    validation_texts: int = 0,
    data: str = "full",
    settings: Mapping[str, Any] | None = None,
) -> BaselineCell:
    """Build a cell, filling in the defaults of the floor.

    Parameters
    ----------
    data_set, train_texts, test_texts, validation_texts, data
        See `escaping_minima.kinds.baseline.texts.Texts`.
    floor : str
        One of `escaping_minima.kinds.baseline.floors.FLOORS`.
    settings : Mapping, optional
        Some of its settings.

    Raises
    ------
    UserError
        If there is no such floor or setting, or a value is impossible.
    """
    if floor not in FLOORS:
        raise UserError(f"floor: found {floor!r}; allowed: {', '.join(FLOORS)}")
    try:
        texts = Texts(data, data_set, train_texts, test_texts, validation_texts)
        made = FLOORS[floor](**(settings or {}))
    except (TypeError, ValueError) as error:
        raise UserError(f"{floor}: {error}") from None
    return BaselineCell(TEXTS, settings_of(texts), floor, settings_of(made))
