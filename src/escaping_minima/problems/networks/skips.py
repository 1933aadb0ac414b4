"""Deep networks that may do without their skip connections, weight for weight the same."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from escaping_minima.problems.networks.grey import COLOURS, first_layers

#: Stages of the residual network, each with twice the channels of the one before.
STAGES = 3
#: Pixels on each side of what the last stage gives, of images of 32 x 32.
_LEFT = 8


class DenseSkip(nn.Module):
    """A dense layer, batch normalisation and ReLU; with its skip, what came in is added.

    Parameters
    ----------
    width : int
        Inputs and outputs.
    skips : bool
    """

    def __init__(self, width: int, skips: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(width, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)
        )
        self.skips = skips

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, width) for ``x`` (n, width)."""
        moved: Tensor = self.body(x)
        return x + moved if self.skips else moved


class ConvolutionSkip(nn.Module):
    """Two 3 x 3 convolutions; with its skip, what came in is added before the last ReLU.

    Where the shape changes, the skip takes every second pixel and fills up with channels of zeros:
    it has no weights, so that the network without it has as many.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    stride : int
        Of the first convolution.
    skips : bool

    References
    ----------
    He, Zhang, Ren and Sun 2016, figure 5 (left) and option A of section 4.1.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, skips: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.stride = stride
        self.missing = outputs - inputs
        self.skips = skips

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, outputs, h / stride, w / stride) for ``x`` (n, inputs, h, w)."""
        moved: Tensor = self.body(x)
        return torch.relu(moved + self._skip(x) if self.skips else moved)

    def _skip(self, x: Tensor) -> Tensor:
        kept = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(kept, [0, 0, 0, 0, 0, self.missing])


def skip_mlp(inputs: int, width: int, depth: int, classes: int, skips: bool) -> nn.Sequential:
    """Build a fully connected network.

    Parameters
    ----------
    inputs : int
        Values of an item, which is flattened.
    width : int
        Units of every hidden layer.
    depth : int
        Layers with weights, 2 or more; those between the first and the last may have skips.
    classes : int
    skips : bool

    Returns
    -------
    Sequential
        Of inputs (n, ...).
    """
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(inputs, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(inplace=True),
        *(DenseSkip(width, skips) for _ in range(depth - 2)),
        nn.Linear(width, classes),
    )


def skip_resnet(
    width: int, blocks: int, classes: int, skips: bool, is_grey: bool = False
) -> nn.Sequential:
    """Build a residual network for images of 32 x 32 pixels.

    Parameters
    ----------
    width : int
        Channels of the first of three stages.
    blocks : int
        In each stage: 3 make 20 layers with weights, 9 make 56.
    classes : int
    skips : bool
    is_grey : bool
        Whether its images have one channel, which is copied to three.

    Returns
    -------
    Sequential
        Of inputs (n, 3, 32, 32), or (n, 1, 32, 32).

    References
    ----------
    He, Zhang, Ren and Sun 2016, section 4.2; without skips it is the network "noshort" of Li, Xu,
    Taylor, Studer and Goldstein 2018, section 5.
    """
    layers: list[nn.Module] = [
        *first_layers(is_grey),
        nn.Conv2d(COLOURS, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]
    inputs = width
    for stage in range(STAGES):
        outputs = width * 2**stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            layers.append(ConvolutionSkip(inputs, outputs, stride, skips))
            inputs = outputs
    return nn.Sequential(*layers, nn.AvgPool2d(_LEFT), nn.Flatten(), nn.Linear(inputs, classes))
