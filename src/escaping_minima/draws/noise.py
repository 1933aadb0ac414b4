"""What a method draws in a step, by purpose: in the ball, normal, uniform, by choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from escaping_minima.draws.streams import PAGE, Streams

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.device import DeviceDraws

#: Draws one page for one block: (generator, replicates, dimension) -> (PAGE, columns, replicates).
_Page = Callable[[np.random.Generator, int, int], "NDArray[np.float64]"]


class Once:
    """Holds a method to one draw of a purpose in a step, always of the same form.

    A second one would be the same numbers for small problems and others for networks.
    """

    def __init__(self) -> None:
        self._forms: dict[str, str] = {}
        self._taken: set[str] = set()

    def begin(self) -> None:
        """Begin a step."""
        self._taken.clear()

    def take(self, purpose: str, form: str) -> None:
        """Take note of a draw.

        Raises
        ------
        ValueError
            If the purpose was drawn in this step already, or in another form before.
        """
        if purpose in self._taken:
            raise ValueError(f"{purpose} is drawn twice in a step; allowed: once")
        if self._forms.setdefault(purpose, form) != form:
            raise ValueError(f"{purpose} is drawn as {form} and as {self._forms[purpose]}")
        self._taken.add(purpose)


class PagedNoise:
    """The draws of the present step for blocks of a small problem side by side.

    They are drawn on the host, PAGE steps at a time. See `escaping_minima.methods.protocol.Noise`.

    Parameters
    ----------
    streams : sequence of Streams
        One for each block; equal ones are drawn once.
    replicates, dimension : int
        Of one block.
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
        in_rows: bool = False,
    ) -> None:
        self._streams = streams
        self._shape = (replicates, dimension)
        self._device = device
        self._in_rows = in_rows
        self._pages: dict[str, tuple[int, Tensor]] = {}
        shape = (len(streams) * replicates, dimension)
        self._none = torch.zeros(shape, dtype=torch.float64, device=device)
        self._step = 0
        self._once = Once()

    def begin(self, step: int) -> None:
        """Begin a step: its draws are given from now on."""
        self._step = step
        self._once.begin()

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return a draw in the unit ball, shape (k, d); zero outside ``mask`` if given."""
        if mask is not None and self._device.type == "cpu" and not mask.any():
            return self._none
        drawn = self._of_step("ball", "ball", draw_ball_page)
        return drawn if mask is None else drawn.mul(mask)

    def normal(self, purpose: str) -> Tensor:
        """Return standard normal draws, shape (k, d)."""
        return self._of_step(purpose, "normal", lambda rng, k, d: rng.standard_normal((PAGE, d, k)))

    def uniform(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a replicate, shape (k, 1)."""
        return self._of_step(purpose, "uniform", lambda rng, k, d: rng.random((PAGE, 1, k)))

    def uniform_each(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a coordinate, shape (k, d)."""
        return self._of_step(purpose, "uniform each", lambda rng, k, d: rng.random((PAGE, d, k)))

    def choice(self, purpose: str, count: int) -> Tensor:
        """Return one of 0 .. count - 1 a replicate, each as likely, shape (k, 1), int64."""
        return self.uniform(purpose).mul(count).long()

    def _of_step(self, purpose: str, form: str, draw: _Page) -> Tensor:
        self._once.take(purpose, form)
        page, within = divmod(self._step, PAGE)
        if self._pages.get(purpose, (-1, None))[0] != page:
            drawn = {
                s: draw(s.generator(purpose, page), *self._shape)
                for s in dict.fromkeys(self._streams)
            }
            joined = torch.from_numpy(np.concatenate([drawn[s] for s in self._streams], axis=2))
            laid_out = joined.to(self._device).transpose(1, 2)
            self._pages[purpose] = (page, laid_out.contiguous() if self._in_rows else laid_out)
        return self._pages[purpose][1][within]


class NetworkNoise:
    """The draws of the present update for one long vector, made where it is.

    See `escaping_minima.methods.protocol.Noise`.

    Parameters
    ----------
    draws : DeviceDraws
    w : Tensor of shape (1, d)
        Where, of which type and dimension.
    """

    def __init__(self, draws: DeviceDraws, w: Tensor) -> None:
        self._draws = draws
        self._w = w
        self._skips = w.device.type == "cpu"
        self._once = Once()

    def begin(self, update: int) -> None:
        """Begin an update: its draws are given from now on."""
        self._draws.begin(update)
        self._once.begin()

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return a draw in the unit ball, shape (1, d); zero where ``mask`` (1, 1) is off."""
        if mask is not None and self._skips and not bool(mask):
            return torch.zeros_like(self._w)
        self._once.take("ball", "ball")
        generator = self._draws.generator("ball")
        direction = torch.empty_like(self._w).normal_(generator=generator)
        length = self._w.new_empty((1, 1)).uniform_(generator=generator)
        length = length.double().pow_(1.0 / self._w.shape[1])
        # the norm of millions of float32 values needs more digits than they have
        length.div_(torch.linalg.vector_norm(direction, dtype=torch.float64))
        drawn = direction.mul_(length.to(direction.dtype))
        return drawn if mask is None or self._skips else drawn.mul_(mask)

    def normal(self, purpose: str) -> Tensor:
        """Return standard normal draws, shape (1, d)."""
        generator = self._generator(purpose, "normal")
        return torch.empty_like(self._w).normal_(generator=generator)

    def uniform(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1), shape (1, 1)."""
        generator = self._generator(purpose, "uniform")
        return self._w.new_empty((1, 1)).uniform_(generator=generator)

    def uniform_each(self, purpose: str) -> Tensor:
        """Return one draw in [0, 1) a weight, shape (1, d)."""
        generator = self._generator(purpose, "uniform each")
        return torch.empty_like(self._w).uniform_(generator=generator)

    def choice(self, purpose: str, count: int) -> Tensor:
        """Return one of 0 .. count - 1, each as likely, shape (1, 1), int64."""
        generator = self._generator(purpose, "choice")
        return torch.randint(count, (1, 1), generator=generator, device=self._w.device)

    def _generator(self, purpose: str, form: str) -> torch.Generator:
        self._once.take(purpose, form)
        return self._draws.generator(purpose)


def draw_ball_page(
    rng: np.random.Generator, replicates: int, dimension: int
) -> NDArray[np.float64]:
    """Draw the unit-ball noise of PAGE steps.

    Returns
    -------
    ndarray of shape (PAGE, dimension, replicates), float64
        Column ``[t, :, i]`` is uniform in the unit ball: a Gaussian direction times U^(1/d).
    """
    direction = rng.standard_normal((PAGE, dimension, replicates))
    direction /= np.sqrt(np.square(direction).sum(axis=1, keepdims=True))
    direction *= rng.random((PAGE, 1, replicates)) ** (1.0 / dimension)
    return direction
