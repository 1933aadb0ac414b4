"""What the system must let a run have: open files, and room for temporary ones."""

from __future__ import annotations

import os
import resource
import tempfile

from escaping_minima.errors import UserError

#: Open files of one process; a notebook with its kernel needs more than 48, and 64 are enough.
_FILES = 128
#: Bytes that a temporary file must be able to hold.
_BYTES = 64 * 1024


def require_open_files() -> None:
    """Raise the limit of open files where it is low, as far as the system lets us.

    Raises
    ------
    UserError
        If that is not far enough; exit code 1.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _FILES:
        return
    if hard != resource.RLIM_INFINITY and hard < _FILES:
        raise UserError(
            f"open files: found a limit of {hard} (ulimit -n); allowed: {_FILES} or more; raise it "
            "and start again",
            exit_code=1,
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, hard))


def require_temporary_files() -> None:
    """Check that the folder of temporary files takes one.

    Python would look for another folder; not all that runs here does.

    Raises
    ------
    UserError
        If it does not; exit code 1.
    """
    named = next((name for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)), None)
    folder = os.environ[named] if named else "/tmp"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_BYTES))
            file.flush()
    except OSError as error:
        what = f"{named}: {folder}" if named else folder
        raise UserError(
            f"{what}: takes no temporary files ({error.strerror}); free some space there, or set "
            "TMPDIR to another folder",
            exit_code=1,
        ) from None
