"""The same network as one would write it for a notebook: a module, a DataLoader, an optimiser."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - what everybody calls it
from torch.utils.data import DataLoader, TensorDataset


class PlainNetwork(nn.Module):
    """Table 1 of Takase, Oyama and Kurihara 2018, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 5)
        self.norm1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, 5)
        self.norm2 = nn.BatchNorm2d(64)
        self.norm3 = nn.BatchNorm2d(64)
        self.dense1 = nn.Linear(1024, 1024)
        self.norm4 = nn.BatchNorm1d(1024)
        self.dense2 = nn.Linear(1024, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of a batch of images (n, 1, 28, 28)."""
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)
        x = F.dropout(F.relu(self.norm3(x)), 0.5, self.training).flatten(1)
        x = F.dropout(F.relu(self.norm4(self.dense1(x))), 0.5, self.training)
        return self.dense2(x)


class PlainTraining:
    """A loop over a DataLoader that can be run a few updates at a time.

    Parameters
    ----------
    images : Tensor of shape (n, 1, 28, 28), float32
    labels : Tensor of shape (n,), int64
    batch_size : int
    device : str
    """

    def __init__(
        self, images: torch.Tensor, labels: torch.Tensor, batch_size: int, device: str
    ) -> None:
        self.network = PlainNetwork().to(device)
        self.optimizer = torch.optim.Adagrad(self.network.parameters(), lr=0.01)
        self.loader = DataLoader(TensorDataset(images, labels), batch_size, shuffle=True)
        self.device = device
        self._batches = iter(self.loader)

    def update(self) -> float:
        """Do one update; return its loss, as such loops do for their progress line."""
        try:
            images, labels = next(self._batches)
        except StopIteration:
            self._batches = iter(self.loader)
            images, labels = next(self._batches)
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.network(images.to(self.device)), labels.to(self.device))
        loss.backward()
        self.optimizer.step()
        return loss.item()
