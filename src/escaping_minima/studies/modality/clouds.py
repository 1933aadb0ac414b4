"""Binned clouds of losses and gradient norms: one network and setting as a picture's numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.studies.modality.bins import COARSE, LOWEST

_Values = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """Which decades a picture shows: what is smaller stands in its first bins, nothing is left out.

    Attributes
    ----------
    loss_low, loss_high, gradient_low, gradient_high : int
        Powers of ten.
    """

    loss_low: int
    loss_high: int
    gradient_low: int
    gradient_high: int

    @property
    def shape(self) -> tuple[int, int]:
        """Bins of the gradient norm, bins of the loss."""
        return (
            COARSE * (self.gradient_high - self.gradient_low),
            COARSE * (self.loss_high - self.loss_low),
        )

    @property
    def extent(self) -> tuple[int, int, int, int]:
        """Left, right, lower and upper end, as powers of ten."""
        return self.loss_low, self.loss_high, self.gradient_low, self.gradient_high


def window_of(clouds: pd.DataFrame, floor: int) -> Window:
    """Return whole decades that hold all points, none below a floor.

    Parameters
    ----------
    clouds : DataFrame
        ``loss_bin``, ``gradient_bin``.
    floor : int
        A power of ten.
    """
    ends = []
    for column in ("loss_bin", "gradient_bin"):
        low = LOWEST + int(clouds[column].min()) // COARSE
        high = LOWEST + int(clouds[column].max()) // COARSE + 1
        ends += [min(max(low, floor), high - 1), high]
    return Window(*ends)


def fill(cloud: pd.DataFrame, column: str, window: Window) -> _Values:
    """Sum a column of a cloud over the bins of a window.

    Parameters
    ----------
    cloud : DataFrame
        ``loss_bin``, ``gradient_bin`` and the column.
    column : str
    window : Window

    Returns
    -------
    ndarray, shape window.shape
        What lies below the window is in its first bins.

    Raises
    ------
    IndexError
        If something lies above the window.
    """
    sums = np.zeros(window.shape)
    places = tuple(
        np.maximum(cloud[name].to_numpy(int) - COARSE * (low - LOWEST), 0)
        for name, low in (("gradient_bin", window.gradient_low), ("loss_bin", window.loss_low))
    )
    np.add.at(sums, places, cloud[column].to_numpy(float))
    return sums


def strength(counts: _Values) -> _Values:
    """Return how dark bins are: 0 where empty, from some grey to 1 by the logarithm of counts."""
    most = np.log1p(counts.max(initial=0.0))
    if not most:
        return np.zeros_like(counts)
    pale = 0.3
    scaled: _Values = np.where(counts > 0, pale + (1 - pale) * np.log1p(counts) / most, 0.0)
    return scaled
