"""The training loss on a plane around a state, filter by filter as long as the weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.extreme_eigenvalues import Ends, extreme_eigenvalues
from escaping_minima.landscape.filter_normalised import normalise_filters
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from escaping_minima.engine.fixed_items import FixedItems
    from escaping_minima.engine.flat_network import FlatNetwork

#: What a product of the Hessian takes in gradients, and a value.
_PRODUCT, _VALUE = 3.0, 1 / 3
_NOT_ASKED = Ends(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class LossPlane:
    """The loss L(w + alpha d + beta e) of training images in inference mode, a row a point.

    d and e are normal, then each of their filters is given the length of the network's own (see
    `escaping_minima.landscape.filter_normalised`). All states of a run share images and what the
    directions are made of, and so do runs of other methods or with other settings of the network;
    every block has its own. Columns:

    - ``plane``, from 0; ``alpha``, ``beta``; ``loss``.
    - ``lowest``, ``highest``: eigenvalues of the whole Hessian at points of a coarser grid, by
      Lanczos; ``lowest_residual``, ``highest_residual``. NaN elsewhere.

    Attributes
    ----------
    images : int
        The first so many of an order of the training set; all of them where there are fewer.
    batch : int
        Images at once.
    planes : int
        How many.
    points : int
        Of alpha, and of beta, evenly from -reach to reach: an odd number, so that the state itself
        is one.
    reach : float
        1 is as long as the weights.
    curvature_points : int
        The same of the coarser grid: 1 is the state itself; 0 leaves eigenvalues out.
    products : int
        Of Hessian and vector, for the eigenvalues at a point.

    References
    ----------
    Li, Xu, Taylor, Studer and Goldstein 2018, "Visualizing the Loss Landscape of Neural Nets",
    sections 4 to 6.
    """

    images: int = 500
    batch: int = 125
    planes: int = 1
    points: int = 11
    reach: float = 1.0
    curvature_points: int = 1
    products: int = 20

    def __post_init__(self) -> None:
        for name in ("images", "batch", "planes", "products"):
            value = getattr(self, name)
            require(value >= 1, name, value, "1 or more")
        is_odd = self.points >= 3 and self.points % 2 == 1
        require(is_odd, "points", self.points, "odd numbers from 3 on")
        coarse, steps = self.curvature_points, self.points - 1
        divides = coarse % 2 == 1 and 1 <= coarse <= self.points and steps % max(coarse - 1, 1) == 0
        allowed = f"0, 1, or an odd number of points evenly among the {self.points}"
        require(coarse == 0 or divides, "curvature_points", coarse, allowed)
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
        import torch

        from escaping_minima.engine.fixed_items import FixedItems

        streams = Streams("loss_plane", block)
        order = streams.generator("images", 0).permutation(task.size)[: self.images]
        moved = _copied(network)
        rows = torch.from_numpy(order).to(moved.w.device)
        around = _Around(moved, FixedItems(moved, task, rows, self.batch), streams, self.products)
        columns: dict[str, list[float]] = {}
        for row in self._rows(around):
            for name, value in row.items():
                columns.setdefault(name, []).append(value)
        return columns

    def trained_images(self, images: int) -> float:
        """Return on how many images training takes as long, with ``images`` to train on."""
        coarse = self.curvature_points
        # the state itself lies on every plane and is asked about once
        asked = self.planes * (coarse**2 - 1) + 1 if coarse else 0
        values = self.planes * self.points**2 * _VALUE
        return min(self.images, images) * (values + asked * self.products * _PRODUCT)

    def _rows(self, around: _Around) -> Iterator[dict[str, float]]:
        steps = self._steps()
        for plane in range(self.planes):
            d, e = (around.direction(2 * plane + axis) for axis in (0, 1))
            for i, alpha in enumerate(steps):
                for j, beta in enumerate(steps):
                    asked = self._is_coarse(i) and self._is_coarse(j)
                    there = around.home.add(d, alpha=alpha).add_(e, alpha=beta)
                    yield {
                        "plane": plane,
                        "alpha": alpha,
                        "beta": beta,
                        "loss": around.loss(there),
                        **(around.ends(there) if asked else _NOT_ASKED)._asdict(),
                    }

    def _steps(self) -> list[float]:
        """Return the values of alpha and beta; the one in the middle is exactly 0."""
        half = self.points // 2
        return [self.reach * place / half for place in range(-half, half + 1)]

    def _is_coarse(self, place: int) -> bool:
        """Return whether a place along an axis is one of the coarser grid."""
        if self.curvature_points <= 1:
            return self.curvature_points == 1 and place == self.points // 2
        return place % ((self.points - 1) // (self.curvature_points - 1)) == 0


class _Around:
    """A state, and what is measured at points around it; the network is a copy."""

    def __init__(
        self, network: FlatNetwork, items: FixedItems, streams: Streams, products: int
    ) -> None:
        self.home = network.w.clone()
        self._network = network
        self._items = items
        self._streams = streams
        self._products = products
        self._at_home: Ends | None = None

    def direction(self, index: int) -> Tensor:
        """Draw a direction (1, d)."""
        import torch

        # on the host, so that every device sees the same
        d = torch.from_numpy(self._drawn("direction", index)).to(self.home.device)
        normalise_filters(self._network.views(d), self._network.views(self.home))
        return d

    def loss(self, w: Tensor) -> float:
        """Return the loss at ``w`` (1, d)."""
        self._network.w.copy_(w)
        return self._items.value(self._network.w)

    def ends(self, w: Tensor) -> Ends:
        """Return the ends of the Hessian's spectrum at ``w`` (1, d); at the state itself once."""
        if not w.equal(self.home):
            return self._ends(w)
        if self._at_home is None:
            self._at_home = self._ends(w)
        return self._at_home

    def _ends(self, w: Tensor) -> Ends:
        import torch

        self._network.w.copy_(w)
        start = torch.from_numpy(self._drawn("start", 0)[0]).to(w.device)
        return extreme_eigenvalues(self._items.hessian_product, start, self._products)

    def _drawn(self, purpose: str, index: int) -> NDArray[np.float32]:
        import numpy as np

        generator = self._streams.generator(purpose, index)
        return generator.standard_normal(tuple(self.home.shape), np.float32)


def _copied(network: FlatNetwork) -> FlatNetwork:
    """Return a copy, in the layout in which a graph of gradients takes less time."""
    import torch

    from escaping_minima.engine.flat_network import FlatNetwork

    network.bind(network.w)
    module = copy.deepcopy(network.module)
    return FlatNetwork(module, network.w.device, torch.contiguous_format)


MEASURE = LossPlane
