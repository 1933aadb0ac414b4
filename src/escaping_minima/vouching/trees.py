"""The trees of two commits: checked out, asked for what they make of cells, made to train."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.provenance.git import git

DRIVER = Path(__file__).with_name("driver.py")


@dataclass(frozen=True)
class Reading:
    """What a tree makes of cells.

    Attributes
    ----------
    cells : list of dict
        For each record its ``id`` and ``hash``, or why it is ``unreadable``.
    files : dict of list
        Of each hash, the files of the package that the tree read to make it.
    """

    cells: list[dict[str, str]]
    files: dict[str, list[str]]


@dataclass(frozen=True)
class Training:
    """What a tree trained.

    Attributes
    ----------
    jobs : dict of dict
        For each job its exit ``code``, what it ``said`` last, the ``blocks`` by cell, and the
        ``lines`` that it executed of those that were watched, by file.
    torch, gpu : str
    """

    jobs: dict[str, dict[str, Any]]
    torch: str
    gpu: str


def full_name(repository: Path, commit: str) -> str:
    """Return the whole hash of a commit.

    Raises
    ------
    UserError
        If there is no such commit, or no repository (exit code 2).
    """
    try:
        words = ("--verify", "--quiet", f"{commit}^{{commit}}")
        return git(repository, "rev-parse", *words).strip()
    except (OSError, subprocess.SubprocessError):
        raise UserError(
            f"vouch: found {commit!r}; allowed: a commit of the repository in {repository}"
        ) from None


def require_clean(repository: Path, but: Path) -> None:
    """Refuse a working tree with changes, other than of one file.

    Raises
    ------
    UserError
        (exit code 1)
    """
    words = ("status", "--porcelain", "--untracked-files=no", "--", ".", f":(exclude)*{but.name}")
    if git(repository, *words):
        raise UserError(
            "vouch: the working tree has uncommitted changes; commit them first, so that the "
            "table names the code that ran",
            exit_code=1,
        )


@contextmanager
def checked_out(repository: Path, commit: str) -> Iterator[Path]:
    """Check a commit out into a temporary folder.

    Yields
    ------
    Path
        Its root, removed at the end.

    Raises
    ------
    UserError
        If it cannot be checked out (exit code 1).
    """
    with tempfile.TemporaryDirectory(prefix="escaping-minima-") as folder:
        tree = Path(folder) / commit[:12]
        try:
            words = ("--detach", "--quiet", str(tree), commit)
            git(repository, "worktree", "add", *words, seconds=None)
        except subprocess.CalledProcessError as error:
            raise UserError(f"vouch: git worktree add: {error.stderr.strip()}", 1) from None
        try:
            yield tree
        finally:
            git(repository, "worktree", "remove", "--force", str(tree), seconds=None)


def package(tree: Path) -> Path:
    """Return the folder of the package in a tree."""
    return tree / "src" / "escaping_minima"


def read_cells(tree: Path, records: Sequence[Mapping[str, Any]]) -> Reading:
    """Ask a tree for ids and source hashes.

    Raises
    ------
    UserError
        If the tree cannot be asked (exit code 1).
    """
    return Reading(**_ask(tree, {"do": "read", "records": list(records)}))


def train(
    tree: Path,
    jobs: Mapping[str, Mapping[str, Any]],
    device: str,
    folder: Path,
    watched: Mapping[str, Sequence[int]],
) -> Training:
    """Train jobs in a tree.

    Parameters
    ----------
    tree : Path
    jobs : Mapping
        By name: ``cells`` (id, cell, source_hash each) and whether the run is ``stopped``.
    device : str
        "cpu" or "cuda".
    folder : Path
        Where the blocks go.
    watched : Mapping
        Lines of functions, by file of the package, whose execution is noted.

    Raises
    ------
    UserError
        If the tree cannot be asked (exit code 1).
    """
    request = {
        "do": "train",
        "jobs": dict(jobs),
        "device": device,
        "folder": str(folder),
        "watched": {file: list(lines) for file, lines in watched.items()},
    }
    return Training(**_ask(tree, request))


def _ask(tree: Path, request: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "request.json", Path(folder) / "answer.json"
        question.write_text(json.dumps(request), encoding="utf-8")
        done = subprocess.run(
            # -P: the driver's own folder must not be searched for modules
            [sys.executable, "-P", str(DRIVER), str(question), str(answer)],
            env=os.environ | {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=folder,
            capture_output=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise UserError(f"vouch: the tree of {tree.name} cannot be asked: {last}", exit_code=1)
        return dict(json.loads(answer.read_text(encoding="utf-8")))
