"""What a step down the gradient does to a minibatch's loss, beside a random step as long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escaping_minima.draws.streams import Streams
from escaping_minima.parts.require import require
from escaping_minima.schedules.batch_sizes import batch_bounds

if TYPE_CHECKING:
    from torch import Tensor

    from escaping_minima.engine.flat_network import FlatNetwork


@dataclass(frozen=True)
class Directions:
    """Columns ``gradient_change``, L(w - eta g) - L(w), and ``random_change``, L(w + eta |g| u).

    L is the loss of a minibatch in inference mode. g is the gradient of its loss in training mode,
    as a step of SGD-SA follows it: batch normalisation by the minibatch, whose running statistics
    stay as they are, and dropout. u is uniform on the unit sphere, one for each minibatch; L(w) is
    taken off the second as well. A row for each minibatch and rate: ``batch`` from 0, ``rate``,
    ``loss``, which is L(w), and ``gradient_norm``, |g|.

    All states of a run share minibatches, masks and directions, so that these are compared. Every
    run has its own, so that an interval over runs has what the choice of them does.

    Attributes
    ----------
    batches : int
        The first so many minibatches of an order of the training set; all of them where there are
        fewer.
    batch : int
        Items of a minibatch. A smaller training set is one minibatch.
    rates : tuple of float
        eta.
    """

    batches: int = 20
    batch: int = 512
    rates: tuple[float, ...] = (0.9, 0.1)

    def __post_init__(self) -> None:
        require(self.batches >= 1, "batches", self.batches, "1 or more")
        require(self.batch >= 1, "batch", self.batch, "1 or more")
        require(len(self.rates) >= 1, "rates", self.rates, "one or more")
        require(min(self.rates) > 0, "rates", self.rates, "all above 0")

    def at_state_of(self, network: FlatNetwork, task: Any, block: int) -> Mapping[str, list[float]]:
        """Measure a network of a run; it is as before afterwards, and in inference mode.

        Parameters
        ----------
        network : FlatNetwork
        task : Task
        block : int
            Index of the run, to which the draws belong.
        """
        import torch

        from escaping_minima.draws.minibatch_dropout import MinibatchDropout

        streams, device = Streams("directions", block), network.w.device
        order = torch.from_numpy(streams.generator("order", 0).permutation(task.size)).to(device)
        dropout = MinibatchDropout(network.module, streams, task.size, device)
        found = _Minibatch(network, task)
        network.module.train()
        columns: dict[str, list[float]] = {}
        for index, (begin, end) in enumerate(self._bounds(task.size)):
            dropout.begin(index, begin, end)
            found.take(order[begin:end])
            for row in self._rows(found, _direction(streams, index, network.w)):
                for name, value in {"batch": index, **row}.items():
                    columns.setdefault(name, []).append(value)
        network.bind(network.w)
        network.module.eval()
        return columns

    def trained_images(self, images: int) -> float:
        """Return on how many images training takes as long, with ``images`` to train on.

        A backward pass counts as two forward ones, a gradient so as three.
        """
        forward_passes = 3 + 1 + 2 * len(self.rates)
        seen = self._bounds(images)[-1][1]
        return seen * forward_passes / 3

    def _bounds(self, images: int) -> list[tuple[int, int]]:
        return batch_bounds(images, self.batch)[: self.batches]

    def _rows(self, minibatch: _Minibatch, u: Tensor) -> list[dict[str, float]]:
        import torch

        g = minibatch.gradient()
        norm = float(torch.linalg.vector_norm(g, dtype=torch.float64))
        loss = minibatch.loss()
        return [
            {
                "rate": rate,
                "loss": loss,
                "gradient_norm": norm,
                "gradient_change": minibatch.loss(g, -rate) - loss,
                "random_change": minibatch.loss(u, rate * norm) - loss,
            }
            for rate in self.rates
        ]


class _Minibatch:
    """The loss of one minibatch around the weights of a network, which do not move."""

    def __init__(self, network: FlatNetwork, task: Any) -> None:
        from escaping_minima.engine.objective import NetworkObjective

        def loss(outputs: Tensor, targets: Tensor) -> Tensor:
            # small changes of a mean need more digits than float32 has
            found: Tensor = task.loss(outputs.double(), targets)
            return found

        self._w = network.w
        self._task = task
        self._objective = NetworkObjective(network, loss)

    def take(self, rows: Tensor) -> None:
        """Go on to the minibatch of these rows."""
        self._objective.take(*self._task.batch(rows))

    def gradient(self) -> Tensor:
        """Return the gradient at the weights, shape (1, d), in training mode."""
        import torch

        g = torch.empty_like(self._w)
        self._objective.gradient(self._w, g, statistics=False)
        return g

    def loss(self, step: Tensor | None = None, by: float = 0.0) -> float:
        """Return the loss at the weights, or ``by`` times a step (1, d) away, in inference mode."""
        import torch

        # elsewhere: taking a step back would not give the same bits
        place = self._w if step is None else self._w.add(step, alpha=by)
        found = torch.empty(1, 1, dtype=torch.float64, device=place.device)
        self._objective.value(place, found, inference=True)
        return float(found)


def _direction(streams: Streams, index: int, like: Tensor) -> Tensor:
    """Draw a direction of length 1, uniform on the sphere, as one vector (1, d) is."""
    import numpy as np
    import torch

    # on the host, so that every device sees the same
    drawn = streams.generator("direction", index).standard_normal(like.shape, np.float32)
    u = torch.from_numpy(drawn).to(like.device)
    return u.div_(torch.linalg.vector_norm(u, dtype=torch.float64))


MEASURE = Directions
