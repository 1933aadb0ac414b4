"""Files of the cache: placed whole, written on record."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from escaping_minima.data.record import RECORD, Entry
from escaping_minima.data.registry import DataSet
from escaping_minima.data.trouble import explain_write
from escaping_minima.results.atomic import write_json


def make_folder(folder: Path) -> None:
    """Make a folder of the cache where there is none, and see that it can be written.

    Raises
    ------
    UserError
        If it cannot be made or written; exit code 1.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise explain_write(folder, error) from None


def part_of(path: Path) -> Path:
    """Return where a file lies until it is verified."""
    return path.with_name(f".{path.name}.part")


class PartFile:
    """A file on its way into the cache; where it cannot be written it is removed and that is said.

    Parameters
    ----------
    path : Path
        See `part_of`.
    append : bool
        Go on behind what is there.

    Attributes
    ----------
    size : int
        Its bytes so far.
    """

    def __init__(self, path: Path, append: bool) -> None:
        self._path = path
        try:
            self._file = path.open("ab" if append else "wb")
        except OSError as error:
            raise explain_write(path, error) from None
        self.size = self._file.tell()

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, piece: bytes) -> None:
        """Write at once, so that a full disk is met here.

        Raises
        ------
        UserError
            If it cannot be written; exit code 1.
        """
        try:
            self._file.write(piece)
            self._file.flush()
        except OSError as error:
            self._path.unlink(missing_ok=True)
            raise explain_write(self._path, error) from None
        self.size += len(piece)


def place(part: Path, path: Path) -> None:
    """Move a verified file to its place at once.

    Raises
    ------
    UserError
        If it cannot be moved; what was there stays.
    """
    try:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise explain_write(path, error) from None


def write_record(folder: Path, data_set: DataSet, entries: Mapping[str, Entry]) -> None:
    """Write the record of a data set's folder atomically."""
    files = {name: asdict(entry) for name, entry in entries.items()}
    write_json(folder / RECORD, {"data_set": data_set.name, "files": files})
