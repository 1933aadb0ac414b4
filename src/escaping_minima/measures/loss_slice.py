"""The training loss along random directions, filter by filter as long as the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.filter_normalised import normalise_filters
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.flat_network import FlatNetwork


@dataclass(frozen=True)
class LossSlice:
    """Columns ``direction``, from 0, ``alpha`` and ``loss``: L(w + alpha d) in inference mode.

    d is normal, then each of its filters is given the length of the network's own (see
    `escaping_minima.landscape.filter_normalised`): weights that are larger, of the same function,
    are so moved by more. All states of a run share images and what the directions are made of;
    every run has its own. 2,000 images take 10 seconds of a core a direction.

    Attributes
    ----------
    images : int
        The first so many of an order of the training set; all of them where there are fewer.
    batch : int
        Images at once.
    directions : int
        How many.
    points : int
        Of alpha, evenly from -reach to reach.
    reach : float
        1 is as long as the weights.
    """

    images: int = 2000
    batch: int = 125
    directions: int = 1
    points: int = 21
    reach: float = 1.0

    def __post_init__(self) -> None:
        for name, least in (("images", 1), ("batch", 1), ("directions", 1), ("points", 2)):
            value = getattr(self, name)
            require(value >= least, name, value, f"{least} or more")
        require(self.reach > 0, "reach", self.reach, "above 0")

    def at_state_of(self, network: FlatNetwork, task: Any, block: int) -> Mapping[str, list[float]]:
        """Measure a network of a run, in inference mode; it is as before afterwards.

        Parameters
        ----------
        network : FlatNetwork
        task : Task
        block : int
            Index of the run, to which the draws belong.
        """
        import numpy as np
        import torch

        from escaping_minima.engine.fixed_items import FixedItems

        streams = Streams("loss_slice", block)
        order = streams.generator("images", 0).permutation(task.size)[: self.images]
        rows = torch.from_numpy(order).to(network.w.device)
        items = FixedItems(network, task, rows, self.batch)
        columns: dict[str, list[float]] = {"direction": [], "alpha": [], "loss": []}
        for index in range(self.directions):
            d = _direction(streams, index, network)
            for alpha in np.linspace(-self.reach, self.reach, self.points).tolist():
                loss = items.value(network.w.add(d, alpha=alpha))
                for name, value in zip(columns, (index, alpha, loss), strict=True):
                    columns[name].append(value)
        items.rest()
        return columns

    def trained_images(self, images: int) -> float:
        """Return on how many images training takes as long: a gradient is three passes."""
        return min(self.images, images) * self.directions * self.points / 3


def _direction(streams: Streams, index: int, network: FlatNetwork) -> Tensor:
    """Draw a direction (1, d) for a network."""
    import numpy as np
    import torch

    shape = network.w.shape
    # on the host, so that every device sees the same
    drawn = streams.generator("direction", index).standard_normal(shape, np.float32)
    d = torch.from_numpy(drawn).to(network.w.device)
    normalise_filters(network.views(d), network.views(network.w))
    return d


MEASURE = LossSlice
