"""Cells: one combination of problem, method and settings, named by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from escaping_minima.registry import load_method, load_problem


@dataclass(frozen=True)
class Cell:
    """What decides the numbers of a run, apart from the block's index and the code.

    Attributes
    ----------
    problem, method : str
        Names of modules in ``problems`` and ``methods``.
    problem_settings, method_settings : Mapping
        Every setting, defaults included, so that a changed default is another cell.
    steps : int
        Iterations.
    snapshot_every : int
        Steps between two looks at where a trajectory is.
    """

    problem: str
    problem_settings: Mapping[str, Any]
    method: str
    method_settings: Mapping[str, Any]
    steps: int
    snapshot_every: int

    @property
    def id(self) -> str:
        """First 10 hex digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(canonical_json(asdict(self)).encode()).hexdigest()[:10]

    def record(self) -> dict[str, Any]:
        """Return the cell as plain data, as manifests and plans carry it."""
        return dict(json.loads(canonical_json(asdict(self))))

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Cell:
        """Rebuild a cell from `record`."""
        return Cell(**record)


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
    """

    cell: Cell
    blocks: int
    job: str
    labels: Mapping[str, Any] = field(default_factory=dict)


def make_cell(
    problem: str,
    method: str,
    steps: int,
    snapshot_every: int,
    problem_settings: Mapping[str, Any] | None = None,
    method_settings: Mapping[str, Any] | None = None,
) -> Cell:
    """Build a cell, filling in the defaults of its problem and method.

    Raises
    ------
    UserError
        If a name or setting does not exist or has an impossible value.
    """
    full_problem = asdict(load_problem(problem, problem_settings or {}))
    full_method = asdict(load_method(method, method_settings or {}))
    return Cell(problem, full_problem, method, full_method, steps, snapshot_every)


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
