"""The mark that a pipeline leaves once its data are there, and whether it still holds.

It names each file that was verified, with its size and times: as long as these are the same, the
file need not be read again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from escaping_minima.data.places import data_folder
from escaping_minima.data.record import ACCEPTED
from escaping_minima.data.registry import find_data_set


@dataclass(frozen=True)
class Vouched:
    """A file as it was verified.

    Attributes
    ----------
    stamp : list of int
        See `stamp_of`, taken before it was verified.
    sha256 : str
        Its checksum.
    verified : str
        How it was verified; see `escaping_minima.data.record`.
    """

    stamp: list[int]
    sha256: str
    verified: str


def stamp_of(path: Path) -> list[int]:
    """Return a file's size and the times of its last changes in nanoseconds.

    Raises
    ------
    OSError
        If there is no such file.
    """
    status = path.stat()
    # the second time moves even where the first was set back
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def files_of(name: str, folder: str | Path | None) -> Iterator[Path]:
    """Return where the files of a data set lie, as absolute paths; see `data_folder`."""
    data_set = find_data_set(name)
    for file in data_set.files:
        yield (data_folder(folder) / data_set.folder / file.name).absolute()


def to_json(vouched: Mapping[Path, Vouched]) -> dict[str, Any]:
    """Return a mark as it is written."""
    return {str(path): asdict(file) for path, file in vouched.items()}


def read_mark(path: Path) -> dict[Path, Vouched]:
    """Read a mark; a missing or damaged one vouches for nothing."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {Path(name): Vouched(**file) for name, file in held.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def is_vouched(
    name: str, folder: str | Path | None, mark: Mapping[Path, Vouched], accepted: Collection[str]
) -> bool:
    """Whether every file of a data set is the one that was verified, and accepted if need be.

    Parameters
    ----------
    name : str
        The data set.
    folder : str or Path, optional
        See `data_folder`.
    mark : mapping
        See `read_mark`.
    accepted : collection of str
        SHA-256 of other versions that the user accepts now.
    """
    files = files_of(name, folder)
    return not is_withdrawn(name, folder, mark, accepted) and all(
        path in mark and _is_unchanged(path, mark[path]) for path in files
    )


def is_withdrawn(
    name: str, folder: str | Path | None, mark: Mapping[Path, Vouched], accepted: Collection[str]
) -> bool:
    """Whether a file of a data set was accepted by the user and no longer is; see `is_vouched`."""
    found = (mark[path] for path in files_of(name, folder) if path in mark)
    return any(file.verified == ACCEPTED and file.sha256 not in accepted for file in found)


def _is_unchanged(path: Path, file: Vouched) -> bool:
    try:
        return stamp_of(path) == file.stamp
    except OSError:
        return False
