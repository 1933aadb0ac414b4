"""Both ends of spectra by one Lanczos run against those of LAPACK."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from escaping_minima.landscape.extreme_eigenvalues import extreme_eigenvalues


def symmetric(eigenvalues):
    generator = torch.Generator().manual_seed(0)
    n = len(eigenvalues)
    q, _ = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))
    return q @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ q.T


def start(n):
    return torch.randn(n, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_both_ends_are_those_of_lapack_with_as_many_products_as_asked_for():
    matrix = symmetric([-7.0, -1.0, *np.linspace(-0.5, 2, 150), 30.0])
    asked = []

    def product(v):
        asked.append(v)
        return matrix @ v

    found = extreme_eigenvalues(product, start(153), 30)
    assert (found.lowest, found.highest) == pytest.approx((-7.0, 30.0), rel=1e-9)
    assert len(asked) == 30
    assert found.lowest_residual < 1e-3
    assert found.highest_residual < 1e-6


def test_ends_lie_within_the_spectrum_and_residuals_bound_what_is_missing():
    matrix = symmetric(np.linspace(-3, 5, 200))
    exact = torch.linalg.eigvalsh(matrix)
    found = extreme_eigenvalues(lambda v: matrix @ v, start(200), 6)
    assert -3 < found.lowest < 0 < found.highest < 5
    for value, residual in (
        (found.lowest, found.lowest_residual),
        (found.highest, found.highest_residual),
    ):
        assert float((exact - value).abs().min()) <= residual


def test_a_matrix_with_fewer_dimensions_than_products_has_its_own_ends():
    matrix = symmetric([-2.0, 1.0, 3.0])
    found = extreme_eigenvalues(lambda v: matrix @ v, start(3), 20)
    assert (found.lowest, found.highest) == pytest.approx((-2.0, 3.0))
    # an eigenvector alone: the space is closed with one value
    one = torch.diag(torch.tensor([4.0, 9.0], dtype=torch.float64))
    found = extreme_eigenvalues(lambda v: one @ v, torch.tensor([1.0, 0.0]).double(), 5)
    assert (found.lowest, found.highest) == (4.0, 4.0)


def test_products_that_are_no_numbers_give_none():
    found = extreme_eigenvalues(lambda v: v * math.nan, start(4), 3)
    assert all(math.isnan(value) for value in found)
