"""The small matrices have the eigenvalues of the large ones, on degenerate points as well."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.landscape.curvature import hessians, signs
from escaping_minima.landscape.derivatives import passes
from escaping_minima.landscape.reduction import inertia, is_reducible, reduced_hessians
from escaping_minima.landscape.small_network import SmallNetwork


def points(network):
    """Return weights that are random, saturated, zero, constant, and of dead first units."""
    generator = torch.Generator().manual_seed(0)
    w = torch.rand(5, network.parameters, generator=generator, dtype=torch.float64) * 2 - 1
    w[1] *= 30
    w[2] = 0
    w[3] = 0.5
    w[4, network.layers[0].matrix], w[4, network.layers[0].bias] = 0, -60
    return w


@pytest.mark.parametrize(("width", "depth", "size"), [(5, 2, 49), (7, 3, 117), (20, 2, 229)])
def test_all_eigenvalues_that_are_not_zero_are_those_of_numpy(width, depth, size):
    network = SmallNetwork(width, depth)
    w = points(network)
    exact = np.linalg.eigvalsh(hessians(network, w).numpy())
    lower = reduced_hessians(passes(network, w.T.contiguous())).numpy()
    assert lower.shape[1:] == (size, size)
    small = np.linalg.eigvalsh(lower)
    padded = np.sort(np.pad(small, ((0, 0), (0, network.parameters - size))), axis=1)
    assert (np.abs(padded - exact) <= 2e-14 * np.abs(exact).max(1, keepdims=True)).all()


@pytest.mark.parametrize(("width", "depth"), [(2, 1), (4, 3), (7, 2), (20, 2)])
@pytest.mark.parametrize("tolerance", [1e-9, 1e-6, 1e-3])
def test_counts_are_those_of_numpy_for_every_tolerance(width, depth, tolerance):
    network = SmallNetwork(width, depth)
    assert is_reducible(network) == (width > 4)
    w = points(network)
    exact = torch.from_numpy(np.linalg.eigvalsh(hessians(network, w).numpy()))
    expected = signs(exact, tolerance)
    found = inertia(network, w, tolerance)
    assert [x.tolist() for x in found] == [x.tolist() for x in expected]


def test_what_is_not_finite_has_no_counts_and_float32_is_refused():
    network = SmallNetwork(7, 2)
    w = points(network)
    w[0, 0] = torch.nan
    # the others are counted all the same
    found = inertia(network, w, 1e-6)
    assert sum(found).tolist() == [0] + [network.parameters] * 4
    with pytest.raises(ValueError, match=r"torch.float32; allowed: torch.float64"):
        inertia(network, w.float(), 1e-6)
