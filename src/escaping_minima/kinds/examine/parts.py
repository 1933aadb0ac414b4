"""From the record of an examination to its tables: part of what decides the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from escaping_minima.engine.examining import examine_problem
from escaping_minima.parts.registry import read_method, read_part, read_problem

if TYPE_CHECKING:
    from escaping_minima.kinds.examine.cell import ExamineCell


def examine(cell: ExamineCell, data: Any, block: int) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables of a block of a cell.

    Parameters
    ----------
    cell : ExamineCell
    data : object
        The whole data set of its problem, None where it has none.
    block : int
    """
    problem = read_problem(cell.problem, cell.problem_settings)
    measure = read_part("measures", cell.measure["name"], cell.measure["settings"])
    method = read_method(cell.method, cell.method_settings) if cell.method else None
    return examine_problem(cell.problem, problem, data, measure, method, block)
