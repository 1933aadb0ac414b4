"""Tables on disk: CSV for small ones that people read, Parquet for the rest."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_bytes

#: Most bytes a collected table may have, so that published tables stay small enough for git.
LARGEST = 1_000_000


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write each table under its file name, atomically.

    Raises
    ------
    UserError
        If the disk refuses.
    ValueError
        If a table is larger than LARGEST: count or bin before collecting.
    """
    for name, content in encode_tables(tables).items():
        write_bytes(folder / name, content)


def encode_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Return the bytes of each table's file, by file name.

    Raises
    ------
    ValueError
        If a table is larger than LARGEST.
    """
    found = {name: _encode(name, table) for name, table in tables.items()}
    for name, content in found.items():
        if len(content) > LARGEST:
            raise ValueError(f"{name} has {len(content)} bytes, more than {LARGEST}")
    return found


def as_written(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it comes back from its file, for a comparison bit by bit.

    A CSV comes back as text, cell by cell: numbers that were parsed need not give the same text.
    """
    return decode_exactly(name, _encode(name, table))


def decode_exactly(name: str, content: bytes) -> pd.DataFrame:
    """Return a table from the bytes of its file, so that it is written as the same bytes again."""
    if name.endswith(".csv"):
        return pd.read_csv(io.BytesIO(content), dtype=str, na_filter=False)
    return pd.read_parquet(io.BytesIO(content))


def _encode(name: str, table: pd.DataFrame) -> bytes:
    if name.endswith(".csv"):
        text: str = table.to_csv(index=False, lineterminator="\n")
        return text.encode()
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd", compression_level=19)
    return buffer.getvalue()


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read every table of a folder, by file name.

    Raises
    ------
    UserError
        If the folder is missing or a table cannot be read, naming it.
    """
    found: dict[str, pd.DataFrame] = {}
    for path in sorted(folder.glob("*")):
        try:
            if path.suffix == ".csv":
                content = path.read_bytes()
                if not content.endswith(b"\n"):
                    raise ValueError("it is cut short")
                found[path.name] = pd.read_csv(
                    io.BytesIO(content), keep_default_na=False, na_values=[""]
                )
            elif path.suffix == ".parquet":
                found[path.name] = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            message = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(
                f"{path}: not a readable table ({message}); delete the folder {folder} and start "
                "again, or restore it with git if it is a published one",
                exit_code=1,
            ) from None
    if not found:
        raise UserError(
            f"{folder}: no tables there; run 'make' or 'escaping-minima collect' first", 1
        )
    return found
