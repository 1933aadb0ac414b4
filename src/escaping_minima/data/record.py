"""The record beside the files of a fetched data set: what each is and where it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

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
