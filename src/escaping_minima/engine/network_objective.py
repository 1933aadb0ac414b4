"""The loss of the present minibatch as a method sees it, every evaluation counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from escaping_minima.engine.flat_network import FlatNetwork
    from escaping_minima.engine.streams import Streams


class NetworkObjective:
    """Mean cross-entropy of one minibatch in training mode, and its gradient; k = 1.

    However often a method evaluates within an update, it sees the same images and dropout masks,
    and the running statistics of batch normalisation move once.

    Parameters
    ----------
    network : FlatNetwork

    Attributes
    ----------
    first_loss : Tensor, scalar
        The loss of the first evaluation of the present update.
    gradient_evaluations, loss_evaluations : int
        Minibatches.
    """

    def __init__(self, network: FlatNetwork) -> None:
        self._network = network
        self._norms = network.norms()
        self._momenta = [norm.momentum for norm in self._norms]
        self._images = self._labels = torch.empty(0)
        self._fresh = True
        self.first_loss = torch.zeros(())
        self.gradient_evaluations = 0
        self.loss_evaluations = 0

    def take(self, images: Tensor, labels: Tensor) -> None:
        """Begin an update with a minibatch: images (n, c, h, w) float32, labels (n,) int64."""
        self._images, self._labels = images, labels
        self._set_fresh(True)

    def gradient(self, w: Tensor, out: Tensor, mask: Tensor | None = None) -> None:
        """Write the gradient at ``w`` (1, d) into ``out`` (1, d), unless ``mask`` (1, 1) is off."""
        if mask is not None and not bool(mask):
            return
        with torch.enable_grad():
            loss = self._loss(w)
            gradients = torch.autograd.grad(loss, self._network.parameters)
        for view, gradient in zip(self._network.views(out), gradients, strict=True):
            view.copy_(gradient)
        self.gradient_evaluations += 1
        self._set_fresh(False)

    def value(self, w: Tensor, out: Tensor, mask: Tensor | None = None) -> None:
        """Write the loss at ``w`` into ``out`` (1, 1), unless ``mask`` (1, 1) is off."""
        if mask is not None and not bool(mask):
            return
        out.copy_(self._loss(w).detach())
        self.loss_evaluations += 1
        self._set_fresh(False)

    def _loss(self, w: Tensor) -> Tensor:
        self._network.bind(w)
        loss = nn.functional.cross_entropy(self._network.module(self._images), self._labels)
        if self._fresh:
            self.first_loss = loss.detach()
        return loss

    def _set_fresh(self, fresh: bool) -> None:
        if fresh != self._fresh:
            for norm, momentum in zip(self._norms, self._momenta, strict=True):
                norm.momentum = momentum if fresh else 0.0
            self._fresh = fresh


class NetworkNoise:
    """The unit-ball draw of the present update, by name.

    Parameters
    ----------
    streams : Streams
    w : Tensor of shape (1, d)
        Where, and of which dimension.
    """

    def __init__(self, streams: Streams, w: Tensor) -> None:
        self._streams = streams
        self._w = w
        self.update = 0

    def __call__(self, mask: Tensor | None = None) -> Tensor:
        """Return the draw of update ``self.update``, shape (1, d); zero where ``mask`` is off."""
        if mask is not None and not bool(mask):
            return torch.zeros_like(self._w)
        rng = self._streams.generator("ball", self.update)
        d = self._w.shape[1]
        direction = torch.from_numpy(rng.standard_normal((1, d), dtype="float32"))
        length = rng.random() ** (1.0 / d) / float(direction.double().norm())
        return direction.mul_(length).to(self._w.device)
