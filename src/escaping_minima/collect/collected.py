"""Collected tables, with what must hold of published ones checked as they are read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from escaping_minima.collect.cell_columns import is_stale
from escaping_minima.errors import UserError
from escaping_minima.kinds.records import read_cell
from escaping_minima.provenance.sources import cell_hashes
from escaping_minima.results.tables import decode_exactly, read_tables

#: The manifest that lies beside published tables.
MANIFEST = "published.json"
#: What the manifest says of tables that were taken again from what was published: a list of
#: ``commit``, ``package`` and ``versions`` of the code that did it, and the names of the
#: ``tables`` that it changed.
MEASURED_AGAIN = "measured_again"


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
        verify(folder)
        cells = tables["cells.csv"]
        tables["cells.csv"] = cells.assign(stale=_stale(cells))
    return tables


def read_published(folder: Path) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Read the manifest and the tables of a published study, each as it will be written again.

    Returns
    -------
    tuple of (dict, dict of DataFrame)
        Both empty where nothing is published. CSV tables hold text.

    Raises
    ------
    UserError
        If a table is missing or was altered.
    """
    if not (folder / MANIFEST).exists():
        return {}, {}
    manifest = verify(folder)
    return manifest, {
        name: decode_exactly(name, (folder / name).read_bytes()) for name in manifest["tables"]
    }


def remeasurings(folder: Path) -> list[dict[str, Any]]:
    """Return when tables were taken again from what was published there, oldest first.

    Parameters
    ----------
    folder : Path
        Collected tables, published or not.

    Returns
    -------
    list of dict
        See `MEASURED_AGAIN`; those before the last publishing as well, as what they made may be in
        the tables still. Empty where nothing is published.

    Raises
    ------
    UserError
        As `verify`.
    """
    if not (folder / MANIFEST).exists():
        return []
    manifest = verify(folder)
    times = [*manifest.get("earlier", []), manifest]
    return [once for time in times for once in time.get(MEASURED_AGAIN, [])]


def verify(folder: Path) -> dict[str, Any]:
    """Check published tables against their manifest, and return it.

    Raises
    ------
    UserError
        If the manifest cannot be read, a table is missing or was altered.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        recorded = dict(manifest["tables"])
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
    return manifest


def _stale(cells: pd.DataFrame) -> list[bool]:
    now = cell_hashes(read_cell(json.loads(settings)) for settings in cells["settings"])
    made = zip(cells["source_hash"], now, cells["device"], strict=True)
    return [is_stale(then, present, device) for then, present, device in made]
