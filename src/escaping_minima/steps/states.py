"""The sessions of a job on disk: checkpoints, and what a block keeps beside its table."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import torch

from escaping_minima.engine.checkpoints import Checkpoint
from escaping_minima.files.atomic import write_bytes
from escaping_minima.kinds.kind import Piece
from escaping_minima.provenance.vouched import equivalents
from escaping_minima.steps.usable_checkpoint import keep_usable, remove_all


class DiskSession:
    """A `escaping_minima.engine.session.Session` whose states are files.

    Parameters
    ----------
    checkpoints : Mapping of str to Path
        The file of each key; keys that run in one tensor share one.
    beside : callable
        Key and name to the path, without a suffix, of what a block keeps while it runs.
    seconds : float
        At least this long between two states of one key.
    should_stop : callable
        Asked by the kernel.
    saved : callable
        Told how long the state of a key took to save.
    """

    def __init__(
        self,
        checkpoints: Mapping[str, Path],
        beside: Callable[[str, str], Path],
        seconds: float,
        should_stop: Callable[[], bool],
        saved: Callable[[str, float], object],
    ) -> None:
        self._checkpoints = checkpoints
        self._beside = beside
        self._seconds = seconds
        self._should_stop = should_stop
        self._saved = saved
        self._saved_at: dict[str, float] = {}
        self._pause: dict[str, float] = {}

    def should_stop(self) -> bool:
        """See `Session.should_stop`."""
        return self._should_stop()

    def is_due(self, key: str) -> bool:
        """See `Session.is_due`; a state that takes long to write is written less often."""
        now = time.monotonic()
        pause = max(self._seconds, self._pause.get(key, 0.0))
        return now - self._saved_at.setdefault(key, now) >= pause

    def save(self, key: str, state: Mapping[str, Any]) -> None:
        """See `Session.save`."""
        began = time.monotonic()
        Checkpoint(self._checkpoints[key]).save(dict(state))
        self._saved_at[key] = time.monotonic()
        took = self._saved_at[key] - began
        # at most a fifth of the time goes into states
        self._pause[key] = 5.0 * took
        self._saved(key, took)

    def load(self, key: str) -> dict[str, Any] | None:
        """See `Session.load`."""
        self._saved_at[key] = time.monotonic()
        return Checkpoint(self._checkpoints[key]).load()

    def keep_piece(self, key: str, name: str, piece: int, table: Mapping[str, Any]) -> None:
        """See `Session.keep_piece`."""
        buffer = io.BytesIO()
        pd.DataFrame(dict(table)).to_parquet(buffer, index=False, compression="zstd")
        path = self._beside(key, name)
        write_bytes(path.with_name(f"{path.name}.{piece:06d}.parquet"), buffer.getvalue())

    def keep_state(self, key: str, name: str, tensors: Mapping[str, Any]) -> None:
        """See `Session.keep_state`."""
        buffer = io.BytesIO()
        torch.save(dict(tensors), buffer)
        path = self._beside(key, name)
        write_bytes(path.with_name(f"{path.name}.pt"), buffer.getvalue())


@dataclass(frozen=True)
class Kept:
    """What a block kept while it ran.

    Attributes
    ----------
    pieces : Mapping
        By name of a table, its files in order.
    states : Mapping
        By name, the file of the tensors.
    """

    pieces: Mapping[str, Sequence[Path]]
    states: Mapping[str, Path]


class Sessions:
    """Opens the sessions of a job, and deletes states of blocks that are written.

    Parameters
    ----------
    folder : callable
        Cell id to the folder of its checkpoints.
    hashes : Mapping of str to str
        By cell id, the hash of the sources of now. A state of others is not gone on from, unless
        they were vouched for.
    seconds : float
        See `DiskSession`.
    should_stop : callable
        See `DiskSession`.
    saved : callable, optional
        See `DiskSession`; told 0 of a block that is written.
    """

    def __init__(
        self,
        folder: Callable[[str], Path],
        hashes: Mapping[str, str],
        seconds: float,
        should_stop: Callable[[], bool],
        saved: Callable[[str, float], object] = lambda key, seconds: None,
    ) -> None:
        self._folder = folder
        self._hashes = hashes
        self._seconds = seconds
        self._should_stop = should_stop
        self._saved = saved
        self._open: dict[str, Path] = {}

    def open(
        self,
        pieces: Sequence[Piece],
        checksums: Mapping[str, str],
        device: str,
        together: bool,
        read: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> DiskSession:
        """Return the session of some pieces.

        Parameters
        ----------
        pieces : sequence of Piece
        checksums : Mapping
            Of the data: a state of others is not gone on from.
        device : str
            Likewise.
        together : bool
            Whether one state holds them all; it belongs to this list and to no other.
        read : Mapping, optional
            By key of a piece that runs alone, the checksums of what it has read of other cells.
        """
        groups = [pieces] if together else [[piece] for piece in pieces]
        checkpoints: dict[str, Path] = {}
        for group in groups:
            path = self._usable(group, {**checksums, **read.get(group[0].key, {})}, device)
            checkpoints |= {piece.key: path for piece in group}
        self._open = checkpoints
        return DiskSession(checkpoints, self.beside, self._seconds, self._should_stop, self._saved)

    def beside(self, key: str, name: str) -> Path:
        """Return where a block keeps a table or a state while it runs, without its suffix."""
        cell, block = key.split("/")
        return self._folder(cell) / f"k{block}.{name}"

    def kept(self, piece: Piece) -> Kept:
        """Return the files of what a block kept while it ran."""
        folder, start = self._folder(piece.cell.id), f"k{piece.block}."
        pieces: dict[str, list[Path]] = {}
        for path in sorted(folder.glob(f"{start}*.parquet")):
            pieces.setdefault(path.name.removeprefix(start).rsplit(".", 2)[0], []).append(path)
        states = {p.stem.removeprefix(start): p for p in folder.glob(f"{start}*.pt")}
        return Kept(pieces, states)

    def finished(self, piece: Piece) -> None:
        """Delete what a block that is written had here; a state once no other block needs it."""
        self._forget_kept(piece)
        self._saved(piece.key, 0.0)
        path = self._open.pop(piece.key)
        if path not in self._open.values():
            remove_all(path)

    def _usable(self, group: Sequence[Piece], checksums: Mapping[str, str], device: str) -> Path:
        first = group[0]
        folder, now = self._folder(first.cell.id), self._hashes[first.cell.id]

        def path_of(source_hash: str) -> Path:
            return folder / f"{_name(group)}.{_tag(source_hash, checksums, device)}.pt"

        path = path_of(now)
        others = (path_of(other) for other in sorted(equivalents(now, device) - {now}))
        found = path if path.exists() else next((o for o in others if o.exists()), path)
        if found != path:
            found.replace(path)
        keep_usable(path)
        if Checkpoint(path).is_missing():
            # what a run without a state has kept is not continued
            for piece in group:
                self._forget_kept(piece)
        return path

    def _forget_kept(self, piece: Piece) -> None:
        kept = self.kept(piece)
        for path in (*kept.states.values(), *(p for ps in kept.pieces.values() for p in ps)):
            path.unlink()


def _name(group: Sequence[Piece]) -> str:
    """Return a name that belongs to this list of blocks and to no other."""
    if len(group) == 1:
        return f"b{group[0].block}"
    text = " ".join(piece.key for piece in group)
    return f"b{group[0].block}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def _tag(source_hash: str, checksums: Mapping[str, str], device: str) -> str:
    """Return what a state must have in common with the run that goes on from it."""
    text = json.dumps([sorted(checksums.items()), device])
    return f"{source_hash}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
