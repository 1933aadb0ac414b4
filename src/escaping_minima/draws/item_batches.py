"""Minibatches of a problem that is a mean over items: drawn by name, without replacement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from escaping_minima.draws.lanes import Lanes

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.draws.streams import Streams

#: What names their stream.
PURPOSE = "batch"


class ItemBatches:
    """The items that each replicate looks at in a step.

    Parameters
    ----------
    streams : sequence of Streams
        One for each lane.
    replicates : int
        Of one lane.
    items : int
        M, of the problem.
    largest : int
        The most items that a step asks for.
    device : torch.device
    """

    def __init__(
        self,
        streams: Sequence[Streams],
        replicates: int,
        items: int,
        largest: int,
        device: torch.device,
    ) -> None:
        self._lanes = Lanes(streams, replicates, device, in_rows=True)
        self._replicates = replicates
        self._items = items
        self._largest = largest

    def of_step(self, step: int, size: int) -> Tensor:
        """Return ``size`` different items a replicate, shape (k, size), int64.

        A smaller batch of the same step is the beginning of a larger one.
        """
        # a page holds the order of all items while it is drawn
        drawn = self._lanes.of_step(PURPOSE, step, self._items, self._draw)
        return drawn[:, :size].long()

    def _draw(self, rng: np.random.Generator, steps: int) -> NDArray[np.float64]:
        shares = rng.random((self._largest, steps * self._replicates))
        chosen = shuffled(shares, self._items)
        shape = (self._largest, steps, self._replicates)
        return chosen.reshape(shape).transpose(1, 0, 2).astype(np.float64)


def shuffled(shares: NDArray[np.float64], items: int) -> NDArray[np.int32]:
    """Return the first places of random orders, each order as likely.

    Parameters
    ----------
    shares : ndarray of shape (places, n)
        Uniform in [0, 1).
    items : int
        M; of 0 .. M - 1.

    Returns
    -------
    ndarray of shape (places, n), int32

    References
    ----------
    Fisher and Yates 1938; Durstenfeld 1964, Algorithm 235, stopped after the places asked for.
    """
    places, orders = shares.shape
    order = np.tile(np.arange(items, dtype=np.int32)[:, None], (1, orders))
    every = np.arange(orders)
    for place in range(places):
        other = place + (shares[place] * (items - place)).astype(np.int64)
        taken = order[other, every]
        order[other, every] = order[place]
        order[place] = taken
    return order[:places]
