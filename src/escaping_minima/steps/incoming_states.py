"""States of unfinished blocks that were made elsewhere, and what those blocks have kept so far."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from escaping_minima.engine.checkpoints import decode_state
from escaping_minima.files.atomic import write_bytes
from escaping_minima.provenance.vouched import still_holds
from escaping_minima.steps.incoming import Refused
from escaping_minima.steps.usable_checkpoint import remove_all

_STATE = re.compile(r"b(\d+)(-[0-9a-f]{10})?\.([0-9A-Za-z]+)-[0-9a-f]{8}\.pt")
_KEPT = re.compile(r"k(\d+)\..+\.(?:pt|parquet)")
#: What reading a file that is no state of ours may raise.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError, pickle.PickleError)


@dataclass(frozen=True)
class IncomingState:
    """The state of what ran together.

    Attributes
    ----------
    path : Path
        The newest file.
    block : int
        The first of its blocks.
    alone : bool
        Whether it holds that block alone.
    source_hash : str
        Of the sources that wrote it.
    """

    path: Path
    block: int
    alone: bool
    source_hash: str


def states_of(folder: Path) -> list[IncomingState]:
    """Return the states in a cell's folder of checkpoints."""
    found = []
    # where only the one before is left, it counts under the name of the newest
    for name in sorted({p.name.replace(".before.pt", ".pt") for p in folder.glob("b*.pt")}):
        if matched := _STATE.fullmatch(name):
            block, others, source_hash = matched.groups()
            found.append(IncomingState(folder / name, int(block), not others, source_hash))
    return found


def holds(state: IncomingState, now: str) -> bool:
    """Whether sources of now go on from it; which device wrote it, its name does not say."""
    return any(still_holds(state.source_hash, now, device) for device in ("cpu", "cuda"))


def take_state(state: IncomingState, folder: Path) -> bool:
    """Put a state into a cell's folder, unless one there is as far.

    Returns
    -------
    bool
        Whether it was taken.

    Raises
    ------
    Refused
        If neither it nor the one before it can be read.
    """
    content, progress = _newest(state.path)
    target = folder / state.path.name
    try:
        if _newest(target)[1] >= progress:
            return False
    except Refused:
        pass
    if target.exists():
        target.replace(target.with_suffix(".before.pt"))
    write_bytes(target, content)
    return True


def take_kept(source: Path, folder: Path, wanted: Callable[[int], bool]) -> None:
    """Put what running blocks of a cell have kept into its folder, where it is more than there.

    Parameters
    ----------
    source, folder : Path
        The cell's folders of checkpoints.
    wanted : callable
        Says of the index of a block whether it still runs.
    """
    theirs, ours = _kept(source), _kept(folder)
    for block, files in theirs.items():
        own = ours.get(block, {})
        if wanted(block) and len(files) > len(own):
            for name, path in files.items():
                write_bytes(folder / name, path.read_bytes())
            for name in own.keys() - files.keys():
                own[name].unlink()


def remove_left(folder: Path, block: int) -> None:
    """Delete the states of a block that was taken whole, and what it had kept in this folder."""
    remove_all(folder / f"b{block}.pt")
    for path in _kept(folder).get(block, {}).values():
        path.unlink()


def _kept(folder: Path) -> dict[int, dict[str, Path]]:
    found: dict[int, dict[str, Path]] = {}
    for path in sorted(folder.glob("k*")):
        if matched := _KEPT.fullmatch(path.name):
            found.setdefault(int(matched.group(1)), {})[path.name] = path
    return found


def _newest(path: Path) -> tuple[bytes, float]:
    """Return the newest whole state, and how far it is."""
    for file in (path, path.with_suffix(".before.pt")):
        try:
            content = file.read_bytes()
            return content, _progress(content)
        except _UNREADABLE:
            continue
    raise Refused("it is no whole state")


def _progress(content: bytes) -> float:
    """Return the steps or updates that a state has behind it; any version of torch wrote it."""
    _, state = decode_state(content)
    return float(state["step"] if "step" in state else state["at"]["updates"])
