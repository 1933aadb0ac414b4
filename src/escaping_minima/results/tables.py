"""Tables on disk: CSV for small ones that people read, Parquet for the rest."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from escaping_minima.errors import UserError
from escaping_minima.results.atomic import write_bytes

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
    for name, table in tables.items():
        if name.endswith(".csv"):
            content = table.to_csv(index=False, lineterminator="\n").encode()
        else:
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False, compression="zstd", compression_level=19)
            content = buffer.getvalue()
        if len(content) > LARGEST:
            raise ValueError(f"{name} has {len(content)} bytes, more than {LARGEST}")
        write_bytes(folder / name, content)


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
