"""Closed-form Hessians of small networks against the operators of curvlinops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from curvlinops import HessianLinearOperator
from torch import nn

from escaping_minima.landscape.curvature import eigenvalues, hessians
from escaping_minima.landscape.small_network import SmallNetwork


def module(network):
    sizes = [2, *[network.width] * network.depth]
    hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ELU())]
    return nn.Sequential(*hidden, nn.Linear(network.width, 1)).double()


def operators(network, point, parts=slice(None)):
    """Return the matrix of the library's operator at one point, of some of the tensors."""
    made = module(network)
    nn.utils.vector_to_parameters(point, made.parameters())
    inputs = torch.tensor(network.inputs).double()
    targets = torch.tensor(network.targets).double()[:, None]
    loss = nn.BCEWithLogitsLoss(reduction="mean")
    chosen = list(made.parameters())[parts]
    operator = HessianLinearOperator(made, loss, chosen, [(inputs, targets)])
    return operator @ torch.eye(operator.shape[1], dtype=torch.float64)


@pytest.mark.parametrize(("width", "depth"), [(2, 1), (2, 3), (4, 2), (20, 1)])
def test_hessians_are_those_of_a_library(width, depth):
    network = SmallNetwork(width, depth)
    generator = torch.Generator().manual_seed(3)
    w = 2 * torch.rand(3, network.parameters, generator=generator, dtype=torch.float64) - 1
    # a saturated network and one with dead units
    w[1] *= 60
    w[2, network.layers[0].bias] = -60
    for point, found in zip(w, hessians(network, w), strict=True):
        matrix = operators(network, point)
        assert matrix.abs().max() > 0
        torch.testing.assert_close(found, matrix, rtol=1e-10, atol=1e-13)


def test_eigenvalues_of_each_tensor_are_those_of_a_library():
    network = SmallNetwork(4, 2)
    generator = torch.Generator().manual_seed(4)
    w = 2 * torch.rand(2, network.parameters, generator=generator, dtype=torch.float64) - 1
    for point, found in zip(w, eigenvalues(network, w, "block"), strict=True):
        blocks = [operators(network, point, slice(i, i + 1)) for i in range(len(network.tensors))]
        expected = np.sort(np.concatenate([np.linalg.eigvalsh(b.numpy()) for b in blocks]))
        np.testing.assert_allclose(np.sort(found.numpy()), expected, rtol=1e-9, atol=1e-13)
