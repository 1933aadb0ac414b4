"""What a method draws in a step of the arena."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from escaping_minima.draws.lanes import Lanes
from escaping_minima.draws.noise import Once

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.streams import Streams


class LaneNoise:
    """The draws of the present step; see `escaping_minima.methods.protocol.Noise`.

    Parameters
    ----------
    streams : sequence of Streams
        One for each lane.
    replicates, dimension : int
        Of one lane.
    device : torch.device
    in_rows : bool
        Whether rows are contiguous in what is given, or columns.
    """

    def __init__(
        self,
        streams: Sequence[Streams],
        replicates: int,
        dimension: int,
        device: torch.device,
        in_rows: bool,
    ) -> None:
        self._lanes = Lanes(streams, replicates, device, in_rows)
        self._shape = (dimension, replicates)
        self._step = 0
        self._once = Once()

    def begin(self, step: int) -> None:
        """Begin a step: its draws are given from now on."""
        self._step = step
        self._once.begin()

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return a draw in the unit ball, shape (k, d); zero outside ``mask`` if given."""
        drawn = self._of_step("ball", "ball", self._shape[0] + 1, self._ball)
        return drawn if mask is None else drawn.mul(mask)

    def normal(self, purpose: str) -> Tensor:
        """Return standard normal draws, shape (k, d)."""

        def draw(rng: np.random.Generator, steps: int) -> NDArray[np.float64]:
            return rng.standard_normal((steps, *self._shape))

        return self._of_step(purpose, "normal", self._shape[0], draw)

    def uniform(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a replicate, shape (k, 1)."""

        def draw(rng: np.random.Generator, steps: int) -> NDArray[np.float64]:
            return rng.random((steps, 1, self._shape[1]))

        return self._of_step(purpose, "uniform", 1, draw)

    def uniform_each(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a coordinate, shape (k, d)."""

        def draw(rng: np.random.Generator, steps: int) -> NDArray[np.float64]:
            return rng.random((steps, *self._shape))

        return self._of_step(purpose, "uniform each", self._shape[0], draw)

    def choice(self, purpose: str, count: int) -> Tensor:
        """Return one of 0 .. count - 1 a replicate, each as likely, shape (k, 1), int64."""
        return self.uniform(purpose).mul(count).long()

    def _of_step(
        self,
        purpose: str,
        form: str,
        numbers: int,
        draw: Callable[[np.random.Generator, int], NDArray[np.float64]],
    ) -> Tensor:
        self._once.take(purpose, form)
        return self._lanes.of_step(purpose, self._step, numbers, draw)

    def _ball(self, rng: np.random.Generator, steps: int) -> NDArray[np.float64]:
        """Draw a Gaussian direction times U^(1/d)."""
        direction = rng.standard_normal((steps, *self._shape))
        direction /= np.sqrt(np.square(direction).sum(axis=1, keepdims=True))
        direction *= rng.random((steps, 1, self._shape[1])) ** (1.0 / self._shape[0])
        return direction
