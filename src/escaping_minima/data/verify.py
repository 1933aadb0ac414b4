"""Whether a file is what it is taken for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from escaping_minima.data.contents import file_sha256
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
        If it is none of these; the reason says how it differs.
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
    raise UnavailableError(f"{difference}; its SHA-256 is {found}")


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
