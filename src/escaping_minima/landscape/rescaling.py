"""Other weights of the same function: what makes a minimum look sharper or flatter at no cost."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

#: Layers without weights through which a factor above 0 passes, in inference mode.
_PASSING = {"ReLU", "MaxPool2d", "Flatten", "Dropout", "HalfDropout", "NamedDropout"}


def rescale(network: nn.Sequential, alpha: float) -> None:
    """Multiply weights of a chain of layers, in place, so that it computes what it did.

    Two ways at once. Weights and biases of a layer right before batch normalisation times alpha,
    with the running mean times alpha and the variance, the constant added to it included, times
    alpha^2. And scale and shift of the last batch normalisation times alpha, with the weights of
    the dense layer that follows, behind nothing but ReLU, pooling and dropout, over alpha.

    Parameters
    ----------
    network : nn.Sequential
        In inference mode.
    alpha : float
        Above 0.

    Raises
    ------
    ValueError
        If there is no layer before batch normalisation, or no last pair.

    References
    ----------
    Dinh, Pascanu, Bengio and Bengio 2017, "Sharp Minima Can Generalize for Deep Nets", section 5.
    """
    import torch

    layers = list(network)
    before = [(a, b) for a, b in pairwise(layers) if _is_dense(a) and _is_norm(b)]
    if not before:
        raise ValueError("no layer before batch normalisation")
    last, following = _last_pair(layers)
    with torch.no_grad():
        for dense, norm in before:
            _scale_input(dense, norm, alpha)
        for parameter in (last.weight, last.bias):
            parameter.mul_(alpha)
        following.weight.div_(alpha)


def _scale_input(dense: Any, norm: Any, alpha: float) -> None:
    for parameter in dense.parameters():
        parameter.mul_(alpha)
    norm.running_mean.mul_(alpha)
    # the constant is added before the root: without it the function would change
    whole = norm.running_var.double().add_(norm.eps).mul_(alpha**2)
    norm.running_var.copy_(whole.sub_(norm.eps))


def _last_pair(layers: list[Any]) -> tuple[Any, Any]:
    """Return the last batch normalisation and the dense layer that follows it."""
    norms = [place for place, layer in enumerate(layers) if _is_norm(layer)]
    for place, layer in enumerate(layers[norms[-1] + 1 :], norms[-1] + 1):
        if _is_dense(layer):
            return layers[norms[-1]], layers[place]
        if type(layer).__name__ not in _PASSING:
            break
    raise ValueError("no dense layer behind the last batch normalisation and ReLU")


def _is_dense(layer: Any) -> bool:
    from torch import nn

    return isinstance(layer, nn.Conv2d | nn.Linear)


def _is_norm(layer: Any) -> bool:
    from torch import nn

    return isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
