"""Residual networks for images of 32 x 32 pixels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from escaping_minima.problems.networks.grey import COLOURS, first_layers

#: Basic blocks in each stage of ResNet34.
RESNET34 = (3, 4, 6, 3)
#: Channels of the first stage; each later one has twice as many.
CHANNELS = 64


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut.

    The shortcut is a 1 x 1 convolution where the shape changes, else what came in.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    stride : int
        Of the first convolution, and of the shortcut.

    References
    ----------
    He, Zhang, Ren and Sun 2016, figure 5 (left) and option B of section 4.1.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(outputs))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, outputs, h / stride, w / stride) for ``x`` (n, inputs, h, w)."""
        total: Tensor = self.relu(self.body(x) + self.shortcut(x))
        return total


def resnet(
    blocks: Sequence[int], classes: int, divisor: int = 1, is_grey: bool = False
) -> nn.Sequential:
    """Build a residual network of basic blocks, in the form for small images.

    Its stem is one 3 x 3 convolution without a stride, and no pool follows it.

    Parameters
    ----------
    blocks : sequence of four int
        Basic blocks in each stage: 3, 4, 6, 3 of ResNet34.
    classes : int
    divisor : int
        What the numbers of channels are divided by: a divisor of 64.
    is_grey : bool
        Whether its images have one channel, which is copied to three.

    Returns
    -------
    Sequential
        Of inputs (n, 3, 32, 32), or (n, 1, 32, 32): ResNet34 has 21,282,122 parameters at divisor
        1 with 10 classes.

    References
    ----------
    He, Zhang, Ren and Sun 2016, table 1, with the stem of the code of Fischetti and Stringher 2019,
    github.com/QuasarLight/sgd-sa.
    """
    width = CHANNELS // divisor
    layers: list[nn.Module] = [
        *first_layers(is_grey),
        nn.Conv2d(COLOURS, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]
    inputs = width
    for stage, count in enumerate(blocks):
        outputs = width * 2**stage
        layers.append(_stage(inputs, outputs, count, stride=1 if stage == 0 else 2))
        inputs = outputs
    return nn.Sequential(*layers, nn.AvgPool2d(4), nn.Flatten(), nn.Linear(inputs, classes))


def _stage(inputs: int, outputs: int, count: int, stride: int) -> nn.Sequential:
    first = BasicBlock(inputs, outputs, stride)
    return nn.Sequential(first, *(BasicBlock(outputs, outputs, 1) for _ in range(count - 1)))
