"""Which device a run uses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from escaping_minima.errors import UserError
from escaping_minima.files.locks import hold


def resolve_device(wanted: str) -> str:
    """Return the torch device for "auto", "cpu" or "cuda".

    Functions of the plane are faster on a core than on a GPU, so "auto" means the CPU for them.

    Raises
    ------
    UserError
        If a GPU is asked for and torch sees none (exit code 1).
    """
    _require_gpu(wanted)
    return "cuda" if wanted == "cuda" else "cpu"


def resolve_training_device(wanted: str) -> str:
    """Return the torch device on which networks train: "auto" means a GPU where there is one.

    Raises
    ------
    UserError
        If a GPU is asked for and torch sees none (exit code 1).
    """
    _require_gpu(wanted)
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


@contextmanager
def free_gpu(device: str, folder: Path) -> Iterator[str]:
    """Hold a GPU that no other job of this machine holds; the CPU is free for all.

    Parameters
    ----------
    device : str
        "cpu" or "cuda".
    folder : Path
        Where jobs leave their locks.

    Yields
    ------
    str
        "cpu", or "cuda:<number>". Where all GPUs are held, the first is shared.
    """
    count = torch.cuda.device_count() if device == "cuda" else 0
    for number in range(count):
        try:
            lock = hold(folder / f"{socket.gethostname()}-{number}", f"GPU {number}")
        except UserError:
            continue
        with lock:
            yield f"cuda:{number}"
        return
    yield f"{device}:0" if count else device


def _require_gpu(wanted: str) -> None:
    if wanted == "cuda" and not torch.cuda.is_available():
        build = torch.version.cuda or "none: this is the CPU build"
        raise UserError(
            f"device: 'cuda' was asked for but torch {torch.__version__} sees no GPU "
            f"(its CUDA: {build}); "
            "set 'device: auto' or 'cpu' in config.yaml, or install a GPU build and driver",
            exit_code=1,
        )
