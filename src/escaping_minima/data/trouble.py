"""What can go wrong on the way of a file into the cache, and how it is said."""

from __future__ import annotations

import errno
from pathlib import Path

from escaping_minima.errors import UserError


class UnavailableError(Exception):
    """A source does not give the file; another may.

    Parameters
    ----------
    reason : str
        Why, in a few words.
    host_is_down : bool
        Whether nothing can be had from the host: it cannot be reached, or does not answer at all.
    may_be_whole : bool
        Whether what came may be all there is: it is less than the official file, and the host does
        not say how much it has.
    """

    def __init__(self, reason: str, host_is_down: bool = False, may_be_whole: bool = False) -> None:
        super().__init__(reason)
        self.host_is_down = host_is_down
        self.may_be_whole = may_be_whole


def explain_write(path: Path, error: OSError) -> UserError:
    """Return the one line for a cache that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "the disk is full; free some space or set 'data_folder' to another folder"
        return UserError(f"{path}: {reason}; what was there is untouched", exit_code=1)
    return UserError(
        f"{path}: cannot be written ({error.strerror}); allow writing or set 'data_folder' to "
        "another folder",
        exit_code=1,
    )
