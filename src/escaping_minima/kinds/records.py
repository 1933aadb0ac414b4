"""From the record of a cell back to the cell."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.package import PACKAGE
from escaping_minima.parts.settings import from_settings

#: The class of each kind, in its file ``kinds/<kind>/cell.py``.
CLASSES = {
    "points": "PointsCell",
    "training": "TrainingCell",
    "probe": "ProbeCell",
    "search": "SearchCell",
    "walks": "WalkCell",
    "baseline": "BaselineCell",
    "arena": "ArenaCell",
    "arena_search": "ArenaSearchCell",
    "examine": "ExamineCell",
}


def read_cell(record: Mapping[str, Any]) -> Cell:
    """Rebuild a cell from its record.

    Raises
    ------
    UserError
        If there is no such kind.
    ValueError
        If the record is not one of its kind.
    """
    kind = kind_name(record)
    if kind not in CLASSES:
        raise UserError(f"kind: found {kind!r}; allowed: {', '.join(CLASSES)}")
    module = importlib.import_module(f"{PACKAGE}.kinds.{kind}.cell")
    settings = {key: value for key, value in record.items() if key != "kind"}
    cell: Cell = from_settings(getattr(module, CLASSES[kind]), settings)
    return cell


def kind_name(record: Mapping[str, Any]) -> str:
    """Return the name of the kind of a record; those of the first two kinds bear none."""
    return str(record.get("kind") or ("training" if "epochs" in record else "points"))
