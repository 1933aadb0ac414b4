"""What a step draws for items of a small problem: numbers of any shape a replicate, by purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.streams import Streams

_Draw = Callable[[np.random.Generator, tuple[int, ...]], "NDArray[np.float64]"]


class StepDraws:
    """The draws of the present step for blocks of a small problem side by side.

    They are drawn on the host, a step at a time: a page of them would be too large where items are
    images. The numbers of a replicate do not depend on how many follow it. A purpose that is asked
    for again in the same step, in the same shape, gives the same numbers.

    Parameters
    ----------
    streams : sequence of Streams
        One for each block; equal ones are drawn once.
    replicates : int
        Of one block.
    device : torch.device
    """

    def __init__(self, streams: Sequence[Streams], replicates: int, device: torch.device) -> None:
        self._streams = streams
        self._replicates = replicates
        self._device = device
        self._step = 0
        self._drawn: dict[tuple[str, tuple[int, ...]], Tensor] = {}

    def begin(self, step: int) -> None:
        """Begin a step: its draws are given from now on."""
        self._step = step
        self._drawn.clear()

    def normal(self, purpose: str, shape: Sequence[int]) -> Tensor:
        """Return standard normal draws, shape (k, ...), float64."""
        return self._of_step(purpose, shape, lambda rng, size: rng.standard_normal(size))

    def uniform(self, purpose: str, shape: Sequence[int]) -> Tensor:
        """Return draws in [0, 1), shape (k, ...), float64."""
        return self._of_step(purpose, shape, lambda rng, size: rng.random(size))

    def _of_step(self, purpose: str, shape: Sequence[int], draw: _Draw) -> Tensor:
        key = (purpose, tuple(shape))
        if key not in self._drawn:
            size = (self._replicates, *shape)
            different = dict.fromkeys(self._streams)
            drawn = {s: draw(s.generator(purpose, self._step), size) for s in different}
            joined = np.concatenate([drawn[s] for s in self._streams])
            self._drawn[key] = torch.from_numpy(joined).to(self._device)
        return self._drawn[key]
