"""Executed notebooks as the site shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError

#: Cells that only say where the tables of a notebook lie.
_MACHINERY = {"parameters", "injected-parameters"}


def read_notebook(path: Path) -> dict[str, Any]:
    """Read an executed notebook, without the cells that only say where its tables lie.

    Raises
    ------
    UserError
        If there is none, or no readable one.
    """
    try:
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(
            f"{path}: no executed notebook there; run 'escaping-minima render' first", 1
        ) from None
    notebook["cells"] = [
        cell for cell in notebook["cells"] if not _MACHINERY & set(cell["metadata"].get("tags", []))
    ]
    return notebook


def heading(notebook: Mapping[str, Any]) -> str:
    """Return the first heading of a notebook; empty where it has none."""
    lines = (line for text in _texts(notebook, "markdown") for line in text.splitlines())
    return next((line[2:].strip() for line in lines if line.startswith("# ")), "")


def drawing_cell(notebook: Mapping[str, Any], figure: str) -> str:
    """Return the code of the cell that draws a figure; empty where none names it."""
    cells = _texts(notebook, "code")
    return next((text for text in cells if f'"{figure}")' in text), "")


def _texts(notebook: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Yield the source of each cell of a kind."""
    return ("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind)
