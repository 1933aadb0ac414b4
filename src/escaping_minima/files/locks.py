"""Locks that vanish with their holder, so that a killed run leaves nothing to clear.

On a file system without locks they are held on files of the machine's temporary folder: these keep
apart what runs on one machine, by one user. Results are written whole, so two machines that do the
same there do it twice, and no harm.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from escaping_minima.errors import UserError

#: The variable by which a process hands an open, locked file to the one that it starts.
HANDED_ON = "ESCAPING_MINIMA_LOCK"
#: Seconds between two attempts at a lock that is waited for.
_PAUSE = 0.1
#: What a file system says that has no locks: NFS without their service, others mounted without.
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


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
    file, taken = _open_and_take(path, "results")
    if not taken:
        holder = describe_holder(Path(file.name))
        file.close()
        raise UserError(
            f"{what} is in use by {holder}; wait for it or stop it, then start again", exit_code=1
        )
    sign(file, os.getpid())
    return file


def hand_on(file: TextIO) -> dict[str, str]:
    """Return what the environment of a process must hold to `take_over` this lock.

    The process must be started with the file's descriptor among ``pass_fds``.
    """
    return {HANDED_ON: str(file.fileno())}


def sign(file: TextIO, pid: int) -> None:
    """Name the process that holds a lock, for the message to others.

    A full disk takes the name from the message, not the lock from its holder.
    """
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    words = json.dumps({"pid": pid, "host": socket.gethostname(), "since": since})
    with suppress(OSError):
        # past the file's own buffer, which would try again when it is closed
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), words.encode())


def take_over(path: Path, what: str) -> TextIO:
    """Hold a lock that the starting process has handed on, else take it; see `hold`."""
    number = os.environ.pop(HANDED_ON, "")
    if number.isdigit() and any(_is_open(int(number), p) for p in (path, _stand_in(path))):
        # jobs must not keep it
        os.set_inheritable(int(number), False)
        return os.fdopen(int(number), "a+", encoding="utf-8")
    return hold(path, what)


@contextmanager
def wait_for(
    path: Path, what: str, meanwhile: Callable[[], object] = bool, setting: str = "results"
) -> Iterator[None]:
    """Hold the lock for a block of code, waiting for a live holder and naming it once.

    Parameters
    ----------
    path : Path
        The lock file.
    what : str
        What is being locked, for the message.
    meanwhile : callable
        Called now and then while waiting; what it raises ends the wait.
    setting : str
        The key of config.yaml that decides where the file lies, for the message.

    Raises
    ------
    UserError
        If the file cannot be made; exit code 1.
    """
    file, taken = _open_and_take(path, setting)
    named = False
    try:
        while not (taken or _take(file)):
            if not named:
                named = True
                # where a full disk takes no log, waiting goes on
                with suppress(OSError):
                    line = (
                        f"{what} is being worked on by {describe_holder(Path(file.name))}; waiting"
                    )
                    print(line, flush=True)
            meanwhile()
            time.sleep(_PAUSE)
        sign(file, os.getpid())
        yield
    finally:
        file.close()


def describe_holder(path: Path) -> str:
    """Return who signed the lock file last, in words."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} (since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _open_and_take(path: Path, setting: str) -> tuple[TextIO, bool]:
    """Open a lock file, or what stands in for it, and say whether the lock could be taken."""
    file = _open(path, setting)
    try:
        return file, _take(file)
    except OSError as error:
        file.close()
        if error.errno not in _WITHOUT_LOCKS:
            raise UserError(f"{path}: cannot be locked ({error.strerror})", exit_code=1) from None
    other = _open(_stand_in(path), setting)
    try:
        return other, _take(other)
    except OSError as error:
        other.close()
        raise UserError(
            f"{path}: cannot be locked, and neither can {other.name} ({error.strerror}); "
            f"set TMPDIR to a folder on a disk of this machine",
            exit_code=1,
        ) from None


def _stand_in(path: Path) -> Path:
    """Return the file to lock in place of one whose file system has no locks."""
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"escaping-minima-{os.getuid()}", f"{name}.lock")


def _open(path: Path, setting: str) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if is_full else f"cannot be written ({error.strerror})"
        mend = "free some space" if is_full else "allow writing"
        raise UserError(
            f"{path.parent}: {reason}; {mend} or set '{setting}' in config.yaml to another folder",
            exit_code=1,
        ) from None


def _take(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_open(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
