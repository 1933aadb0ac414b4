"""From the record of a cell of points to its parts: part of what decides the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escaping_minima.engine.points import PointsPlan
from escaping_minima.parts.registry import read_method, read_part, read_problem

if TYPE_CHECKING:
    from escaping_minima.kinds.points.cell import PointsCell
    from escaping_minima.methods.protocol import Method


def points_plan(cell: PointsCell) -> PointsPlan:
    """Return the parts that cells side by side have in common."""
    problem = read_problem(cell.problem, cell.problem_settings)
    observers = [read_part("observers", o["name"], o["settings"]) for o in cell.observers]
    return PointsPlan(cell.problem, problem, cell.steps, cell.snapshot_every, observers)


def read_method_of(cell: PointsCell) -> Method:
    """Return a cell's own method."""
    method: Method = read_method(cell.method, cell.method_settings)
    return method
