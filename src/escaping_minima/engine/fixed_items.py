"""The mean loss over some training items, with its gradient and products of its Hessian."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from escaping_minima.engine.flat_network import FlatNetwork


class FixedItems:
    """Mean loss of a network over fixed items as a function of its weights, in inference mode.

    The network computes in float32; losses of items, and sums over batches, are of float64. A
    derivative is that of autograd: at a kink of ReLU or of pooling, of the side that it is on.

    Parameters
    ----------
    network : FlatNetwork
        In inference mode. Its own weights are bound again by `rest`.
    task : Task
    rows : Tensor of shape (n,), int64
        Training items.
    batch : int
        Items at once; nothing but rounding depends on it.
    """

    def __init__(self, network: FlatNetwork, task: Any, rows: Tensor, batch: int) -> None:
        self._network = network
        self._task = task
        self._parts = torch.split(rows, batch)
        self._shares = [len(part) / len(rows) for part in self._parts]

    @property
    def batches(self) -> int:
        """How many batches the items are."""
        return len(self._parts)

    def rest(self) -> None:
        """Go back to the network's own weights."""
        self._network.bind(self._network.w)

    def value(self, w: Tensor) -> float:
        """Return the loss at ``w`` (1, d)."""
        self._network.bind(w)
        with torch.no_grad():
            return sum(share * float(loss) for share, loss in self._losses())

    def value_and_gradient(self, w: Tensor) -> tuple[float, Tensor]:
        """Return the loss at ``w`` (1, d), and the gradient (1, d) in float64."""
        self._network.bind(w)
        total, summed = 0.0, torch.zeros_like(w, dtype=torch.float64)
        with torch.enable_grad():
            for share, loss in self._losses():
                gradients = torch.autograd.grad(loss, self._network.parameters)
                self._add(summed, gradients, share)
                total += share * float(loss.detach())
        return total, summed

    def hessian_product(self, vector: Tensor) -> Tensor:
        """Return the Hessian at the network's own weights times a vector (d,), in float64."""
        self.rest()
        summed = torch.zeros(1, len(vector), dtype=torch.float64, device=vector.device)
        for share, product in self._products():
            self._add(summed, product(vector), share)
        return summed[0]

    def quadratic_forms(self, vectors: Callable[[int], Iterator[Tensor]]) -> list[list[float]]:
        """Return v^T H v for vectors of each batch, with the Hessian of that batch alone.

        Parameters
        ----------
        vectors : callable
            From the index of a batch to its vectors, each (d,).

        Returns
        -------
        list of list of float
            By batch and vector.
        """
        self.rest()
        found = []
        for index, (_, product) in enumerate(self._products()):
            forms = []
            for vector in vectors(index):
                parts = zip(self._views(vector), product(vector), strict=True)
                forms.append(sum(float((v.double() * p.double()).sum()) for v, p in parts))
            found.append(forms)
        return found

    def shares(self) -> list[float]:
        """Return the share of the items that each batch has."""
        return list(self._shares)

    def outputs(self, until: int | None = None) -> Tensor:
        """Return what the network, a chain of layers, or its first layers give; (n, ...), float64.

        Parameters
        ----------
        until : int, optional
            How many layers; all if not given, and counted from the end below 0.
        """
        self.rest()
        layers: Any = self._network.module
        chain = layers[:until]
        with torch.no_grad():
            found = [chain(self._task.batch(rows)[0]).double() for rows in self._parts]
        return torch.cat(found)

    def _losses(self) -> Iterator[tuple[float, Tensor]]:
        for share, rows in zip(self._shares, self._parts, strict=True):
            inputs, targets = self._task.batch(rows)
            yield share, self._task.loss(self._network.module(inputs).double(), targets)

    def _products(self) -> Iterator[tuple[float, Callable[[Tensor], tuple[Tensor, ...]]]]:
        """Yield the share of each batch and the products of its Hessian, tensor by tensor."""
        parameters = self._network.parameters
        with torch.enable_grad():
            for share, loss in self._losses():
                gradients = torch.autograd.grad(loss, parameters, create_graph=True)

                def product(
                    vector: Tensor, gradients: tuple[Tensor, ...] = gradients
                ) -> tuple[Tensor, ...]:
                    return torch.autograd.grad(
                        gradients,
                        parameters,
                        grad_outputs=self._views(vector),
                        retain_graph=True,
                        materialize_grads=True,
                    )

                yield share, product

    def _views(self, vector: Tensor) -> list[Tensor]:
        return self._network.views(vector.unsqueeze(0))

    def _add(self, summed: Tensor, parts: tuple[Tensor, ...], share: float) -> None:
        for view, part in zip(self._network.views(summed), parts, strict=True):
            view.add_(part, alpha=share)
