"""Residual networks of bottleneck blocks for images of 32 x 32 pixels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from escaping_minima.problems.networks.grey import COLOURS, first_layers
from escaping_minima.problems.networks.resnet import CHANNELS

#: How many times as many channels a block has outside as within.
EXPANSION = 4


class Bottleneck(nn.Module):
    """A 3 x 3 convolution between two of 1 x 1, beside a shortcut.

    The shortcut is a 1 x 1 convolution where the shape changes, else what came in.

    Parameters
    ----------
    inputs : int
        Channels.
    width : int
        Channels of the 3 x 3 convolution; EXPANSION times as many come out.
    stride : int
        Of the 3 x 3 convolution, and of the shortcut.

    References
    ----------
    He, Zhang, Ren and Sun 2016, figure 5 (right) and option B of section 4.1; the stride stands
    where torchvision has it, in the 3 x 3 convolution.
    """

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(outputs))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, 4 width, h / stride, w / stride) for ``x`` (n, inputs, h, w)."""
        total: Tensor = self.relu(self.body(x) + self.shortcut(x))
        return total


def bottleneck_resnet(
    blocks: Sequence[int], classes: int, divisor: int = 1, is_grey: bool = False
) -> nn.Sequential:
    """Build a residual network of bottleneck blocks, in the form for small images.

    Its stem is one 3 x 3 convolution without a stride, and no pool follows it.

    Parameters
    ----------
    blocks : sequence of four int
        Bottleneck blocks in each stage: 3, 4, 6, 3 of ResNet-50.
    classes : int
    divisor : int
        What the numbers of channels are divided by: a divisor of 64.
    is_grey : bool
        Whether its images have one channel, which is copied to three.

    Returns
    -------
    Sequential
        Of inputs (n, 3, 32, 32), or (n, 1, 32, 32): ResNet-50 has 23,520,842 parameters at divisor
        1 with 10 classes, and 23,705,252 with 100.

    References
    ----------
    He, Zhang, Ren and Sun 2016, table 1, with the stem of its networks for CIFAR-10 (section 4.2),
    at the width of those for ImageNet.
    """
    width = CHANNELS // divisor
    stages: list[nn.Module] = []
    inputs = width
    for place, count in enumerate(blocks):
        stages.append(_stage(inputs, width * 2**place, count, stride=1 if place == 0 else 2))
        inputs = EXPANSION * width * 2**place
    return nn.Sequential(
        *first_layers(is_grey),
        nn.Conv2d(COLOURS, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        *stages,
        nn.AvgPool2d(4),
        nn.Flatten(),
        nn.Linear(inputs, classes),
    )


def _stage(inputs: int, width: int, count: int, stride: int) -> nn.Sequential:
    first = Bottleneck(inputs, width, stride)
    return nn.Sequential(
        first, *(Bottleneck(EXPANSION * width, width, 1) for _ in range(count - 1))
    )
