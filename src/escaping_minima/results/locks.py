"""Locks that vanish with their holder, so that a killed run leaves nothing to clear."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from escaping_minima.errors import UserError


def hold(path: Path, what: str) -> TextIO:
    """Take the lock at once or name its holder.

    Parameters
    ----------
    path : Path
        The lock file; it stays, the lock does not.
    what : str
        What is being locked, for the message.

    Returns
    -------
    TextIO
        The open lock file: the lock lasts until it is closed or the process ends.

    Raises
    ------
    UserError
        If another live process has it (exit code 1), or the file cannot be made.
    """
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = describe_holder(path)
        file.close()
        raise UserError(
            f"{what} is in use by {holder}; wait for it or stop it, then start again", exit_code=1
        ) from None
    _sign(file)
    return file


@contextmanager
def wait_for(path: Path, what: str) -> Iterator[None]:
    """Hold the lock for a block of code, waiting for a live holder and naming it once."""
    file = _open(path)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{what} is being worked on by {describe_holder(path)}; waiting", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        _sign(file)
        yield
    finally:
        file.close()


def describe_holder(path: Path) -> str:
    """Return who signed the lock file last, in words."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} (since {holder['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


def _open(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{path.parent}: cannot be written ({error.strerror}); allow writing or set 'results' "
            "in config.yaml to another folder",
            exit_code=1,
        ) from None


def _sign(file: TextIO) -> None:
    file.truncate(0)
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": since}, file)
    file.flush()
