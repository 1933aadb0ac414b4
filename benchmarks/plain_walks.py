"""Gradient walks as anyone would write them first: one network, modules, autograd, one loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - what everybody calls it

#: What one point of a walk records.
Recorded = tuple[float, ...]


def network(inputs: int, width: int, depth: int, outputs: int, bound: float) -> nn.Sequential:
    """Return a network of ELU units, all weights uniform within the bound."""
    layers: list[nn.Module] = []
    for before in [inputs] + [width] * (depth - 1):
        layers += [nn.Linear(before, width), nn.ELU()]
    net = nn.Sequential(*layers, nn.Linear(width, outputs))
    for parameter in net.parameters():
        nn.init.uniform_(parameter, -bound, bound)
    return net


def walk(
    net: nn.Module, judge: Callable[[], tuple[Tensor, Recorded]], step: float
) -> Iterator[Recorded]:
    """Walk for ever; yield loss, gradient norm and what else was judged, at every point.

    Parameters
    ----------
    net : Module
    judge : callable
        Returns the loss, with its graph, and what else is to be recorded.
    step : float
        The largest move of a coordinate.
    """
    parameters = list(net.parameters())
    while True:
        loss, further = judge()
        gradients = torch.autograd.grad(loss, parameters)
        norm = torch.cat([g.flatten() for g in gradients]).norm()
        yield (loss.item(), norm.item(), *further)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                length = step * torch.rand_like(parameter)
                parameter.add_(torch.where(gradient > 0, -length, length))


def xor_walk(width: int, depth: int, bound: float, step: float) -> Iterator[Recorded]:
    """Walk on the four patterns of XOR."""
    net = network(2, width, depth, 1, bound)
    inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    return walk(net, lambda: (F.binary_cross_entropy_with_logits(net(inputs), targets), ()), step)


def images_walk(
    width: int, depth: int, bound: float, step: float, splits: list[tuple[Tensor, Tensor]]
) -> Iterator[Recorded]:
    """Walk on minibatches of 100; splits are (images (n, 784), labels) for training and test."""
    net = network(784, width, depth, 10, bound)

    def judge() -> tuple[Tensor, Recorded]:
        (loss, share), (test_loss, test_share) = (_judge(net, *split) for split in splits)
        return loss, (share.item(), test_loss.item(), test_share.item())

    return walk(net, judge, step)


def _judge(net: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    drawn = torch.randint(len(images), (100,))
    outputs = net(images[drawn])
    loss = F.cross_entropy(outputs, labels[drawn])
    return loss, (outputs.argmax(1) == labels[drawn]).float().mean()
