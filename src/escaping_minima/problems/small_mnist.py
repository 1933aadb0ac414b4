"""MNIST at 7 x 7 or 14 x 14 pixels, learnt by a small network, as a mean over its images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.sums import require_source
from escaping_minima.problems.tasks.selection import select_first
from escaping_minima.problems.walked import count_weights

if TYPE_CHECKING:
    import torch

    from escaping_minima.data.formats.image_data import ImageData
    from escaping_minima.problems.networks.image_sum import ImageSum
    from escaping_minima.problems.networks.shrunken_images import ShrunkenImages

_SIDES = (7, 14)
_DEEPEST = 3
_CLASSES = 10


@dataclass(frozen=True)
class SmallMnist:
    """Cross-entropy of a network of exponential linear units with a softmax output.

    Images are averaged over squares of pixels, and grey values divided by 255. Weights and biases
    are one row, layer by layer, as `escaping_minima.problems.networks.elu_rows.EluRows` says.
    Augmentation puts in an image's place what it is shifted by two of its 28 pixels, in one of
    eight directions. It is evaluated by what `summed` returns.

    Attributes
    ----------
    side : {7, 14}
        Pixels of a side.
    width : int
        Units of each hidden layer.
    depth : {1, 2, 3}
        Hidden layers.
    gain : float
        Starts are uniform within gain / sqrt(inputs of the layer); 1 is torch's default.
    data : {"generated", "sample", "full"}
        For tests, in the repository, or fetched.
    train_images : int
        The first so many of the training set: the items.
    source : {"none", "dropout", "input_noise", "augmentation", "weight_noise"}
        What disturbs the gradients that a method is given.
    strength : float
        Of "dropout" the share of hidden units, of "augmentation" that of images, otherwise a
        standard deviation.

    References
    ----------
    LeCun et al. 1998, Gradient-based learning applied to document recognition, for the images;
    the small network is ours.
    """

    DATA_SET: ClassVar[str] = "mnist"
    BLOCK: ClassVar[int] = 20
    #: None is known.
    levels: ClassVar[tuple[float, ...]] = ()

    side: int = 7
    width: int = 10
    depth: int = 1
    gain: float = 1.0
    data: str = "sample"
    train_images: int = 1000
    source: str = "none"
    strength: float = 0.0

    def __post_init__(self) -> None:
        versions = ("generated", "sample", "full")
        require(self.side in _SIDES, "side", self.side, ", ".join(map(str, _SIDES)))
        require(self.width >= 1, "width", self.width, "1 or more")
        require(1 <= self.depth <= _DEEPEST, "depth", self.depth, f"1 to {_DEEPEST}")
        require(self.gain > 0, "gain", self.gain, "above 0")
        require(self.data in versions, "data", self.data, ", ".join(versions))
        require(self.train_images >= 1, "train_images", self.train_images, "1 or more")
        require_source(self.source, self.strength)

    @property
    def items(self) -> int:
        """Images over which the loss is a mean."""
        return self.train_images

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, units of each hidden layer, outputs."""
        return (self.side**2, *(self.width,) * self.depth, _CLASSES)

    @property
    def weights(self) -> int:
        """How many weights and biases there are."""
        return count_weights(self.sizes)

    @property
    def lower(self) -> tuple[float, ...]:
        """The least corner of the box of starts."""
        return tuple(-bound for bound in self.upper)

    @property
    def upper(self) -> tuple[float, ...]:
        """The greatest corner of the box of starts."""
        corner: list[float] = []
        for before, after in pairwise(self.sizes):
            corner += [self.gain * before**-0.5] * ((before + 1) * after)
        return tuple(corner)

    def select(self, data: ImageData) -> ImageData:
        """Return the first training images, as many as set.

        Raises
        ------
        UserError
            If there are not so many.
        """
        return select_first(data, self.train_images, 0, self.data)

    def place(self, data: ImageData, device: torch.device) -> ShrunkenImages:
        """Return the small images, as they are and shifted, and their labels on the device."""
        from escaping_minima.problems.networks.shrunken_images import shrink

        return shrink(data.train_images, data.train_labels, self.side, device)

    def summed(self, placed: ShrunkenImages) -> ImageSum:
        """Return the mean over the images, of what `place` returned."""
        from escaping_minima.problems.networks.image_sum import ImageSum

        return ImageSum(self, placed)


PROBLEM = SmallMnist
