"""SGD and SGD-SA as one would write them for a notebook: a module, a DataLoader, an optimiser."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - what everybody calls it
from torch.utils.data import DataLoader, Dataset


class PlainTraining:
    """A loop over a DataLoader that can be run a few updates at a time.

    Parameters
    ----------
    network : Module
    data : Dataset
        Images (3, 32, 32), float32, each with its label.
    batch_size : int
        Minibatches that are shorter are left out.
    device : str
    bfloat16 : bool
        Whether passes are those of autocast.
    workers : int
        Processes that load.
    """

    def __init__(
        self,
        network: nn.Module,
        data: Dataset[Any],
        batch_size: int,
        device: str,
        bfloat16: bool = False,
        workers: int = 0,
    ) -> None:
        self.network = network.to(device)
        self.loader = DataLoader(
            data,
            batch_size,
            shuffle=True,
            drop_last=True,
            pin_memory=device == "cuda",
            num_workers=workers,
            persistent_workers=workers > 0,
        )
        self.device = device
        self.bfloat16 = bfloat16
        self._batches: Iterator[Sequence[Tensor]] = iter(())

    def minibatch(self) -> tuple[Tensor, Tensor]:
        """Return the next minibatch on the device; a new epoch begins after the last."""
        found = next(self._batches, None)
        if found is None:
            self._batches = iter(self.loader)
            found = next(self._batches)
        images, labels = (part.to(self.device, non_blocking=True) for part in found)
        return images, labels

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of a minibatch."""
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bfloat16):
            return F.cross_entropy(self.network(images), labels)


class PlainSGD(PlainTraining):
    """``torch.optim.SGD`` at a rate of 0.1, with further settings of it."""

    def __init__(
        self,
        network: nn.Module,
        *data: Any,
        settings: Mapping[str, float] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(network, *data, **more)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1, **(settings or {}))

    def update(self) -> float:
        """Do one update; return its loss, as such loops do for their progress line."""
        images, labels = self.minibatch()
        self.optimizer.zero_grad()
        loss = self.loss(images, labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class PlainAnnealedSGD(PlainTraining):
    """SGD-SA as the code released with it does it: losses are numbers of Python.

    A rejected step is added back, so that no copy of the weights is kept.

    References
    ----------
    Fischetti and Stringher 2019, arXiv 1906.01504, and its code, github.com/QuasarLight/sgd-sa.
    """

    def __init__(self, rates: Sequence[float], network: nn.Module, *data: Any, **more: Any) -> None:
        super().__init__(network, *data, **more)
        self.rates = rates
        self.temperature = 1.0

    def update(self) -> float:
        """Do one update; return the loss before it."""
        images, labels = self.minibatch()
        rate = random.choice(self.rates)
        old = self._share(images, labels)
        self.network.train()
        self.network.zero_grad()
        self.loss(images, labels).backward()
        self._move(-rate)
        new = self._share(images, labels)
        if new > old and random.random() > math.exp((old - new) / self.temperature):
            self._move(rate)
        return old

    def _share(self, images: Tensor, labels: Tensor) -> float:
        self.network.eval()
        with torch.no_grad():
            return self.loss(images, labels).item() / len(labels)

    def _move(self, by: float) -> None:
        with torch.no_grad():
            for weights in self.network.parameters():
                weights.add_(weights.grad, alpha=by)
