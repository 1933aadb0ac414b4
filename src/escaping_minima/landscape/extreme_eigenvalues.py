"""Both ends of the spectrum of a symmetric matrix that is only known by its products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from escaping_minima.landscape.lanczos import largest_eigenvalues

if TYPE_CHECKING:
    from torch import Tensor


class Ends(NamedTuple):
    """The ends of a spectrum.

    Attributes
    ----------
    lowest, highest : float
        NaN where a product is not finite. The true ends lie further out, never further in.
    lowest_residual, highest_residual : float
        As `escaping_minima.landscape.lanczos.Spectrum` has them.
    """

    lowest: float
    highest: float
    lowest_residual: float
    highest_residual: float


def extreme_eigenvalues(product: Callable[[Tensor], Tensor], start: Tensor, products: int) -> Ends:
    """Find the lowest and the highest eigenvalue by one run of Lanczos of a fixed length.

    Parameters
    ----------
    product : callable
        From a vector (d,) in the dtype of ``start`` to the product (d,) in float64.
    start : Tensor of shape (d,)
        Not zero.
    products : int
        How many are asked for; fewer where these find all that there is.
    """
    # a tolerance of 0 for as many values as there are products: the run ends with the last of them
    found = largest_eigenvalues(product, start, products, products, 0.0)
    pairs = [p for p in zip(found.values, found.residuals, strict=True) if math.isfinite(p[0])]
    if not pairs:
        return Ends(math.nan, math.nan, math.nan, math.nan)
    (highest, above), (lowest, below) = pairs[0], pairs[-1]
    return Ends(lowest, highest, below, above)
