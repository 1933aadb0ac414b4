"""Networks on image sets: what they offer to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from escaping_minima.data.load import ImageData
    from escaping_minima.engine.streams import Streams

#: Runs in one block of a network: a constant of the problem, not of a run.
BLOCK = 1


class NetworkProblem(Protocol):
    """A network, its data, and how the one is fed to the other."""

    DATA_SET: ClassVar[str]

    data: str
    input_scale: float

    def select(self, data: ImageData) -> ImageData:
        """Return the part of a data set that the problem is about."""

    def training_labels(self, data: ImageData, streams: Streams) -> NDArray[np.uint8]:
        """Return the labels of the training images."""

    def network(self) -> nn.Module:
        """Build the network; the engine draws its weights."""
