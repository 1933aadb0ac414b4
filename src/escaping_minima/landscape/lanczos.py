"""The largest eigenvalues of a symmetric matrix that is only known by its products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

#: A next vector shorter than this share of the matrix is rounding: the space is closed.
_CLOSED = 1e-7


class Spectrum(NamedTuple):
    """The upper end of a spectrum.

    Attributes
    ----------
    values : list of float
        The largest eigenvalues, in descending order; NaN where there are not so many, or where a
        product is not finite.
    residuals : list of float
        |A x - value x| of their unit vectors x: an eigenvalue lies as near, and much nearer where
        it stands apart, as the error is at most the residual squared over the gap.
    products : int
        How many were asked for.
    """

    values: list[float]
    residuals: list[float]
    products: int


def largest_eigenvalues(
    product: Callable[[Tensor], Tensor],
    start: Tensor,
    count: int,
    most: int,
    tolerance: float,
) -> Spectrum:
    """Find the largest eigenvalues by Lanczos, every vector made orthogonal to all before it.

    Parameters
    ----------
    product : callable
        From a vector (d,) in the dtype of ``start`` to the product (d,) in float64.
    start : Tensor of shape (d,)
        Not zero; what is orthogonal to it is never found. The basis is kept in its dtype.
    count : int
        How many.
    most : int
        Products at most.
    tolerance : float
        Stop once each residual is within this share of its eigenvalue's magnitude.

    Returns
    -------
    Spectrum

    References
    ----------
    Golub and Van Loan, Matrix Computations, 4th edition, section 10.3.
    """
    import torch

    most = min(most, len(start))
    basis = start.new_empty(most, len(start))
    diagonal: list[float] = []
    beside: list[float] = []
    vector = start.double()
    for done in range(most):
        basis[done] = vector / torch.linalg.vector_norm(vector)
        vector = product(basis[done])
        diagonal.append(float(vector @ basis[done].double()))
        vector = _orthogonal(vector, basis[: done + 1])
        beside.append(float(torch.linalg.vector_norm(vector)))
        if not math.isfinite(beside[-1]):
            return Spectrum([math.nan] * count, [math.nan] * count, done + 1)
        found, size = _ritz(diagonal, beside, count)
        settled = len(found) == count and all(r <= tolerance * abs(v) for v, r in found)
        if settled or beside[-1] <= _CLOSED * size:
            break
    missing = [math.nan] * (count - len(found))
    values, residuals = ([pair[place] for pair in found] for place in (0, 1))
    return Spectrum(values + missing, residuals + missing, len(diagonal))


def _orthogonal(vector: Tensor, basis: Tensor) -> Tensor:
    """Return a vector (d,) less what lies along a basis (k, d); twice is enough."""
    for _ in range(2):
        along = basis @ vector.to(basis.dtype)
        vector = vector - (along @ basis).double()
    return vector


def _ritz(
    diagonal: list[float], beside: list[float], count: int
) -> tuple[list[tuple[float, float]], float]:
    """Return (value, residual) of the largest eigenvalues, and the largest magnitude of all."""
    from scipy.linalg import eigh_tridiagonal

    values, vectors = eigh_tridiagonal(diagonal, beside[:-1])
    residuals = beside[-1] * abs(vectors[-1])
    pairs = [(float(v), float(r)) for v, r in zip(values, residuals, strict=True)]
    return pairs[::-1][:count], float(abs(values).max())
