"""Under which circumstances a result was made: commit, versions, machine."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

#: Libraries whose versions a manifest records.
RECORDED = ("torch", "numpy", "scipy", "pandas", "pyarrow")


def versions(names: tuple[str, ...] = RECORDED) -> dict[str, str]:
    """Return the versions of Python and of the named libraries that are installed."""
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Return the processor in words, for example "x86_64, AMD EPYC (2 cores)"."""
    model = ""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return ", ".join(part for part in (platform.machine(), model) if part)


def commit(folder: Path) -> tuple[str, bool]:
    """Return (commit, dirty) of the working tree that holds ``folder``.

    Returns
    -------
    tuple of (str, bool)
        ("unknown", True) outside a git checkout: nothing vouches for the sources there.
    """
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "unknown", True
    return head, bool(changed)


def command() -> str:
    """Return the command line of this process, for a manifest."""
    return " ".join(["escaping-minima", *sys.argv[1:]])


def _git(folder: Path, *words: str) -> str:
    run = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True, timeout=20
    )
    return run.stdout.strip()
