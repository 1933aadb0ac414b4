"""MNIST, learnt from a few random images at a time by a fully connected network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.tasks.selection import select_first
from escaping_minima.problems.walked import count_weights

if TYPE_CHECKING:
    import torch

    from escaping_minima.data.formats.image_data import ImageData
    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.tasks.placed import PlacedImages
    from escaping_minima.problems.walked import Surface


@dataclass(frozen=True)
class MnistWalk:
    """Mean cross-entropy of a network 784-h-...-h-10 with a softmax output over random images.

    Each walk draws its images anew in each step, with replacement: some of the training set and as
    many of the test set. Grey values are divided by 255. Weights and biases are one row, layer by
    layer, as `escaping_minima.problems.networks.elu_rows.EluRows` says.

    Attributes
    ----------
    width : int
        h, units of each hidden layer.
    depth : int
        Hidden layers.
    bound : float
        Starts are uniform within -bound and bound.
    data : str
        "generated" (for tests), "sample" (in the repository) or "full".
    train_images, test_images : int
        The first so many of each set.
    items : int
        Images of each draw.
    draws : {"one", "two"}
        Whether the loss that is recorded is of the images that give the gradient, or of others, as
        in the authors' code.

    References
    ----------
    Bosman, Engelbrecht and Helbig 2020, sections III-A to III-C; github.com/annabosman/fla-in-tf.
    """

    DATA_SET: ClassVar[str] = "mnist"
    #: Walks in one block.
    BLOCK: ClassVar[int] = 25

    width: int = 10
    depth: int = 1
    bound: float = 1.0
    data: str = "full"
    train_images: int = 60_000
    test_images: int = 10_000
    items: int = 100
    draws: str = "one"

    def __post_init__(self) -> None:
        versions = ("generated", "sample", "full")
        require(self.width >= 1, "width", self.width, "1 or more")
        require(self.depth >= 1, "depth", self.depth, "1 or more")
        require(self.bound > 0, "bound", self.bound, "above 0")
        require(self.data in versions, "data", self.data, ", ".join(versions))
        require(self.train_images >= 1, "train_images", self.train_images, "1 or more")
        require(self.test_images >= 1, "test_images", self.test_images, "1 or more")
        require(self.items >= 1, "items", self.items, "1 or more")
        require(self.draws in ("one", "two"), "draws", self.draws, "one, two")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, units of each hidden layer, outputs."""
        return (784, *(self.width,) * self.depth, 10)

    @property
    def weights(self) -> int:
        """How many weights and biases there are."""
        return count_weights(self.sizes)

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

    def surface(self, placed: PlacedImages, streams: Sequence[Streams]) -> Surface:
        """Return the surface as the walks of some blocks see it."""
        from escaping_minima.problems.networks.image_rows import ImageRows

        return ImageRows(self.sizes, placed, self.items, self.draws == "two", streams, self.BLOCK)


PROBLEM = MnistWalk
