"""Cells of small problems: a method on a function, many replicates a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from escaping_minima.kinds.cell import Cell, part_modules
from escaping_minima.package import PACKAGE
from escaping_minima.parts.registry import make_method, make_problem, module_name
from escaping_minima.parts.settings import added, settings_of

#: What is recorded where a record says nothing: the basins that a trajectory was seen in.
BASINS = ({"name": "basins", "settings": {}},)


@dataclass(frozen=True)
class PointsCell(Cell):
    """A method on a small problem of any dimension.

    Attributes
    ----------
    steps : int
        Iterations.
    snapshot_every : int
        Steps between two looks at where a trajectory is.
    observers : tuple of Mapping
        What is recorded along the way: parts of ``observers``, each ``{name, settings}``.
    """

    KIND: ClassVar[str] = "points"

    steps: int
    snapshot_every: int
    observers: tuple[Mapping[str, Any], ...] = added(BASINS)

    def record(self) -> dict[str, Any]:
        """Return the record; of this kind it bears no name, as the first ones did not."""
        return settings_of(self)

    def modules(self) -> list[str]:
        """See `Cell.modules`."""
        return [
            module_name("methods", self.method),
            module_name("problems", self.problem),
            f"{PACKAGE}.engine.points",
            f"{PACKAGE}.kinds.points.parts",
            f"{PACKAGE}.parts.settings",
            *part_modules("observers", *self.observers),
        ]

    @property
    def cost(self) -> float:
        """See `Cell.cost`; measured with blocks side by side."""
        return 1e-4 * self.steps


def make_points_cell(
    problem: str,
    method: str,
    steps: int,
    snapshot_every: int,
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
    **more: Any,
) -> PointsCell:
    """Build a cell, filling in the defaults of its problem and method.

    Parameters
    ----------
    problem, method, steps, snapshot_every
        See `PointsCell`.
    problem_settings, method_settings : Mapping, optional
        Some of the settings.
    **more
        Further fields of the cell.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    return PointsCell(
        problem,
        settings_of(make_problem(problem, problem_settings or {})),
        method,
        settings_of(make_method(method, method_settings or {})),
        steps,
        snapshot_every,
        **more,
    )
