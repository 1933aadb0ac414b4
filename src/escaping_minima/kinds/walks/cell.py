"""Cells of walks: a way of walking over a loss surface, many walks a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.kinds.cell import Cell
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import make_method, make_problem, module_name, read_problem
from escaping_minima.parts.settings import settings_of

#: Core-seconds of a step of one walk, and of each of its weights in it, measured on one core of an
#: EPYC: without data, and with two draws of a hundred images of 784 pixels.
SECONDS = {False: (1e-6, 8e-9), True: (1.5e-4, 2.2e-8)}


@dataclass(frozen=True)
class WalkCell(Cell):
    """Walks over the loss surface of a problem.

    Attributes
    ----------
    steps : int
        Points that a walk records, each before it moves.
    points : Mapping
        Which points keep their coordinates: settings of
        `escaping_minima.engine.walk_points.Sampling`; none by default.
    """

    KIND: ClassVar[str] = "walks"

    steps: int
    points: Mapping[str, Any]

    def modules(self) -> list[str]:
        """See `Cell.modules`; the format of the data is among them, where there are any."""
        return [
            module_name("methods", self.method),
            module_name("problems", self.problem),
            f"{PACKAGE}.engine.walks",
            f"{PACKAGE}.kinds.walks.parts",
            f"{PACKAGE}.parts.settings",
            *self._formats(),
        ]

    def _formats(self) -> list[str]:
        from escaping_minima.data.registry import find_data_set

        name = self._problem().DATA_SET
        return [f"{PACKAGE}.data.formats.{find_data_set(name).format}"] if name else []

    def _problem(self) -> Any:
        return read_problem(self.problem, self.problem_settings)

    @property
    def cost(self) -> float:
        """See `Cell.cost`."""
        problem = self._problem()
        step, weight = SECONDS[bool(problem.DATA_SET)]
        return float(self.steps * problem.BLOCK * (step + weight * problem.weights))

    @property
    def data_set(self) -> str:
        """See `Cell.data_set`; samples lie in the repository."""
        problem = self._problem()
        return str(problem.DATA_SET) if self.problem_settings.get("data") == "full" else ""


def make_walk_cell(
    problem: str,
    method: str,
    steps: int,
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
    points: Mapping[str, Any] | None = None,
) -> WalkCell:
    """Build a cell of walks, filling in the defaults of its problem and method.

    Parameters
    ----------
    problem, method, steps, points
        See `WalkCell`.
    problem_settings, method_settings : Mapping, optional
        Some of the settings.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    return WalkCell(
        problem,
        settings_of(make_problem(problem, problem_settings or {})),
        method,
        settings_of(make_method(method, method_settings or {})),
        steps,
        dict(points or {}),
    )
