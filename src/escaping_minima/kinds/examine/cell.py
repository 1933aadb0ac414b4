"""Cells that examine a small problem itself: no other cell is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.kinds.cell import Cell, part_modules
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import (
    make_method,
    make_problem,
    module_name,
    part_record,
    read_part,
    read_problem,
)
from escaping_minima.parts.settings import settings_of


@dataclass(frozen=True)
class ExamineCell(Cell):
    """A measurement on a small problem, which draws what it needs by name.

    ``method`` is empty, with no settings, unless the measure wants one.

    Attributes
    ----------
    measure : Mapping
        A part of ``measures`` that has ``examine``, ``{name, settings}``.
    """

    KIND: ClassVar[str] = "examine"

    measure: Mapping[str, Any]

    def modules(self) -> list[str]:
        """See `Cell.modules`; the format of the data is among them, where there are any."""
        methods = [module_name("methods", self.method)] if self.method else []
        return [
            module_name("problems", self.problem),
            *methods,
            *part_modules("measures", self.measure),
            f"{PACKAGE}.kinds.examine.parts",
            f"{PACKAGE}.parts.settings",
            *self._formats(),
        ]

    def _formats(self) -> list[str]:
        from escaping_minima.data.registry import find_data_set

        name = self._data_set_of_problem()
        return [f"{PACKAGE}.data.formats.{find_data_set(name).format}"] if name else []

    def _data_set_of_problem(self) -> str:
        problem = read_problem(self.problem, self.problem_settings)
        return str(getattr(problem, "DATA_SET", ""))

    @property
    def cost(self) -> float:
        """See `Cell.cost`: what the measure says."""
        problem = read_problem(self.problem, self.problem_settings)
        measure = read_part("measures", self.measure["name"], self.measure["settings"])
        return float(measure.seconds(problem))

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`; samples lie in the repository."""
        return self._data_set_of_problem() if self.problem_settings.get("data") == "full" else ""


def make_examine_cell(
    problem: str,
    measure: str,
    problem_settings: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    method: str = "",
    method_settings: Mapping[str, Any] | None = None,
) -> ExamineCell:
    """Build a cell, filling in the defaults of its parts.

    Parameters
    ----------
    problem : str
        A module of ``problems`` for a small problem.
    measure : str
        A module of ``measures`` that has ``examine``.
    problem_settings, settings : Mapping, optional
        Some of the settings of the problem, and of the measure.
    method : str, optional
        A module of ``methods``, for a measure that wants one.
    method_settings : Mapping, optional
        Some of its settings.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    return ExamineCell(
        problem,
        settings_of(make_problem(problem, problem_settings or {})),
        method,
        settings_of(make_method(method, method_settings or {})) if method else {},
        part_record("measures", measure, settings).record(),
    )
