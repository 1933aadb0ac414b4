"""Asking git about a checkout."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def git(folder: Path, *words: str, seconds: float | None = 20) -> str:
    """Return what git says, as it says it.

    Parameters
    ----------
    folder : Path
        Where it is asked.
    *words : str
    seconds : float or None
        How long it may take.

    Raises
    ------
    OSError
        If there is no git.
    subprocess.SubprocessError
        If it refuses, or takes longer.
    """
    # in a hook, git says by these where another repository lies
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    run = subprocess.run(
        ["git", "-C", str(folder), *words],
        capture_output=True,
        # names of files are bytes, and mostly these, whatever a terminal shows
        encoding="utf-8",
        errors="surrogateescape",
        check=True,
        timeout=seconds,
        # many jobs ask at once
        env=own | {"GIT_OPTIONAL_LOCKS": "0"},
    )
    return run.stdout
