"""Block files: a Parquet table and the JSON manifest that vouches for it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_bytes, write_json
from escaping_minima.kinds.cell import Cell
from escaping_minima.provenance.vouched import still_holds
from escaping_minima.results.further import KeptFile, further_holds, further_path

Status = Literal["done", "missing", "stale", "corrupt"]


@dataclass(frozen=True)
class Block:
    """A block as it is collected.

    Attributes
    ----------
    cell : Cell
    index : int
    table : DataFrame
        One row a replicate, or an epoch.
    manifest : Mapping
    kept : Mapping of str to KeptFile
        Its further tables and states, by name.
    """

    cell: Cell
    index: int
    table: pd.DataFrame
    manifest: Mapping[str, Any]
    kept: Mapping[str, KeptFile] = field(default_factory=dict)


def manifest_path(block: Path) -> Path:
    """Return the manifest that belongs to a block file."""
    return block.with_suffix(".json")


def write_block(path: Path, table: pd.DataFrame, manifest: dict[str, Any]) -> None:
    """Write the table, then the manifest with its checksum: only the pair counts as done.

    Parameters
    ----------
    path : Path
        The Parquet file.
    table : DataFrame
        One row a replicate.
    manifest : dict
        What made it; ``rows`` and ``sha256`` are added.

    Raises
    ------
    UserError
        If the disk is full or the folder cannot be written.
    """
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    content = buffer.getvalue()
    write_bytes(path, content)
    digest = hashlib.sha256(content).hexdigest()
    write_json(manifest_path(path), manifest | {"rows": len(table), "sha256": digest})


def block_status(
    path: Path, cell_id: str, source_hash: str | None, data: Mapping[str, str] | None = None
) -> Status:
    """Say whether a block still holds.

    Parameters
    ----------
    path : Path
        The Parquet file.
    cell_id : str
        Whose block it must be.
    source_hash : str or None
        What must have made it, or sources that were vouched for; None accepts older code.
    data : mapping of str to str, optional
        Checksums of the data it must rest on; None accepts any.
    """
    status, manifest, _ = _load(path, cell_id)
    if status != "done":
        return status
    if source_hash is not None and not _holds(manifest, source_hash):
        return "stale"
    if data is not None and manifest.get("data") != data:
        return "stale"
    return "done"


def _holds(manifest: Mapping[str, Any], now: str) -> bool:
    return still_holds(manifest.get("source_hash", ""), now, manifest.get("device", ""))


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a block as it stands, unchecked; empty if there is none to read."""
    try:
        manifest = json.loads(manifest_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def find_kept(path: Path, name: str) -> KeptFile | None:
    """Return the further table or state of this name of a block, None if it has none."""
    return kept_files(path, read_manifest(path)).get(name)


def kept_files(path: Path, manifest: Mapping[str, Any]) -> dict[str, KeptFile]:
    """Return the further tables and states of a block by name, given its manifest."""
    further = manifest.get("further", {})
    # in this order a state comes after a table of its name, and stands in its place
    return {
        Path(file).stem: KeptFile(further_path(path, file), further[file])
        for file in sorted(further)
    }


def read_block(path: Path, cell_id: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a block and its manifest.

    Raises
    ------
    UserError
        If it is missing or does not match its manifest, naming the file and the remedy.
    """
    status, manifest, content = _load(path, cell_id)
    if status != "done":
        raise UserError(
            f"{path}: the block is {status}; delete it and its .json and start again: "
            "only this block is computed anew",
            exit_code=1,
        )
    return pd.read_parquet(io.BytesIO(content)), manifest


def _load(path: Path, cell_id: str) -> tuple[Status, dict[str, Any], bytes]:
    """Read manifest and content, each once, and say whether they are a pair."""
    try:
        manifest = json.loads(manifest_path(path).read_text(encoding="utf-8"))
        content = path.read_bytes()
    except FileNotFoundError:
        return "missing", {}, b""
    except (OSError, ValueError):
        return "corrupt", {}, b""
    if not isinstance(manifest, dict) or manifest.get("cell_id") != cell_id:
        return "corrupt", {}, b""
    if manifest.get("sha256") != hashlib.sha256(content).hexdigest():
        return "corrupt", {}, b""
    if not further_holds(path, manifest.get("further", {})):
        return "corrupt", {}, b""
    return "done", manifest, content


def set_aside(path: Path) -> Path:
    """Move a block that does not hold, and its manifest, out of the way; return where it is now.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    try:
        further = [further_path(path, name) for name in read_manifest(path).get("further", {})]
        for file in (manifest_path(path), path, *further):
            if file.exists():
                file.replace(file.with_name(f"{file.name}.corrupt"))
    except OSError as error:
        raise UserError(f"{path}: cannot be moved ({error.strerror})", exit_code=1) from None
    return path.with_name(f"{path.name}.corrupt")
