"""Draws of blocks for lanes side by side: lanes of one block share what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from escaping_minima.draws.streams import PAGE, Streams

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

#: Numbers of one block in a page at most, where a step has not more: what stays in a cache. Part of
#: what names a draw.
NUMBERS = 2**18

#: Draws a page of one block: (generator, steps) -> (steps, columns, replicates).
Draw = Callable[[np.random.Generator, int], "NDArray[np.float64]"]


class Lanes:
    """Lays what is drawn for each block under one another, a lane after the other.

    A lane is a block with settings of its own: the same replicates, once for each setting. What is
    drawn belongs to the block, so lanes of one block see equal draws, whatever runs beside them.

    Parameters
    ----------
    streams : sequence of Streams
        One for each lane; equal ones are drawn once.
    replicates : int
        Of one lane.
    device : torch.device
    in_rows : bool
        Whether rows are contiguous in what is given, or columns.
    """

    def __init__(
        self, streams: Sequence[Streams], replicates: int, device: torch.device, in_rows: bool
    ) -> None:
        self._blocks = list(dict.fromkeys(streams))
        self._device = device
        self._in_rows = in_rows
        self._replicates = replicates
        places = [self._blocks.index(one) for one in streams]
        is_plain = places == list(range(len(places)))
        self._places = None if is_plain else torch.tensor(places, device=device)
        self._pages: dict[str, tuple[int, Tensor]] = {}

    def of_step(self, purpose: str, step: int, numbers: int, draw: Draw) -> Tensor:
        """Return the draws of a step, shape (lanes x replicates, columns).

        Parameters
        ----------
        purpose : str
            What is drawn: of each the present page is kept.
        step : int
        numbers : int
            How many a replicate takes of the generator in a step: the more, the shorter a page. Of
            a purpose always the same.
        draw : callable
        """
        steps = page_steps(self._replicates * numbers)
        page, within = divmod(step, steps)
        found = self._pages.get(purpose)
        if found is None or found[0] != page:
            found = self._pages[purpose] = (page, self._draw(purpose, page, steps, draw))
        return self._spread(found[1][within])

    def _draw(self, purpose: str, page: int, steps: int, draw: Draw) -> Tensor:
        """Return a page: (steps, blocks, replicates, columns), or (steps, columns, blocks, ...)."""
        drawn = [draw(s.generator(purpose, page), steps) for s in self._blocks]
        axes = (0, 1, 3, 2) if self._in_rows else (0, 2, 1, 3)
        laid_out = np.ascontiguousarray(np.stack(drawn, axis=1).transpose(axes))
        return torch.from_numpy(laid_out).to(self._device)

    def _spread(self, drawn: Tensor) -> Tensor:
        """Return what blocks have drawn lane by lane, as rows."""
        axis = 0 if self._in_rows else 1
        if self._places is not None:
            drawn = drawn.index_select(axis, self._places)
        return drawn.flatten(0, 1) if self._in_rows else drawn.flatten(1, 2).T


def page_steps(numbers: int) -> int:
    """Return how many steps a page has where a block draws so many numbers in each."""
    return max(1, min(PAGE, NUMBERS // numbers))
