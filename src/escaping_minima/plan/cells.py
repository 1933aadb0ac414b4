"""Cells with their place in a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from escaping_minima.kinds.cell import Cell


@dataclass(frozen=True)
class PlannedCell:
    """A cell with its place in a study.

    Attributes
    ----------
    cell : Cell
    blocks : int
        How many blocks the scale asks for.
    job : str
        The job of the study that runs it.
    labels : Mapping
        What the study calls it (role, point of a sweep, variant); no part of its identity.
    first : int
        Index of the first of the blocks: a job may have only some blocks of a cell.
    group : str
        What families of claims call the jobs they rest on; the job itself if empty.
    """

    cell: Cell
    blocks: int
    job: str
    labels: Mapping[str, Any] = field(default_factory=dict)
    first: int = 0
    group: str = ""
