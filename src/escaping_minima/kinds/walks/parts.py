"""From the record of a cell of walks to its parts: part of what decides the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from escaping_minima.engine.walk_points import Sampling
from escaping_minima.engine.walks import WalkPlan
from escaping_minima.parts.registry import read_method, read_problem

if TYPE_CHECKING:
    from escaping_minima.kinds.walks.cell import WalkCell


def walk_plan(cell: WalkCell, placed: Any) -> WalkPlan:
    """Return the parts of a cell; ``placed`` is what its problem has placed on the device."""
    return WalkPlan(
        cell.problem,
        read_problem(cell.problem, cell.problem_settings),
        placed,
        read_method(cell.method, cell.method_settings),
        cell.steps,
        Sampling(**cell.points),
    )
