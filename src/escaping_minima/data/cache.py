"""Files of the cache: placed whole, written on record."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from escaping_minima.data.record import RECORD, Entry
from escaping_minima.data.registry import DataSet
from escaping_minima.data.sources import show
from escaping_minima.data.trouble import explain_write
from escaping_minima.errors import UserError


def make_folder(folder: Path) -> None:
    """Make a folder of the cache where there is none, and see that it can be written.

    Raises
    ------
    UserError
        If it cannot be made or written; exit code 1.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise explain_write(folder, error) from None


def part_of(path: Path, location: str) -> Path:
    """Return where a file lies until it is verified: for each place that it comes from, another.

    So what one host has brought is still there when another brings something else.
    """
    # without what may be secret or change from day to day
    mark = hashlib.sha256(show(location).encode()).hexdigest()[:8]
    return path.with_name(f".{path.name}.{mark}.part")


def remove_parts(path: Path) -> None:
    """Remove what places have brought of a file that is now whole."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*part"):
        with suppress(OSError):
            part.unlink()


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
            # a buffer would be written again when the file is closed, past what explains it
            self._file = path.open("ab" if append else "wb", buffering=0)
        except OSError as error:
            raise explain_write(path, error) from None
        self.size = self._file.tell()

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._file.close()
        except OSError as error:
            # some disks say only now that they are full; what went wrong before comes first
            if kind is None:
                raise self._give_up(error) from None

    def write(self, piece: bytes) -> None:
        """Write at once, so that a full disk is met here.

        Raises
        ------
        UserError
            If it cannot be written; exit code 1.
        """
        rest = memoryview(piece)
        try:
            while rest:
                # the last bytes of a disk are written alone
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise self._give_up(error) from None
        self.size += len(piece)

    def _give_up(self, error: OSError) -> UserError:
        with suppress(OSError):
            self._path.unlink()
        return explain_write(self._path, error)


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
    """Write the record of a data set's folder atomically.

    Raises
    ------
    UserError
        If it cannot be written; the one that was there stays.
    """
    files = {name: asdict(entry) for name, entry in entries.items()}
    text = json.dumps({"data_set": data_set.name, "files": files}, indent=1, sort_keys=True)
    path = folder / RECORD
    part = path.with_name(f".{path.name}.part")
    with PartFile(part, append=False) as file:
        file.write(f"{text}\n".encode())
    place(part, path)
