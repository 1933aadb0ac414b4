"""Whether a file is what it is taken for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from escaping_minima.data.contents import file_sha256
from escaping_minima.data.markup import START, is_markup
from escaping_minima.data.record import ACCEPTED, CONTENTS, OFFICIAL
from escaping_minima.data.registry import DataFile
from escaping_minima.data.trouble import UnavailableError
from escaping_minima.data.unpack import iter_contents
from escaping_minima.errors import UserError


def verify(path: Path, file: DataFile, accepted: Collection[str]) -> tuple[str, str]:
    """Verify a file.

    Parameters
    ----------
    path : Path
        The file, under any name.
    file : DataFile
        What it should be.
    accepted : collection of str
        SHA-256 of other versions that the user accepts.

    Returns
    -------
    sha256 : str
        Its checksum.
    verified : str
        `OFFICIAL`, `CONTENTS` or `ACCEPTED`.

    Raises
    ------
    UnavailableError
        If it is none of these; the reason says how it differs, and names its checksum where it
        may be another version of the file.
    """
    try:
        found = file_sha256(path)
    except OSError as error:
        raise UnavailableError(f"cannot be read ({error.strerror})") from None
    if found == file.sha256:
        return found, OFFICIAL
    difference = _difference(path, file)
    if difference is None:
        return found, CONTENTS
    if found in accepted:
        return found, ACCEPTED
    raise UnavailableError(f"{difference}; {_offer(path, file, found)}")


def _offer(path: Path, file: DataFile, found: str) -> str:
    """Name the checksum by which a file may be accepted, unless nobody should."""
    try:
        with path.open("rb") as held:
            start, size = held.read(START), os.fstat(held.fileno()).st_size
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if is_markup(start):
        return "it is a web page"
    if size < file.bytes:
        return f"it has only {size:,} of {file.bytes:,} bytes"
    return f"its SHA-256 is {found}"


def _difference(path: Path, file: DataFile) -> str | None:
    """Say how the contents of a file differ from the official ones, if they do."""
    if file.contents[0].sha256 == file.sha256:
        return f"other bytes than the official {file.bytes:,}"
    try:
        for content, data in iter_contents(path, file.contents, file.name):
            if hashlib.sha256(data).hexdigest() != content.sha256:
                return f"other contents than the official ({content.name})"
    except UserError as error:
        return str(error)
    return None
