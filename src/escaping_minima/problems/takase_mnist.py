"""The convolutional network of Takase, Oyama and Kurihara 2018 on MNIST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from escaping_minima.parts.require import require
from escaping_minima.problems.tasks.selection import select_first

if TYPE_CHECKING:
    import torch
    from torch import nn

    from escaping_minima.data.formats.image_data import ImageData
    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.tasks.placed import PlacedImages
    from escaping_minima.problems.tasks.protocol import Task


@dataclass(frozen=True)
class TakaseMnist:
    """Two convolutions and two dense layers with batch normalisation and dropout.

    Attributes
    ----------
    data : str
        "generated" (for tests), "sample" (in the repository) or "full".
    train_images, test_images : int
        The first so many of each set.
    input_scale : float
        What grey values, 0 to 255, are divided by. The paper does not say; 1 is the literal
        reading.
    batch_norm_momentum : float
        Weight of the newest batch in the running statistics.
    batch_norm_epsilon : float
        Added to the variance.
    permute_labels : bool
        Train on labels in random order: a control, nothing can be learnt.

    References
    ----------
    Takase, Oyama and Kurihara 2018, Table 1 and section 4.4.
    """

    #: The data set of ``data``.
    DATA_SET: ClassVar[str] = "mnist"

    data: str = "full"
    train_images: int = 60_000
    test_images: int = 10_000
    input_scale: float = 255.0
    batch_norm_momentum: float = 0.1
    batch_norm_epsilon: float = 1e-5
    permute_labels: bool = False

    def __post_init__(self) -> None:
        versions = ("generated", "sample", "full")
        require(self.data in versions, "data", self.data, ", ".join(versions))
        require(self.train_images >= 2, "train_images", self.train_images, "2 or more")
        require(self.test_images >= 1, "test_images", self.test_images, "1 or more")
        require(self.input_scale > 0, "input_scale", self.input_scale, "above 0")

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
        """Return the classification of the images; training labels in random order if so set."""
        from escaping_minima.problems.tasks.images import ImageTask
        from escaping_minima.problems.tasks.pixels import Pixels
        from escaping_minima.problems.tasks.targets import OneClass

        splits = placed.splits()
        if self.permute_labels:
            images, labels = splits["train"]
            shuffled = streams.generator("labels", 0).permutation(labels.cpu().numpy())
            splits["train"] = images, labels.new_tensor(shuffled)
        return ImageTask(splits, Pixels(self.input_scale), OneClass(), streams)

    def start(self, network: nn.Module, streams: Streams) -> None:
        """Draw the weights as Keras does by default; the paper does not say."""
        from escaping_minima.draws.starts import draw_glorot_uniform

        draw_glorot_uniform(network, streams)

    def network(self) -> nn.Module:
        """Build the network: 1,111,946 weights and biases, and 2,368 of batch normalisation."""
        from torch import nn

        from escaping_minima.draws.dropout import HalfDropout

        # pooling before ReLU, not after it: both keep order, so the values are the same, and ReLU
        # has a quarter of the work
        norm: dict[str, Any] = {
            "momentum": self.batch_norm_momentum,
            "eps": self.batch_norm_epsilon,
        }
        return nn.Sequential(
            nn.Conv2d(1, 32, 5),
            nn.BatchNorm2d(32, **norm),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 64, 5),
            nn.BatchNorm2d(64, **norm),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(64, **norm),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            HalfDropout(1024),
            nn.Linear(1024, 1024),
            nn.BatchNorm1d(1024, **norm),
            nn.ReLU(inplace=True),
            HalfDropout(1024),
            nn.Linear(1024, 10),
        )


PROBLEM = TakaseMnist
