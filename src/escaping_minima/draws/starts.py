"""Initial weights of networks, as named draws: every method starts from the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from escaping_minima.draws.streams import Streams

_DENSE = (nn.Conv2d, nn.Linear)


def draw_glorot_uniform(module: nn.Module, streams: Streams) -> None:
    """Draw the weights of convolutions and dense layers; biases become 0.

    Parameters
    ----------
    module : Module
        Its weights are drawn in place.
    streams : Streams
        Of (problem, block).

    References
    ----------
    Glorot and Bengio 2010, equation 16.
    """
    for index, layer in enumerate(_dense_layers(module)):
        weight = layer.weight
        field = weight[0, 0].numel()
        bound = (6.0 / (field * (weight.shape[0] + weight.shape[1]))) ** 0.5
        _fill_uniform(weight, bound, streams, "weights", index)
        if layer.bias is not None:
            layer.bias.data.zero_()


def draw_torch_default(module: nn.Module, streams: Streams) -> None:
    """Draw weights and biases of convolutions and dense layers as PyTorch does by default.

    Both are uniform within 1 / sqrt(fan-in).

    Parameters
    ----------
    module : Module
        Its weights are drawn in place.
    streams : Streams
        Of (problem, block).

    References
    ----------
    ``reset_parameters`` of torch.nn.Linear and of torch.nn.modules.conv; LeCun et al. 1998,
    Efficient BackProp.
    """
    for index, layer in enumerate(_dense_layers(module)):
        bound = layer.weight[0].numel() ** -0.5
        _fill_uniform(layer.weight, bound, streams, "weights", index)
        if layer.bias is not None:
            _fill_uniform(layer.bias, bound, streams, "weights of biases", index)


def _dense_layers(module: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    return [m for m in module.modules() if isinstance(m, _DENSE)]


def _fill_uniform(weight: Tensor, bound: float, streams: Streams, purpose: str, index: int) -> None:
    unit = streams.generator(purpose, index).random(tuple(weight.shape))
    weight.data.copy_(torch.from_numpy(bound * (2.0 * unit - 1.0)))
