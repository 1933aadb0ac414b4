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

#: The same minibatches and directions at all states of all runs, so that these are compared.
STREAMS = Streams("directions", 0)


@dataclass(frozen=True)
class Directions:
    """Columns ``gradient_change``, L(w - eta g) - L(w), and ``random_change``, L(w + eta |g| u).

    L is the loss of a minibatch in inference mode, g its gradient, and u is uniform on the unit
    sphere, one for each minibatch; L(w) is taken off the second as well. A row for each minibatch
    and rate: ``batch`` from 0, ``rate``, ``loss``, which is L(w), and ``gradient_norm``, |g|.

    Attributes
    ----------
    batches : int
        The first so many minibatches of an order of the training set that all states share; all
        of them where there are fewer.
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

    def at_state(self, network: FlatNetwork, task: Any) -> Mapping[str, list[float]]:
        """Measure a network in inference mode; its weights are as before afterwards."""
        import torch

        order = torch.from_numpy(STREAMS.generator("order", 0).permutation(task.size))
        columns: dict[str, list[float]] = {}
        bounds = batch_bounds(task.size, self.batch)[: self.batches]
        for index, (begin, end) in enumerate(bounds):
            inputs, targets = task.batch(order[begin:end].to(network.w.device))
            found = _Minibatch(network, task, inputs, targets)
            for row in self._rows(found, index):
                for name, value in row.items():
                    columns.setdefault(name, []).append(value)
        return columns

    def _rows(self, minibatch: _Minibatch, index: int) -> list[dict[str, float]]:
        import torch

        g = minibatch.gradient()
        norm = float(torch.linalg.vector_norm(g, dtype=torch.float64))
        u = _direction(g, index)
        loss = minibatch.loss()
        return [
            {
                "batch": index,
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

    def __init__(self, network: FlatNetwork, task: Any, inputs: Any, targets: Tensor) -> None:
        self._network = network
        self._task = task
        self._inputs = inputs
        self._targets = targets

    def gradient(self) -> Tensor:
        """Return the gradient at the weights, shape (1, d)."""
        import torch

        g = torch.empty_like(self._network.w)
        with torch.enable_grad():
            parts = torch.autograd.grad(self._mean_loss(), self._network.parameters)
        for view, part in zip(self._network.views(g), parts, strict=True):
            view.copy_(part)
        return g

    def loss(self, step: Tensor | None = None, by: float = 0.0) -> float:
        """Return the loss at the weights, or ``by`` times a step (1, d) away from them."""
        import torch

        w = self._network.w
        if step is not None:
            # elsewhere: taking a step back would not give the same bits
            self._network.bind(w.add(step, alpha=by))
        try:
            with torch.no_grad():
                return float(self._mean_loss())
        finally:
            self._network.bind(w)

    def _mean_loss(self) -> Tensor:
        # small changes of a mean need more digits than float32 has
        outputs = self._network.module(self._inputs).double()
        loss: Tensor = self._task.loss(outputs, self._targets)
        return loss


def _direction(like: Tensor, index: int) -> Tensor:
    """Draw a direction of length 1, uniform on the sphere, as one vector (1, d) is."""
    import numpy as np
    import torch

    # on the host, so that every device sees the same
    drawn = STREAMS.generator("direction", index).standard_normal(like.shape, np.float32)
    u = torch.from_numpy(drawn).to(like.device)
    return u.div_(torch.linalg.vector_norm(u, dtype=torch.float64))


MEASURE = Directions
