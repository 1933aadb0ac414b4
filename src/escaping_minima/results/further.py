"""What a block has besides its table: further tables and kept states, beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from escaping_minima.errors import UserError
from escaping_minima.files.atomic import placing


def further_path(block: Path, name: str) -> Path:
    """Return where a further file of a block lies: ``b0003.<name>``, its suffix in the name."""
    return block.with_name(f"{block.stem}.{name}")


def write_further(
    block: Path,
    tables: Mapping[str, Mapping[str, Any]],
    pieces: Mapping[str, Sequence[Path]],
    states: Mapping[str, Path],
) -> dict[str, str]:
    """Write what lies beside a block, before its table and manifest.

    Parameters
    ----------
    block : Path
        The block's own file.
    tables : Mapping
        Columns by name of the table.
    pieces : Mapping
        By name of a table, the Parquet files that it consists of, in order; one at a time is read.
    states : Mapping
        By name, the file of kept tensors.

    Returns
    -------
    dict
        SHA-256 by name of the file, for the manifest.

    Raises
    ------
    UserError
        If the disk is full or the folder cannot be written.
    """
    found = {}
    for name, columns in tables.items():
        path = further_path(block, f"{name}.parquet")
        with placing(path) as temporary:
            pd.DataFrame(dict(columns)).to_parquet(temporary, index=False, compression="zstd")
        found[f"{name}.parquet"] = file_digest(path)
    for name, parts in pieces.items():
        path = further_path(block, f"{name}.parquet")
        with placing(path) as temporary:
            _join(parts, temporary)
        found[f"{name}.parquet"] = file_digest(path)
    for name, kept in states.items():
        path = further_path(block, f"{name}.pt")
        with placing(path) as temporary:
            temporary.write_bytes(kept.read_bytes())
        found[f"{name}.pt"] = file_digest(path)
    return found


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in parts."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def further_holds(block: Path, further: Mapping[str, str]) -> bool:
    """Return whether all that a manifest lists lies beside a block, unaltered."""
    try:
        return all(
            file_digest(further_path(block, name)) == digest for name, digest in further.items()
        )
    except OSError:
        return False


@dataclass(frozen=True)
class KeptFile:
    """A further file of a block.

    Attributes
    ----------
    path : Path
    digest : str
        Its SHA-256, which the block's manifest vouches for.
    """

    path: Path
    digest: str

    def table(self) -> pd.DataFrame:
        """Read it as a table.

        Raises
        ------
        UserError
            If the file is missing or altered (exit code 1).
        """
        self._verify()
        return pd.read_parquet(self.path)

    def state(self) -> Mapping[str, Any]:
        """Read it as tensors by name; see `table`."""
        import torch

        self._verify()
        return dict(torch.load(self.path, weights_only=True, map_location="cpu"))

    def _verify(self) -> None:
        if not self.path.exists() or file_digest(self.path) != self.digest:
            raise UserError(
                f"{self.path}: missing or altered; start again: its block is run anew", 1
            )


def _join(parts: Sequence[Path], path: Path) -> None:
    """Write Parquet files one after another into one, a row group each."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, pq.read_schema(parts[0]), compression="zstd") as writer:
        for part in parts:
            writer.write_table(pq.read_table(part))
