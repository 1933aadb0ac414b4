"""How many cores this process may use: fewer than the machine has in a job or a container."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from escaping_minima.errors import UserError

#: Names the control group (version 2) of this process.
GROUP = Path("/proc/self/cgroup")
#: Where the system shows all groups.
GROUPS = Path("/sys/fs/cgroup")
#: What stands for all of them on a command line.
ALL = "all"


def count_cores() -> int:
    """Return the number of cores that this process may use.

    Those that it may be scheduled on (``taskset``, a job of a cluster), or as many as its share of
    time is worth (``docker run --cpus``), rounded up.
    """
    return min([len(os.sched_getaffinity(0)), *map(math.ceil, _quotas())])


def read_cores(text: str) -> int:
    """Return the number of cores that a word asks for.

    Parameters
    ----------
    text : str
        "all", or a whole number from 1.

    Raises
    ------
    UserError
        If it is something else.
    """
    if text == ALL:
        return count_cores()
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise UserError(f"--cores: found {text!r}; allowed: {ALL}, or a whole number from 1")
    return int(text)


def _quotas() -> Iterator[float]:
    """Yield the cores' worth of time that this process's group and those above it are given."""
    with suppress(OSError, ValueError):
        (place,) = [t[3:] for t in GROUP.read_text().splitlines() if t.startswith("0::")]
        group = GROUPS / place.lstrip("/")
        for folder in (group, *group.parents):
            with suppress(OSError, ValueError):
                quota, period = (folder / "cpu.max").read_text().split()
                # "max" is no number, and no limit
                yield int(quota) / int(period)
