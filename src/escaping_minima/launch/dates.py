"""Files dated in the future, as an unpacked archive or a clock that ran ahead leaves them.

Snakemake takes what is dated after its own output for changed, and fails where that stays so.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from escaping_minima.errors import UserError

#: Carries the date of a folder that a rule made.
_STAMP = ".snakemake_timestamp"


def find_future(paths: Iterable[Path]) -> set[Path]:
    """Find the files and folders that are dated in the future; what is not there is not.

    Parameters
    ----------
    paths : iterable of Path
        Inputs and outputs of rules.
    """
    now = time.time()
    return {path for path in _dated(paths) if path.lstat().st_mtime > now}


def bring_to_present(paths: Iterable[Path]) -> None:
    """Date files and folders now, all at one moment: none of them is newer than another.

    Raises
    ------
    UserError
        If one belongs to somebody else; exit code 1.
    """
    now = time.time_ns()
    for path in paths:
        try:
            os.utime(path, ns=(now, now), follow_symlinks=False)
        except OSError as error:
            dated = datetime.fromtimestamp(path.lstat().st_mtime)
            raise UserError(
                f"{path}: dated {dated:%Y-%m-%d %H:%M}, which is in the future, and cannot be "
                f"dated anew ({error.strerror}); set the clock right, or let its owner touch it",
                exit_code=1,
            ) from None


def _dated(paths: Iterable[Path]) -> Iterator[Path]:
    """Return whatever decides the date of these files: folders have stamps, links have targets."""
    for path in paths:
        for part in (path, path / _STAMP):
            # a link to nowhere resolves, and is not there
            for at in {part, part.resolve()}:
                with suppress(OSError):
                    at.lstat()
                    yield at
