"""Precision, determinism and threads: what decides the last digits besides the program."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from escaping_minima.parts.require import require

_PRECISIONS = ("float32", "bfloat16")
_FORMATS = {
    "channels_last": torch.channels_last,
    "contiguous": torch.contiguous_format,
}


@dataclass(frozen=True)
class Numerics:
    """How a network computes.

    Attributes
    ----------
    precision : str
        Of the forward pass: "float32", or "bfloat16" by autocast; weights and their state stay in
        float32.
    memory_format : str
        "channels_last", up to twice as fast on AVX2 cores, or "contiguous".
    """

    precision: str = "float32"
    memory_format: str = "channels_last"

    def __post_init__(self) -> None:
        require(self.precision in _PRECISIONS, "precision", self.precision, ", ".join(_PRECISIONS))
        known = ", ".join(_FORMATS)
        require(self.memory_format in _FORMATS, "memory_format", self.memory_format, known)

    @property
    def layout(self) -> torch.memory_format:
        """What torch calls the memory format."""
        return _FORMATS[self.memory_format]

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Return the context of a forward pass.

        It is entered for each pass and held by nobody else: it belongs to the thread. Casts are not
        remembered, since a graph that is captured would remember them for ever.
        """
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)


def settle() -> None:
    """Set what belongs to the whole process: a block's numbers must depend on nothing else.

    One thread, or they would depend on how many cores happened to be free; convolutions that give
    the same digits each time, or a resumed run could differ; float32 with all its bits, not the
    ten of TF32.
    """
    torch.set_num_threads(1)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
