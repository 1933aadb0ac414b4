"""How sharp a network's minimum is, as found and as other weights of the same function have it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.box_sharpness import box_sharpness
from escaping_minima.landscape.hutchinson import mean_trace
from escaping_minima.landscape.lanczos import largest_eigenvalues
from escaping_minima.landscape.relative_flatness import relative_flatness
from escaping_minima.landscape.rescaling import rescale
from escaping_minima.parts.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.fixed_items import FixedItems
    from escaping_minima.engine.flat_network import FlatNetwork

#: What a product of the Hessian, and one more while its graph is there, take in gradients.
_PRODUCT, _FURTHER = 3.0, 2.0
#: Products until eigenvalues are found, for what it will take.
_USUAL_PRODUCTS = 25


@dataclass(frozen=True)
class Flatness:
    """Flatness of the training loss in inference mode, by all weights of the network.

    A row for each of two sets of training images as the network was found, and one for each factor
    of ``rescaled``, on the first set, with other weights of the same function. Columns:

    - ``image_set``: 1 or 2; ``rescaled``: the factor, 1 as found; ``loss``: its mean over the set.
    - ``eigenvalue_1`` and so on: the largest of the Hessian, by Lanczos; ``residual``: the largest
      of theirs; ``products``: of Hessian and vector.
    - ``trace`` of the Hessian, by Hutchinson: each batch is asked with vectors of signs of its own,
      which costs as much as the same few for all, and errs by less; ``trace_se``: standard error.
    - ``sharpness``: as Keskar et al. define it, see `escaping_minima.landscape.box_sharpness`.
    - ``relative_flatness``: of the last layer, see `escaping_minima.landscape.relative_flatness`.
    - ``output_change``: the largest difference from the outputs as found, as a share of the largest
      of these.

    All states of a run share images and vectors, so that these are compared; every run has its own.
    2,000 images, twice and once rescaled, take about four minutes of a core; the time goes with the
    images.

    Attributes
    ----------
    images, second : int
        Training images of the first set and of the second, which have none in common; 0 leaves the
        second out. Where there are fewer, they are shared in proportion.
    batch : int
        Images at once.
    eigenvalues : int
        How many.
    products : int
        At most, to find them.
    tolerance : float
        Of a residual, as a share of its eigenvalue.
    probes : int
        Vectors of signs for a trace, at least; every batch has as many, two or more.
    epsilon : float
        Of the sharpness.
    ascent : int
        Gradients of the sharpness.
    rescaled : tuple of float
        Factors; see `escaping_minima.landscape.rescaling`.
    """

    images: int = 2000
    second: int = 2000
    batch: int = 50
    eigenvalues: int = 5
    products: int = 60
    tolerance: float = 0.05
    probes: int = 30
    epsilon: float = 1e-3
    ascent: int = 10
    rescaled: tuple[float, ...] = (0.25,)

    def __post_init__(self) -> None:
        for name in ("images", "batch", "eigenvalues", "probes", "ascent"):
            value = getattr(self, name)
            require(value >= 1, name, value, "1 or more")
        require(self.second >= 0, "second", self.second, "0 or more")
        fewest = f"{self.eigenvalues} or more, as many as eigenvalues"
        require(self.products >= self.eigenvalues, "products", self.products, fewest)
        require(self.tolerance > 0, "tolerance", self.tolerance, "above 0")
        require(self.epsilon > 0, "epsilon", self.epsilon, "above 0")
        require(all(a > 0 for a in self.rescaled), "rescaled", self.rescaled, "all above 0")

    def at_state_of(self, network: FlatNetwork, task: Any, block: int) -> Mapping[str, list[float]]:
        """Measure a network of a run, a chain of layers; it is as before afterwards.

        Parameters
        ----------
        network : FlatNetwork
            In inference mode.
        task : Task
        block : int
            Index of the run, to which the draws belong.
        """
        streams = Streams("flatness", block)
        found = _as_it_is(network)
        sets = self._sets(streams, task.size, network)
        rows = [self._row(found, task, s, streams, i + 1) for i, s in enumerate(sets)]
        outputs = self._items(found, task, sets[0]).outputs()
        for alpha in self.rescaled:
            other = _as_it_is(network, alpha)
            row = self._row(other, task, sets[0], streams, 1)
            change = self._items(other, task, sets[0]).outputs() - outputs
            row["output_change"] = float(change.abs().max() / outputs.abs().max())
            rows.append(row | {"rescaled": alpha})
        return {name: [row[name] for row in rows] for name in rows[0]}

    def trained_images(self, images: int) -> float:
        """Return on how many images training takes as long, with ``images`` to train on."""
        sizes = self._sizes(images)
        return sum(map(self._cost, sizes)) + len(self.rescaled) * self._cost(sizes[0])

    def _cost(self, size: int) -> float:
        """Return what a row on so many images takes, in gradients of an image."""
        batches = math.ceil(size / self.batch)
        lanczos = min(_USUAL_PRODUCTS, self.products) * _PRODUCT
        hutchinson = _PRODUCT + (self._probes(batches) - 1) * _FURTHER
        return size * (lanczos + hutchinson + self.ascent + 1)

    def _sizes(self, images: int) -> list[int]:
        wanted = self.images + self.second
        first = self.images if images >= wanted else max(images * self.images // wanted, 1)
        second = min(self.second, images - first)
        return [first, second] if second else [first]

    def _sets(self, streams: Streams, size: int, network: FlatNetwork) -> list[Tensor]:
        import torch

        sizes = self._sizes(size)
        order = torch.from_numpy(streams.generator("images", 0).permutation(size)[: sum(sizes)])
        return list(torch.split(order.to(network.w.device), sizes))

    def _items(self, network: FlatNetwork, task: Any, rows: Tensor) -> FixedItems:
        from escaping_minima.engine.fixed_items import FixedItems

        return FixedItems(network, task, rows, self.batch)

    def _row(
        self, network: FlatNetwork, task: Any, rows: Tensor, streams: Streams, image_set: int
    ) -> dict[str, float]:
        items = self._items(network, task, rows)
        loss = items.value(network.w)
        return {
            "image_set": image_set,
            "rescaled": 1.0,
            "loss": loss,
            **self._top(items, network.w, streams),
            **self._trace(items, network.w, streams, image_set),
            "sharpness": box_sharpness(
                items.value_and_gradient, network.w, self.epsilon, self.ascent
            ),
            "relative_flatness": _relative_flatness(items, network),
            "output_change": 0.0,
        }

    def _top(self, items: FixedItems, w: Tensor, streams: Streams) -> dict[str, float]:
        import numpy as np
        import torch

        # on the host, so that every device sees the same
        drawn = streams.generator("start", 0).standard_normal(w.shape[1], np.float32)
        start = torch.from_numpy(drawn).to(w.device)
        found = largest_eigenvalues(
            items.hessian_product, start, self.eigenvalues, self.products, self.tolerance
        )
        values = {f"eigenvalue_{i}": value for i, value in enumerate(found.values, 1)}
        residual = float(np.max(found.residuals))
        return {**values, "residual": residual, "products": found.products}

    def _probes(self, batches: int) -> int:
        return max(2, math.ceil(self.probes / batches))

    def _trace(
        self, items: FixedItems, w: Tensor, streams: Streams, image_set: int
    ) -> dict[str, float]:
        count = self._probes(items.batches)

        def vectors(batch: int) -> Iterator[Tensor]:
            generator = streams.generator(f"probe {image_set}", batch)
            return (_signs(generator, w) for _ in range(count))

        trace, error = mean_trace(items.quadratic_forms(vectors), items.shares())
        return {"trace": trace, "trace_se": error}


def _as_it_is(network: FlatNetwork, alpha: float = 1.0) -> FlatNetwork:
    """Return a copy, rescaled, in the layout in which a graph of gradients takes less time."""
    import copy

    import torch

    from escaping_minima.engine.flat_network import FlatNetwork

    network.bind(network.w)
    module = copy.deepcopy(network.module)
    if alpha != 1.0:
        rescale(module, alpha)  # type: ignore[arg-type]
    return FlatNetwork(module, network.w.device, torch.contiguous_format)


def _signs(generator: Any, like: Tensor) -> Tensor:
    """Draw a vector of 1 and -1, as long as one of weights (1, d)."""
    import numpy as np
    import torch

    length = like.shape[1]
    raw = np.frombuffer(generator.bytes(math.ceil(length / 8)), np.uint8)
    bits = torch.from_numpy(np.unpackbits(raw, count=length)).to(like.device)
    return bits.to(like.dtype).mul_(2).sub_(1)


def _relative_flatness(items: FixedItems, network: FlatNetwork) -> float:
    layers: Any = network.module
    return relative_flatness(items.outputs(-1), items.outputs(), layers[-1].weight.detach())


MEASURE = Flatness
