"""Under which circumstances a result was made: commit, versions, machine."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from escaping_minima import __version__
from escaping_minima.package import ROOT
from escaping_minima.provenance.git import git
from escaping_minima.provenance.hardware import cpu_model, hardware

#: Libraries whose versions a manifest records.
RECORDED = ("torch", "numpy", "scipy", "pandas", "pyarrow")
#: What git says of a file that it is told not to know.
_IGNORED = "!! "
#: Ignored files that Python would import all the same.
_IMPORTABLE = (".py", ".pyc", ".so", ".pyd")


#: The commit of sources that no checkout of theirs vouches for.
UNKNOWN = "unknown"


def circumstances(given: str = "") -> dict[str, Any]:
    """Return what every manifest says of the process that made its block.

    Parameters
    ----------
    given : str
        The commit that a copy outside a checkout was made from, as its owner says; it is dirty
        until a merge has verified it.

    Returns
    -------
    dict
        Ready for JSON: ``commit`` and ``dirty`` (see `commit`), ``machine``, ``hardware``,
        ``versions``, ``package``, and ``threads``, those of torch in this process.
    """
    import torch

    head, dirty = commit(ROOT)
    if given and head == UNKNOWN:
        head = given
    return {
        "commit": head,
        "dirty": dirty,
        "machine": machine(),
        "hardware": hardware(),
        "versions": versions(),
        "package": __version__,
        "threads": torch.get_num_threads(),
    }


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
    """Return the processor in words, for example "x86_64, AMD EPYC"."""
    return ", ".join(part for part in (platform.machine(), cpu_model()) if part)


def commit(folder: Path) -> tuple[str, bool]:
    """Return (commit, dirty) of the checkout that the package is part of.

    Parameters
    ----------
    folder : Path
        The folder of the package, ``src/escaping_minima`` in its checkout.

    Returns
    -------
    tuple of (str, bool)
        ("unknown", True) where no checkout of these sources is found, nothing vouches for them:
        outside git, and in a copy that lies inside another repository, even at its root.
    """
    changes = uncommitted(folder)
    if changes is None:
        return UNKNOWN, True
    return git(_root(folder), "rev-parse", "HEAD").strip(), bool(changes)


def uncommitted(folder: Path) -> list[str] | None:
    """Return the files that could decide numbers and are not what the commit holds.

    They are changed files of the whole checkout, new files beside the sources (they hold the
    data samples and their checksums too), and ignored ones there that Python would import.

    Parameters
    ----------
    folder : Path
        As for `commit`.

    Returns
    -------
    list of str or None
        Relative to the root; None where there is no checkout of these sources.
    """
    root = _root(folder)
    try:
        if not _holds(root, folder):
            return None
        changed = _status(root, "--untracked-files=no")
        beside = _status(root, "--untracked-files=all", "--ignored=traditional", "--", "src")
    except (OSError, subprocess.SubprocessError):
        return None
    return list(dict.fromkeys(line[3:] for line in changed + beside if _counts(line)))


def _root(folder: Path) -> Path:
    return folder.resolve().parents[1]


def _holds(root: Path, folder: Path) -> bool:
    """Whether a repository begins at the root, and its commit has the package."""
    top = git(root, "rev-parse", "--show-toplevel").removesuffix("\n")
    if not Path(top).samefile(root):
        return False
    first = (folder.resolve() / "__init__.py").relative_to(root).as_posix()
    return bool(git(root, "ls-tree", "--name-only", "HEAD", "--", first))


def _status(root: Path, *words: str) -> list[str]:
    lines = git(root, "status", "--porcelain", "--no-renames", "-z", *words)
    return [line for line in lines.split("\0") if line]


def _counts(line: str) -> bool:
    if not line.startswith(_IGNORED):
        return True
    path = Path(line.removeprefix(_IGNORED))
    return path.suffix in _IMPORTABLE and "__pycache__" not in path.parts
