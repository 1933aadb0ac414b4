"""Problems of the arena as they run: with their data, where they have any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from escaping_minima.data.load import load_images
from escaping_minima.engine.arena_objective import ready
from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.kind import Surroundings
from escaping_minima.kinds.training.run import load
from escaping_minima.parts.registry import read_problem


@dataclass(frozen=True)
class Placed:
    """A problem that can be evaluated.

    Attributes
    ----------
    problem : PlaneFunction, PointsProblem or SumProblem
    checksums : Mapping of str to str
        Of its data, by file.
    accepted : tuple of str
        Checksums of other versions of them that the user accepts.
    """

    problem: Any
    checksums: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()


def place(cell: Cell, around: Surroundings, device: torch.device) -> Placed:
    """Return the problem of a cell on the device."""
    problem = read_problem(cell.problem, cell.problem_settings)
    if not getattr(problem, "DATA_SET", ""):
        return Placed(problem)
    data = load(problem, around)
    checksums, accepted = dict(data.checksums), tuple(data.accepted)
    return Placed(ready(problem, data, device), checksums, accepted)


def place_sample(cell: Cell, device: torch.device) -> Placed:
    """Return the problem of a cell with data that need no fetching, to time it with."""
    settings = dict(cell.problem_settings)
    if not getattr(read_problem(cell.problem, settings), "DATA_SET", ""):
        return Placed(read_problem(cell.problem, settings))
    problem = read_problem(cell.problem, {**settings, "data": "sample"})
    return Placed(ready(problem, load_images(problem.DATA_SET, "sample"), device))


def present_data(cell: Cell, around: Surroundings) -> Mapping[str, str] | None:
    """Return the checksums of the data that a cell would rest on now; None if they are missing."""
    problem = read_problem(cell.problem, cell.problem_settings)
    if not getattr(problem, "DATA_SET", ""):
        return {}
    try:
        return dict(load(problem, around).checksums)
    except UserError:
        return None
