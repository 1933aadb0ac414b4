"""Words that nobody reads any more: the pipe or the terminal that they went to is gone."""

from __future__ import annotations

import errno
import os
import select
import sys


def is_heard() -> bool:
    """Whether somebody may still read standard output."""
    poll = select.poll()
    # what is asked about anyway: the other end is gone
    poll.register(sys.stdout.fileno(), 0)
    return not poll.poll(0)


def nobody_reads(error: OSError) -> bool:
    """Whether this is the failure of writing to a closed pipe or terminal."""
    return error.errno in (errno.EPIPE, errno.EIO)


def fall_silent() -> None:
    """Throw away what is said from here on, so that the interpreter fails no more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
