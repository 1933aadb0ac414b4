"""The upper end of spectra by Lanczos against LAPACK's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from escaping_minima.landscape.lanczos import largest_eigenvalues


def symmetric(eigenvalues, seed=0):
    generator = torch.Generator().manual_seed(seed)
    n = len(eigenvalues)
    q, _ = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))
    return q @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ q.T


def start(n, dtype=torch.float64):
    return torch.randn(n, generator=torch.Generator().manual_seed(1), dtype=dtype)


def test_largest_eigenvalues_are_those_of_lapack():
    """With a large negative one, which is largest in magnitude and must not be taken."""
    matrix = symmetric([-50.0, 30.0, 20.0, 10.0, *np.linspace(-1, 1, 200)])
    found = largest_eigenvalues(lambda v: matrix @ v, start(204), 3, 60, 1e-9)
    exact = torch.linalg.eigvalsh(matrix).flip(0)[:3]
    assert found.values == pytest.approx(exact.tolist(), rel=1e-12)
    assert found.products < 40


@pytest.mark.parametrize("tolerance", [0.1, 1e-3])
def test_residuals_are_those_of_the_vectors_and_bound_the_error(tolerance):
    matrix = symmetric(np.linspace(0, 1, 150) ** 4)
    asked = []

    def product(v):
        asked.append(v.clone())
        return matrix @ v

    found = largest_eigenvalues(product, start(150), 2, 150, tolerance)
    assert len(asked) == found.products < 100
    exact = torch.linalg.eigvalsh(matrix)
    basis = torch.stack(asked)
    _, within = torch.linalg.eigh(basis @ matrix @ basis.T)
    for place, (value, residual) in enumerate(
        zip(found.values, found.residuals, strict=True), start=1
    ):
        x = basis.T @ within[:, -place]
        assert residual == pytest.approx(float((matrix @ x - value * x).norm()), rel=1e-6)
        assert residual <= tolerance * abs(value)
        assert float((exact - value).abs().min()) <= residual
    # one product fewer would not have been enough
    fewer = largest_eigenvalues(product, start(150), 2, found.products - 1, tolerance)
    pairs = zip(fewer.values, fewer.residuals, strict=True)
    assert any(residual > tolerance * abs(value) for value, residual in pairs)


def test_float32_gives_as_many_digits_as_it_has_and_finds_nothing_twice():
    """Without orthogonality the largest eigenvalue would come again and again."""
    matrix = symmetric([1000.0, 2.0, *np.linspace(0, 1, 300)])
    single = matrix.float()
    found = largest_eigenvalues(
        lambda v: (single @ v).double(), start(302, torch.float32), 2, 80, 1e-6
    )
    assert found.values == pytest.approx([1000.0, 2.0], rel=1e-4)


def test_a_small_matrix_gives_all_that_it_has():
    matrix = symmetric([3.0, 2.0])
    found = largest_eigenvalues(lambda v: matrix @ v, start(2), 3, 60, 1e-9)
    assert found.values[:2] == pytest.approx([3.0, 2.0])
    assert math.isnan(found.values[2])
    assert math.isnan(found.residuals[2])
    assert found.products == 2


def test_a_closed_space_ends_the_search():
    """A start of two eigenvectors finds two eigenvalues, with two products."""
    matrix = torch.diag(torch.arange(6, dtype=torch.float64))
    begin = torch.tensor([0.0, 0, 1, 0, 0, 1], dtype=torch.float64)
    found = largest_eigenvalues(lambda v: matrix @ v, begin, 3, 6, 1e-9)
    assert found.values[:2] == pytest.approx([5.0, 2.0])
    assert found.products == 2


def test_products_that_are_no_numbers_give_none():
    found = largest_eigenvalues(lambda v: v.double() * math.nan, start(5), 2, 5, 0.1)
    assert all(math.isnan(v) for v in (*found.values, *found.residuals))
    assert found.products == 1


def test_a_matrix_of_zeros_has_the_eigenvalue_zero():
    found = largest_eigenvalues(lambda v: torch.zeros_like(v), start(5), 1, 5, 0.1)
    assert found.values == [0.0]
