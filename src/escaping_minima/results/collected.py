"""Collected tables, with what must hold of published ones checked as they are read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.provenance.sources import cell_hash
from escaping_minima.results.tables import read_tables

#: The manifest that lies beside published tables.
MANIFEST = "published.json"


def read_collected(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the collected tables of a study, by file name.

    Published tables were made by the code of their time: they are checked against the checksums
    in their manifest, and their cells are marked stale by the code of now.

    Raises
    ------
    UserError
        If there are none, one cannot be read, or a published one was altered.
    """
    tables = read_tables(folder)
    if (folder / MANIFEST).exists():
        _verify(folder)
        cells = tables["cells.csv"]
        tables["cells.csv"] = cells.assign(stale=_stale(cells))
    return tables


def _verify(folder: Path) -> None:
    path = folder / MANIFEST
    try:
        recorded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["tables"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a readable manifest; restore it with git", 1) from None
    for name, digest in recorded.items():
        table = folder / name
        if not table.exists():
            raise UserError(f"{table}: missing, though {MANIFEST} lists it; restore it with git", 1)
        if hashlib.sha256(table.read_bytes()).hexdigest() != digest:
            raise UserError(
                f"{table}: altered since it was published (its SHA-256 is not the one in "
                f"{MANIFEST}); restore it with git, or publish anew",
                exit_code=1,
            )


def _stale(cells: pd.DataFrame) -> list[bool]:
    now: dict[tuple[str, str], str] = {}
    marks = []
    for settings, then in zip(cells["settings"], cells["source_hash"], strict=True):
        cell = read_cell(json.loads(settings))
        pair = (cell.problem, cell.method)
        if pair not in now:
            now[pair] = _hash_or_nothing(cell)
        marks.append(now[pair] != then)
    return marks


def _hash_or_nothing(cell: Cell) -> str:
    try:
        return cell_hash(cell)
    except FileNotFoundError:
        # its method or problem is gone, so nothing present stands behind it
        return ""
