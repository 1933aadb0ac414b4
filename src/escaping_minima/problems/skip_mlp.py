"""A deep fully connected network on MNIST, with skip connections or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.tasks.selection import select_first

if TYPE_CHECKING:
    import torch
    from torch import nn

    from escaping_minima.data.formats.image_data import ImageData
    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.tasks.placed import PlacedImages
    from escaping_minima.problems.tasks.protocol import Task

#: Pixels of an image, and its classes.
_PIXELS, _CLASSES = 28 * 28, 10
#: What training on an image takes a layer, and a layer and unit, in seconds: at batch size 50 and
#: widths of 32 and 64, on one core.
_LAYER, _UNIT = 2.75e-6, 2.3e-8


@dataclass(frozen=True)
class SkipMlp:
    """Dense layers with batch normalisation and ReLU, each hidden one with an identity skip or not.

    Runs with skips and without start from the same weights and see the same batches: neither the
    number of weights nor a draw depends on ``skips``.

    Attributes
    ----------
    data : str
        "generated" (for tests), "sample" (in the repository) or "full".
    train_images, test_images : int
        The first so many of each set.
    depth : int
        Layers with weights.
    width : int
        Units of each hidden layer.
    skips : bool

    References
    ----------
    He, Zhang, Ren and Sun 2016 have the skips, around convolutions. Depth, width and batch
    normalisation are assumed: without the latter one of the two networks does not train from any
    usual start.
    """

    #: The data set of ``data``.
    DATA_SET: ClassVar[str] = "mnist"

    data: str = "full"
    train_images: int = 60_000
    test_images: int = 10_000
    depth: int = 20
    width: int = 64
    skips: bool = True

    def __post_init__(self) -> None:
        versions = ("generated", "sample", "full")
        require(self.data in versions, "data", self.data, ", ".join(versions))
        least = {"train_images": 2, "test_images": 1, "depth": 2, "width": 1}
        for name, fewest in least.items():
            value = getattr(self, name)
            require(value >= fewest, name, value, f"{fewest} or more")

    @property
    def SECONDS_PER_IMAGE(self) -> float:  # noqa: N802 - a constant of other problems
        """What training on an image takes at this width and depth, on one core."""
        return self.depth * (_LAYER + _UNIT * self.width)

    def select(self, data: ImageData) -> ImageData:
        """Return the first images of MNIST, as many as set.

        Raises
        ------
        UserError
            If there are not so many.
        """
        return select_first(data, self.train_images, self.test_images, self.data)

    def place(self, data: ImageData, device: torch.device) -> PlacedImages:
        """Return the images and their labels on the device."""
        from escaping_minima.problems.tasks.placed import place_images

        return place_images(data, device)

    def task(self, placed: PlacedImages, streams: Streams) -> Task:
        """Return the classification of the images."""
        from escaping_minima.problems.tasks.images import ImageTask
        from escaping_minima.problems.tasks.pixels import Pixels
        from escaping_minima.problems.tasks.targets import OneClass

        return ImageTask(placed.splits(), Pixels(), OneClass(), streams)

    def start(self, network: nn.Module, streams: Streams) -> None:
        """Draw weights and biases as PyTorch does by default."""
        from escaping_minima.draws.starts import draw_torch_default

        draw_torch_default(network, streams)

    def network(self) -> nn.Module:
        """Build the network."""
        from escaping_minima.problems.networks.skips import skip_mlp

        return skip_mlp(_PIXELS, self.width, self.depth, _CLASSES, self.skips)


PROBLEM = SkipMlp
