"""How points of walks are binned: in log10 of loss and gradient norm."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Bins of a block in a factor of ten, and how many there are, from 10^LOWEST on; the first takes
#: what lies below, the last what is not finite.
FINE, LOWEST, FINE_BINS = 20, -9, 360
#: Bins of collected tables in a factor of ten: so many fine ones make one.
COARSE = 10
#: Sums of logarithms are published as whole numbers of these parts of 1.
LOG_PARTS = 1000


def centres(bins: NDArray[np.int64], a_decade: int = FINE) -> NDArray[np.float64]:
    """Return log10 of the middle of bins."""
    return (np.asarray(bins) + 0.5) / a_decade + LOWEST


def log_bins(values: NDArray[np.float64], a_decade: int = COARSE) -> NDArray[np.int64]:
    """Return the bins of values."""
    last = FINE_BINS * a_decade // FINE - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        place = np.floor(a_decade * (np.log10(values) - LOWEST))
    place = np.where(np.isfinite(values), np.nan_to_num(place), last)
    return np.asarray(np.clip(place, 0, last), dtype=np.int64)


def percentile(cloud: pd.DataFrame, column: str, percent: float) -> float:
    """Return log10 of a percentile of the points of a cloud, evenly spread within each bin.

    Parameters
    ----------
    cloud : DataFrame
        ``count`` and the column.
    column : str
        "loss_bin" or "gradient_bin".
    percent : float
    """
    counts = np.bincount(cloud[column], cloud["count"], FINE_BINS)
    below = np.concatenate([[0.0], np.cumsum(counts)])
    wanted = percent / 100.0 * below[-1]
    place = int(np.searchsorted(below, wanted, side="left")) - 1
    place = max(place, int(np.flatnonzero(counts)[0]))
    within = (wanted - below[place]) / counts[place]
    return float((place + within) / FINE + LOWEST)


def coarse(cloud: pd.DataFrame) -> pd.DataFrame:
    """Return a cloud in coarse bins, the sums of logarithms in whole parts.

    Parameters
    ----------
    cloud : DataFrame
        ``loss_bin``, ``gradient_bin``, ``count`` and ``test_log``, in fine bins.
    """
    bins = {name: cloud[name].to_numpy() * COARSE // FINE for name in ("loss_bin", "gradient_bin")}
    sums = cloud.assign(**bins).groupby(list(bins), sort=True)[["count", "test_log"]].sum()
    found = sums.reset_index()
    found["test_log"] = (LOG_PARTS * found["test_log"]).round()
    types = {**dict.fromkeys(bins, np.int16), "count": np.int64, "test_log": np.int64}
    return found.astype(types)
