"""Checkpoints of a running block: written atomically, read without pickle."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from escaping_minima.results.atomic import write_bytes


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write the state so that ``path`` always holds a whole checkpoint."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(path, buffer.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return the state, or None where there is none that can be read.

    A damaged checkpoint costs the steps since the start of the block and nothing else, so it is
    passed over rather than reported.
    """
    try:
        loaded: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except (FileNotFoundError, EOFError, RuntimeError, zipfile.BadZipFile, OSError):
        return None
    return loaded
