"""Directions in which slices of networks with unlike weights can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def normalise_filters(direction: Sequence[Tensor], weights: Sequence[Tensor]) -> None:
    """Give each filter of a direction the length of the network's own, in place.

    A filter is all that leads to one output of a convolution or dense layer. What has one axis,
    biases and the scales and shifts of batch normalisation, is not moved.

    Parameters
    ----------
    direction, weights : sequence of Tensor
        Tensor by tensor of a network.

    References
    ----------
    Li, Xu, Taylor, Studer and Goldstein 2018, "Visualizing the Loss Landscape of Neural Nets",
    section 4.
    """
    import torch

    for drawn, own in zip(direction, weights, strict=True):
        if own.ndim == 1:
            drawn.zero_()
            continue
        axes = tuple(range(1, own.ndim))
        length = torch.linalg.vector_norm(own, dim=axes, keepdim=True)
        drawn.mul_(length / torch.linalg.vector_norm(drawn, dim=axes, keepdim=True))
