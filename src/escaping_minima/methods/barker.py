"""Barker's test of a move whose loss is an estimate: how the noise of the estimate is made good.

A move is kept where Delta + V > 0, V logistic: with probability 1 / (1 + exp(-Delta)). An estimate
of Delta has a normal error of its own. Another normal makes its deviation 1, and a correction is
drawn so that it and a standard normal together are logistic.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

#: The density of the correction is constant within this many cells between -REACH and REACH, and
#: 0 outside; both are even.
CELLS, REACH = 240, 12.0
#: How much further the sum is compared with a logistic variable, and at how many places.
_MARGIN, _PLACES = 4.0, 1201


@cache
def correction() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return borders of cells and the distribution function of the correction at them.

    Returns
    -------
    tuple of two ndarray of shape (CELLS + 1,)
        Between borders the function is a straight line.

    References
    ----------
    Seita, Pan, Chen and Canny 2017 (arXiv 1610.06848), who compute the correction for Algorithm 1
    by a deconvolution on a grid, with a ridge penalty and negative densities set to 0. Here it is
    one by non-negative least squares.
    """
    from scipy.optimize import nnls
    from scipy.special import expit

    borders = np.linspace(-REACH, REACH, CELLS + 1)
    places = np.linspace(-REACH - _MARGIN, REACH + _MARGIN, _PLACES)
    each = _distributions(places, borders)
    half = CELLS // 2
    # cells at both sides of 0 have the same mass
    both = each[:, half:] + each[:, :half][:, ::-1]
    masses, _ = nnls(both, expit(places))
    whole = np.concatenate([masses[::-1], masses])
    return borders, np.concatenate([[0.0], np.cumsum(whole / whole.sum())])


def draw_correction(uniform: Tensor) -> Tensor:
    """Return the correction at which its distribution function has these values, elementwise.

    Parameters
    ----------
    uniform : Tensor
        In [0, 1).
    """
    import torch

    borders, reached = (torch.from_numpy(t).to(uniform.device) for t in correction())
    wanted = uniform.double()
    # the last border that is not above, so that cells without mass are never met
    cell = torch.searchsorted(reached, wanted, right=True).sub_(1).clamp_(0, CELLS - 1)
    low, high = reached[cell], reached[cell + 1]
    within = (wanted - low) / (high - low)
    return (borders[cell] + within * (borders[cell + 1] - borders[cell])).to(uniform.dtype)


def draw_logistic(uniform: Tensor) -> Tensor:
    """Return the logistic values at which its distribution function has these values."""
    return uniform.log() - uniform.neg().log1p_()


def draw_normal(uniform: Tensor) -> Tensor:
    """Return the standard normal values at which its distribution function has these values."""
    return uniform.mul(2.0).sub_(1.0).erfinv_().mul_(2.0**0.5)


def _distributions(
    places: NDArray[np.float64], borders: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return P(normal + uniform in the cell <= place), (places, cells)."""
    from scipy.special import ndtr

    away = places[:, None] - borders
    integral = away * ndtr(away) + np.exp(-away * away / 2) / np.sqrt(2 * np.pi)
    found: NDArray[np.float64] = -np.diff(integral, axis=1) / np.diff(borders)
    return found
