"""Which device a run uses."""

from __future__ import annotations

import torch

from escaping_minima.errors import UserError


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


def _require_gpu(wanted: str) -> None:
    if wanted == "cuda" and not torch.cuda.is_available():
        build = torch.version.cuda or "none: this is the CPU build"
        raise UserError(
            f"device: 'cuda' was asked for but torch {torch.__version__} sees no GPU "
            f"(its CUDA: {build}); "
            "set 'device: auto' or 'cpu' in config.yaml, or install a GPU build and driver",
            exit_code=1,
        )
