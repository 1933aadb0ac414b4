"""Saved states on disk: checked when read, and the one before is kept."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from escaping_minima.files.atomic import write_bytes

_DIGEST = hashlib.sha256().digest_size
# a plain string: what torch itself has there is a class, which reading without pickle refuses
_VERSION = str(torch.__version__)


class Checkpoint:
    """The saved state of what runs together: a block, or several.

    Parameters
    ----------
    path : Path
        The newest state; the one before lies beside it.
    """

    def __init__(self, path: Path) -> None:
        self._newest = path
        self._before = path.with_suffix(".before.pt")

    def save(self, state: dict[str, Any]) -> None:
        """Write the state with its checksum; whatever happens, a whole checkpoint stays.

        Raises
        ------
        UserError
            If the disk is full or the folder cannot be written.
        """
        buffer = io.BytesIO()
        torch.save({"torch": _VERSION, "state": state}, buffer)
        content = buffer.getvalue()
        if self._newest.exists():
            self._newest.replace(self._before)
        write_bytes(self._newest, hashlib.sha256(content).digest() + content)

    def is_missing(self) -> bool:
        """Whether there is neither a newest state nor one before."""
        return not self._newest.exists() and not self._before.exists()

    def load(self) -> dict[str, Any] | None:
        """Return the newest state that is whole, None where there is none.

        One that is damaged, or was written by another version of torch (whose numbers could
        differ in the last digit), costs the work since the one before; a line says so.
        """
        for path in (self._newest, self._before):
            try:
                return read_state(path)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                print(
                    f"{path}: the checkpoint is not used ({error}); an earlier one is", flush=True
                )
        return None


def read_state(path: Path) -> dict[str, Any]:
    """Read a state.

    Raises
    ------
    OSError
        If there is none, or it cannot be read.
    ValueError
        If it is damaged, or another version of torch wrote it.
    """
    version, state = decode_state(path.read_bytes())
    if version != _VERSION:
        raise ValueError(f"torch {version} wrote it, this is {_VERSION}")
    return state


def decode_state(content: bytes) -> tuple[str, dict[str, Any]]:
    """Return the version of torch that wrote the bytes of a file, and the state.

    Raises
    ------
    ValueError
        If they are damaged.
    """
    digest, body = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("it is damaged or cut short")
    loaded = torch.load(io.BytesIO(body), weights_only=True, map_location="cpu")
    return str(loaded["torch"]), dict(loaded["state"])
