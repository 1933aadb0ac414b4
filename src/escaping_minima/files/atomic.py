"""Files that are either whole or absent."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError


@contextmanager
def placing(path: Path) -> Iterator[Path]:
    """Give a temporary file in the same folder to write, and rename it into place.

    Yields
    ------
    Path
        The temporary file; it is gone if the block fails.

    Raises
    ------
    UserError
        If the disk is full or the folder cannot be written; nothing that was there is lost.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(descriptor)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        # mkstemp makes files for their owner alone; results are meant to be shared
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise UserError(_explain(path, error), exit_code=1) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write through a temporary file in the same folder and rename it into place; see `placing`."""
    with placing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically; see `write_bytes`."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys and a final newline atomically; see `write_bytes`."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def write_if_changed(path: Path, text: str) -> bool:
    """Write text only where it differs from what is there, so that time stamps stay true."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except (OSError, UnicodeDecodeError):
        pass
    write_text(path, text)
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def full_disk(path: Path) -> str:
    """Say that a file found no room on its disk."""
    return f"{path}: the disk is full; free some space and start again, nothing is lost"


def _explain(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full_disk(path)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{path}: cannot be written ({error.strerror}); "
            "allow writing or set 'results' to another folder"
        )
    return f"{path}: cannot be written ({error.strerror})"
