"""A tiny network of every layer that the measured one has, its data, and its dense Hessian."""

from __future__ import annotations

import copy

import pytest
import torch
from curvlinops import HessianLinearOperator
from torch import nn
from torch.nn import functional

from escaping_minima.draws.dropout import HalfDropout
from escaping_minima.engine.flat_network import FlatNetwork

ITEMS = 24


class Rows:
    """A task of a few items."""

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets
        self.size = len(targets)

    def batch(self, rows):
        return self.inputs[rows], self.targets[rows]

    def loss(self, outputs, targets):
        return functional.cross_entropy(outputs, targets)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def tiny_module():
    """Return a network in inference mode; variances are as small as the constant added to them."""
    module = nn.Sequential(
        nn.Conv2d(2, 2, 3),
        nn.BatchNorm2d(2, eps=0.05),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(2, eps=0.05),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        HalfDropout(8),
        nn.Linear(8, 8),
        nn.BatchNorm1d(8, eps=0.05),
        nn.ReLU(inplace=True),
        HalfDropout(8),
        nn.Linear(8, 4),
    )
    generator = seeded(0)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.6)
            if "running_var" in name:
                tensor.abs_().mul_(0.2)
    for layer in module:
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            # no unit is off, or on, for all items
            layer.weight.data.abs_()
            layer.bias.data.mul_(0.1)
            layer.running_mean.mul_(0.1)
    return module.eval()


@pytest.fixture
def tiny_network(tiny_module):
    return FlatNetwork(tiny_module, torch.device("cpu"), torch.contiguous_format)


@pytest.fixture(scope="package")
def tiny_task():
    inputs = torch.randn(ITEMS, 2, 6, 6, generator=seeded(1))
    return Rows(inputs, torch.randint(4, (ITEMS,), generator=seeded(2)))


@pytest.fixture(scope="package")
def dense_hessian(tiny_task):
    """Return a function that gives a module's Hessian over some rows, by a library, in float64."""

    def made(module, rows):
        exact = copy.deepcopy(module).double()
        data = [(tiny_task.inputs[rows].double(), tiny_task.targets[rows])]
        operator = HessianLinearOperator(
            exact, nn.CrossEntropyLoss(), list(exact.parameters()), data
        )
        return operator @ torch.eye(operator.shape[1], dtype=torch.float64)

    return made
