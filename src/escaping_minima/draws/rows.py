"""What walks draw in a step: rows of float32, one a walk, some steps at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from escaping_minima.draws.noise import Once
from escaping_minima.draws.streams import PAGE, Streams

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

#: Numbers of one block in a page at most, where a step has not more: what stays in a cache.
NUMBERS = 2**18

_Draw = Callable[[np.random.Generator, tuple[int, int, int]], "NDArray[np.float32]"]


class RowsNoise:
    """The draws of the present step for the walks of some blocks side by side.

    They are drawn on the host, a page of steps at a time, by names that belong to a block. See
    `escaping_minima.methods.protocol.Noise`.

    Parameters
    ----------
    streams : sequence of Streams
        One for each block.
    walks, dimension : int
        Of one block.
    device : torch.device
    """

    def __init__(
        self, streams: Sequence[Streams], walks: int, dimension: int, device: torch.device
    ) -> None:
        self._streams = streams
        self._shape = (walks, dimension)
        self._device = device
        self._pages: dict[str, tuple[int, Tensor]] = {}
        self._step = 0
        self._once = Once()

    def begin(self, step: int) -> None:
        """Begin a step: its draws are given from now on."""
        self._step = step
        self._once.begin()

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return a draw in the unit ball, shape (k, d); zero outside ``mask`` if given."""
        self._once.take("ball", "ball")
        drawn = self._page("ball", self._shape[1], _normal).clone()
        drawn.div_(torch.linalg.vector_norm(drawn, dim=1, keepdim=True))
        drawn.mul_(self._page("ball length", 1, _uniform).pow(1.0 / self._shape[1]))
        return drawn if mask is None else drawn.mul_(mask)

    def normal(self, purpose: str) -> Tensor:
        """Return standard normal draws, shape (k, d)."""
        self._once.take(purpose, "normal")
        return self._page(purpose, self._shape[1], _normal)

    def uniform(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a walk, shape (k, 1)."""
        self._once.take(purpose, "uniform")
        return self._page(purpose, 1, _uniform)

    def uniform_each(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a coordinate, shape (k, d)."""
        self._once.take(purpose, "uniform each")
        return self._page(purpose, self._shape[1], _uniform)

    def choice(self, purpose: str, count: int) -> Tensor:
        """Return one of 0 .. count - 1 a walk, each as likely, shape (k, 1), int64."""
        return self.uniform(purpose).mul(count).long()

    def _page(self, purpose: str, columns: int, draw: _Draw) -> Tensor:
        walks = self._shape[0]
        steps = max(1, min(PAGE, NUMBERS // (walks * columns)))
        page, within = divmod(self._step, steps)
        if self._pages.get(purpose, (-1, None))[0] != page:
            shape = (steps, walks, columns)
            drawn = [draw(s.generator(purpose, page), shape) for s in self._streams]
            joined = drawn[0] if len(drawn) == 1 else np.concatenate(drawn, axis=1)
            self._pages[purpose] = (page, torch.from_numpy(joined).to(self._device))
        return self._pages[purpose][1][within]


def _uniform(rng: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    return rng.random(shape, dtype=np.float32)


def _normal(rng: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    return rng.standard_normal(shape, dtype=np.float32)
