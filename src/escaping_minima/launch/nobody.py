"""What Snakemake asks of its user, where the system does not know who that is."""

from __future__ import annotations

import getpass
import os
from pathlib import Path


def stand_ins() -> dict[str, str]:
    """Return variables by which Snakemake starts for a user without an account or a home.

    A container or a batch job may run as a number that no table of users has. Snakemake looks for
    profiles in the home and writes down who started it, and fails where it learns of neither.

    Returns
    -------
    dict of str
        Empty where both are known.
    """
    found = {}
    try:
        Path.home()
    except RuntimeError:
        # no folder, so that nothing is found there
        found["XDG_CONFIG_HOME"] = os.environ.get("XDG_CONFIG_HOME") or os.devnull
    try:
        getpass.getuser()
    except (KeyError, OSError):
        found["LOGNAME"] = f"user {os.getuid()}"
    return found
