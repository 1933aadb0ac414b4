"""Leave beside a block only checkpoints that it can go on from, and say what became of others."""

from __future__ import annotations

import contextlib
import pickle
from pathlib import Path

from escaping_minima.engine.checkpoints import read_state
from escaping_minima.errors import UserError

#: What reading a file that is no state of ours may raise.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError, pickle.PickleError)


def keep_usable(path: Path) -> None:
    """Set aside what a block cannot go on from, before the engine looks for its state.

    A state that is damaged, or that another version of torch wrote (whose numbers could differ in
    the last digit), keeps its content under another name, so that nothing is lost: neither would
    the engine overwrite it, nor does it take the place of the good one before it. States of other
    sources, data or devices have other names; they are left alone, and named once. Files that a
    killed process was writing are deleted: nobody else works on the block, as its lock is held.

    Parameters
    ----------
    path : Path
        The newest state of the block, ``<block>.<tag>.pt``; the one before lies beside it.

    Raises
    ------
    UserError
        If the folder cannot be written (exit code 1).
    """
    block, newest, before = path.name.split(".")[0], path, path.with_suffix(".before.pt")
    try:
        for unfinished in path.parent.glob(f".{block}.*"):
            unfinished.unlink()
        refused = [line for line in map(_set_aside, (newest, before)) if line]
    except OSError as error:
        raise UserError(
            f"{path.parent}: cannot be written ({error.strerror}); allow writing or set 'results' "
            "in config.yaml to another folder",
            exit_code=1,
        ) from None
    if not newest.exists() and not before.exists():
        others = [] if refused else sorted(p.name for p in path.parent.glob(f"{block}.*.pt"))
        refused += [f"{path.parent / name} is of other sources, data or device" for name in others]
        goes_on = "the block starts from its beginning"
    elif newest.exists():
        goes_on = "the block goes on from a newer checkpoint"
    else:
        goes_on = "the block goes on from the checkpoint before it"
    for line in refused:
        print(f"{line}: not used; {goes_on}", flush=True)


def remove_all(path: Path) -> None:
    """Delete every state of a finished block: newest, before, set aside, and of other sources."""
    block = path.name.split(".")[0]
    for left in path.parent.glob(f"{block}.*"):
        with contextlib.suppress(FileNotFoundError):
            left.unlink()


def _set_aside(path: Path) -> str:
    """Rename a state that cannot be used; return what it is, empty if it can or is not there."""
    try:
        read_state(path)
    except FileNotFoundError:
        return ""
    except _UNREADABLE as error:
        aside = path.with_suffix(".unusable")
        path.replace(aside)
        return f"{aside}: {_why(error)}"
    return ""


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror})"
    return str(error) if isinstance(error, ValueError) else "it is no checkpoint of this program"
