"""The record beside the files of a fetched data set: what each is and where it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from escaping_minima.data.places import data_folder
from escaping_minima.data.registry import find_data_set

RECORD = "record.json"

#: How a file was verified: as the official bytes, by what it holds, or by the user's word.
OFFICIAL = "the official file"
CONTENTS = "official contents in another packing"
ACCEPTED = "accepted by the user"


@dataclass(frozen=True)
class Entry:
    """What is known of one file.

    Attributes
    ----------
    bytes : int
        Its size.
    sha256 : str
        Its checksum.
    source : str
        The path or URL that it came from.
    verified : str
        `OFFICIAL`, `CONTENTS` or `ACCEPTED`.
    date : str
        When it was verified first, in UTC.
    """

    bytes: int
    sha256: str
    source: str
    verified: str
    date: str


def read_record(folder: Path) -> dict[str, Entry]:
    """Read the record of a data set's folder; a missing or damaged one says nothing."""
    try:
        entries = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
        return {name: Entry(**entry) for name, entry in entries.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def is_present(name: str, folder: str | Path | None = None) -> bool:
    """Whether a data set was fetched and its files still have the sizes on record.

    This reads no data: an altered file is found by `load_images` and its like.

    Parameters
    ----------
    name : str
        The data set.
    folder : str or Path, optional
        See `data_folder`.

    Raises
    ------
    UserError
        If there is no such data set.
    """
    data_set = find_data_set(name)
    place = data_folder(folder) / data_set.folder
    record = read_record(place)
    return all(
        file.name in record and _size(place / file.name) == record[file.name].bytes
        for file in data_set.files
    )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
