"""What problems share that tell images of 32 x 32 pixels apart by one class each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.tasks.selection import select_first

if TYPE_CHECKING:
    import torch
    from torch import nn

    from escaping_minima.data.formats.image_data import ImageData
    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.tasks.pixels import Pixels
    from escaping_minima.problems.tasks.placed import PlacedImages
    from escaping_minima.problems.tasks.protocol import Task

#: Channels of the first convolution of every network; a divisor divides them.
CHANNELS = 64
OBJECTIVES = ("cross_entropy", "error")


@dataclass(frozen=True)
class _Images:
    """A data set, as networks see it.

    Attributes
    ----------
    classes : int
    mean, deviation : tuple of float
        Of each channel, of values divided by 255.
    pad : int
        Zeros on each side that bring an image to 32 x 32 pixels.
    """

    classes: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    pad: int = 0


#: By data set. CIFAR-10 as in the code of Fischetti and Stringher 2019,
#: github.com/QuasarLight/sgd-sa, which cannot run Fashion-MNIST though: zeros and copies of its
#: channel are the smallest change that keeps the networks. CIFAR-100: mean and deviation of all
#: values of the official training file, ``train.bin``, to four digits.
INPUTS = {
    "cifar-10": _Images(10, (0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261)),
    "cifar-100": _Images(100, (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    "fashion-mnist": _Images(10, (0.5,), (0.5,), 2),
}


@dataclass(frozen=True)
class ImageClassification(ABC):
    """A convolutional network on images of one class each.

    Attributes
    ----------
    data : str
        "generated" (for tests), "sample" (in the repository) or "full".
    data_set : str
        "cifar-10", "cifar-100" or "fashion-mnist".
    train_images, test_images : int
        The first so many of each set.
    divisor : int
        What the channels of the network are divided by: a divisor of 64.
    validation_images : int
        So many of the last training images are held out as the split "validation".
    evaluated_images : int
        Of how many training images the split "train" is evaluated, drawn anew each epoch; all of
        them where there are fewer. 0: of all.
    objective : str
        What a minibatch is judged by: "cross_entropy", or "error", 1 - accuracy, which has no
        gradient. A whole split is judged by both.
    crop : int
        In training, images are padded with so many zeros and cut back at a drawn place.
    flip : bool
        In training, mirror each image with probability one half.
    """

    #: What training on an image takes: a part that hardly depends on the width, and one at divisor
    #: 1 that goes with the square of the width. Each problem has its own.
    SECONDS: ClassVar[tuple[float, float]]

    data: str = "full"
    data_set: str = "cifar-10"
    train_images: int = 50_000
    test_images: int = 10_000
    divisor: int = 1
    validation_images: int = 0
    evaluated_images: int = 0
    objective: str = "cross_entropy"
    crop: int = 0
    flip: bool = False

    def __post_init__(self) -> None:
        for key, allowed in (
            ("data", ("generated", "sample", "full")),
            ("data_set", tuple(INPUTS)),
            ("objective", OBJECTIVES),
        ):
            found = getattr(self, key)
            require(found in allowed, key, found, ", ".join(allowed))
        for key, least in (
            ("train_images", 2),
            ("test_images", 1),
            ("validation_images", 0),
            ("evaluated_images", 0),
            ("crop", 0),
        ):
            require(getattr(self, key) >= least, key, getattr(self, key), f"{least} or more")
        divides = self.divisor >= 1 and CHANNELS % self.divisor == 0
        require(divides, "divisor", self.divisor, f"a divisor of {CHANNELS}")
        left = self.train_images - self.validation_images
        allowed_most = f"at most {self.train_images - 2}, so that 2 training images are left"
        require(left >= 2, "validation_images", self.validation_images, allowed_most)

    @property
    def DATA_SET(self) -> str:  # noqa: N802 - a constant of other problems
        """The data set of ``data``."""
        return self.data_set

    @property
    def SECONDS_PER_IMAGE(self) -> float:  # noqa: N802 - likewise
        """What training on an image takes at this width, on one core."""
        fixed, wide = self.SECONDS
        return fixed + wide / self.divisor**2

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return INPUTS[self.data_set].classes

    @property
    def is_grey(self) -> bool:
        """Whether images have one channel."""
        return len(INPUTS[self.data_set].mean) == 1

    def select(self, data: ImageData) -> ImageData:
        """Return the first images of the data set, as many as set.

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

    def pixels(self) -> Pixels:
        """Return how grey values become inputs."""
        from escaping_minima.problems.tasks.pixels import Pixels

        how = INPUTS[self.data_set]
        return Pixels(255.0, how.mean, how.deviation, how.pad, self.crop, self.flip)

    def task(self, placed: PlacedImages, streams: Streams) -> Task:
        """Return the classification of the images, judged as set."""
        from escaping_minima.problems.tasks.evaluated_part import EvaluatedPart
        from escaping_minima.problems.tasks.images import ImageTask
        from escaping_minima.problems.tasks.targets import OneClass
        from escaping_minima.problems.tasks.wrong_share import WrongShare

        splits = placed.splits(self.validation_images)
        targets = WrongShare() if self.objective == "error" else OneClass()
        if self.evaluated_images:
            count = self.evaluated_images
            return EvaluatedPart(splits, self.pixels(), targets, streams, count)
        return ImageTask(splits, self.pixels(), targets, streams)

    def start(self, network: nn.Module, streams: Streams) -> None:
        """Draw weights and biases as PyTorch does by default, like code released for them."""
        from escaping_minima.draws.starts import draw_torch_default

        draw_torch_default(network, streams)

    @abstractmethod
    def network(self) -> nn.Module:
        """Build the network, of inputs with the channels of the data set."""
