"""VGG networks for images of 32 x 32 pixels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.problems.networks.grey import COLOURS, first_layers

#: Channels of the convolutions of VGG16, stage by stage; a pool ends each stage.
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
#: Units of the hidden dense layer, whatever the width of the convolutions.
HIDDEN = 100


def vgg16(classes: int, divisor: int = 1, is_grey: bool = False) -> nn.Sequential:
    """Build VGG16 with batch normalisation and a head of two dense layers.

    Parameters
    ----------
    classes : int
    divisor : int
        What the numbers of channels are divided by: a divisor of 64.
    is_grey : bool
        Whether its images have one channel, which is copied to three.

    Returns
    -------
    Sequential
        Of inputs (n, 3, 32, 32), or (n, 1, 32, 32): 14,775,446 parameters at divisor 1 with 10
        classes.

    References
    ----------
    Simonyan and Zisserman 2015, configuration D, for its convolutions; the head is that of the
    code of Fischetti and Stringher 2019, github.com/QuasarLight/sgd-sa.
    """
    stages = [[channels // divisor for channels in stage] for stage in VGG16]
    return nn.Sequential(
        *first_layers(is_grey),
        *_trunk(stages),
        nn.Flatten(),
        nn.Linear(stages[-1][-1], HIDDEN),
        nn.ReLU(inplace=True),
        NamedDropout(0.5),
        nn.Linear(HIDDEN, classes),
    )


def _trunk(stages: Sequence[Sequence[int]]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    inputs = COLOURS
    for stage in stages:
        for place, outputs in enumerate(stage, start=1):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs)]
            if place == len(stage):
                # before ReLU, not after it: both keep order, so the values are the same, and
                # ReLU has a quarter of the work
                layers.append(nn.MaxPool2d(2))
            layers.append(nn.ReLU(inplace=True))
            inputs = outputs
    return layers
