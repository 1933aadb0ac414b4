"""What was made elsewhere, looked through before a merge takes it in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.records import read_cell
from escaping_minima.provenance.circumstances import UNKNOWN
from escaping_minima.results.blocks import block_status, read_manifest

_BLOCK = re.compile(r"b(\d{4,})\.(?:parquet|json)")
_SHA_256 = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):  # noqa: N818 - a finding, not an error
    """Something that was made elsewhere does not fit; the text says why."""


@dataclass(frozen=True)
class Incoming:
    """A block that was made elsewhere and is whole.

    Attributes
    ----------
    study : str
    cell : Cell
    index : int
    path : Path
        Its table.
    manifest : dict
    """

    study: str
    cell: Cell
    index: int
    path: Path
    manifest: dict[str, Any]

    @property
    def claimed_commit(self) -> str:
        """The commit that nothing but its owner vouches for, empty if there is none."""
        commit = str(self.manifest.get("commit", UNKNOWN))
        return commit if self.manifest.get("dirty", True) and commit != UNKNOWN else ""

    @property
    def digests(self) -> tuple[Any, ...]:
        """Checksums of all its files."""
        return digests_of(self.manifest)


def digests_of(manifest: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the checksums of all files that a manifest vouches for."""
    return manifest.get("sha256"), manifest.get("further", {})


def base_of(folder: Path, scale: str) -> Path:
    """Return the folder of one scale: the given one, or the one in it.

    Raises
    ------
    UserError
        If it is neither.
    """
    for base in (folder / scale, folder):
        if (base / "runs").is_dir() or (base / "checkpoints").is_dir():
            return base
    raise UserError(
        f"merge: found {folder}; allowed: a results folder with {scale}/runs, or such a {scale}/"
    )


def block_paths(base: Path) -> Iterator[tuple[str, Path]]:
    """Return the study and table of each block of a folder, one without its manifest too."""
    found = {
        path.with_suffix(".parquet")
        for path in base.glob("runs/*/*/b*")
        if _BLOCK.fullmatch(path.name)
    }
    return ((path.parents[1].name, path) for path in sorted(found))


def read_incoming(study: str, path: Path) -> Incoming:
    """Read a block that was made elsewhere.

    Raises
    ------
    Refused
        If its manifest cannot be read or is of another cell or block, a file is missing or was
        altered, or what it says of its data can be no checksums.
    """
    manifest = read_manifest(path)
    if not manifest:
        raise Refused("it has no manifest that can be read")
    cell = _cell_of(manifest)
    _require_its_place(manifest, cell, path)
    if _status(path, cell.id) != "done":
        raise Refused("a file of it is missing, or is not what its manifest vouches for")
    if not _are_checksums(manifest.get("data")):
        raise Refused("its manifest does not name its data by checksums")
    return Incoming(study, cell, int(manifest["block"]), path, manifest)


def _cell_of(manifest: Mapping[str, Any]) -> Cell:
    try:
        return read_cell(manifest["cell"])
    except (UserError, ImportError, ValueError, KeyError, TypeError, AttributeError):
        raise Refused("the cell in its manifest cannot be read here") from None


def _require_its_place(manifest: Mapping[str, Any], cell: Cell, path: Path) -> None:
    if {cell.id, manifest.get("cell_id")} != {path.parent.name}:
        raise Refused(f"its manifest is of cell {cell.id}, its folder is {path.parent.name}")
    block = manifest.get("block")
    if block != int(path.stem.removeprefix("b")):
        raise Refused(f"its manifest is of block {block}")


def _status(path: Path, cell: str) -> str:
    try:
        return block_status(path, cell, None)
    except (ValueError, TypeError, AttributeError):
        # names of further files that can be none
        return "corrupt"


def _are_checksums(data: Any) -> bool:
    return isinstance(data, dict) and all(
        isinstance(digest, str) and _SHA_256.fullmatch(digest) for digest in data.values()
    )
