"""Networks on data sets: what they offer to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import torch
    from torch import nn

    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.tasks.protocol import Task

#: Runs in one block of a network: a constant of the problem, not of a run.
BLOCK = 1


class NetworkProblem(Protocol):
    """A network, its data, and how the one is fed to the other.

    A problem whose start rests on data has ``start_from(network, placed)`` as well, which is called
    after `start` with what `place` returned. What is not of images says ``TRAIN_ITEMS``, how many
    items an epoch trains on; of images these are ``train_images``.
    """

    DATA_SET: ClassVar[str]

    data: str

    def select(self, data: Any) -> Any:
        """Return the part of a data set that the problem is about."""

    def place(self, data: Any, device: torch.device) -> Any:
        """Return what all runs share, on the device; of what `select` returned."""

    def task(self, placed: Any, streams: Streams) -> Task:
        """Return the task of one run, with its named draws; of what `place` returned."""

    def network(self) -> nn.Module:
        """Build the network; `start` decides its weights."""

    def start(self, network: nn.Module, streams: Streams) -> None:
        """Draw the initial weights in place, by name: see `escaping_minima.draws.starts`."""
