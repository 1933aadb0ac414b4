"""Initial weights of BERT, as named draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from escaping_minima.draws.streams import Streams

#: The deviation of every weight, ``initializer_range`` of the published configuration.
DEVIATION = 0.02


def draw_bert(module: nn.Module, streams: Streams) -> None:
    """Draw the weights of dense layers and embeddings; biases become 0, norms the identity.

    Parameters
    ----------
    module : Module
        Its weights are drawn in place; it may be a part of a network, such as its head.
    streams : Streams
        Of (problem, block).

    References
    ----------
    Devlin et al. 2019, github.com/google-research/bert, ``create_initializer``, which cuts the
    normal law at two deviations; ``_init_weights`` of BertPreTrainedModel in transformers, by which
    heads for pretrained encoders are drawn, does not, and is followed here.
    """
    index = 0
    for layer in module.modules():
        if isinstance(layer, nn.LayerNorm):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, (nn.Linear, nn.Embedding)):
            generator = streams.generator("weights", index)
            drawn = generator.standard_normal(tuple(layer.weight.shape), dtype=np.float32)
            layer.weight.data.copy_(torch.from_numpy(drawn).mul_(DEVIATION))
            index += 1
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.bias)
