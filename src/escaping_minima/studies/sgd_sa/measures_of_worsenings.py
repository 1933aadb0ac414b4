"""Medians of accepted and rejected worsenings from the histograms of a run.

In the last epochs SGD-SA keeps no worsening at all: what it keeps late is looked for where it still
keeps some.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.observers.annealing import A_DECADE, BINS, LEAST
from escaping_minima.studies.sgd_sa.measures_of_moves import window_length


def measure_worsenings(worsenings: pd.DataFrame, epochs: int) -> dict[str, float]:
    """Measure how large worsenings are that were accepted, and that were rejected.

    Parameters
    ----------
    worsenings : DataFrame
        One row an epoch and bin: ``epoch, bin, accepted, rejected``, as
        `escaping_minima.observers.annealing` counts them.
    epochs : int
        Of the run.

    Returns
    -------
    dict of float
        ``<accepted|rejected>_median_<early|last>``: log10 of the median worsening of the mean loss,
        see `histogram_quantile`, NaN where there was none; early and last are as `kept_windows`
        says.
    """
    return {
        f"{kind}_median_{when}": histogram_quantile(_counts(rows, kind), 0.5)
        for when, rows in kept_windows(worsenings, epochs).items()
        for kind in ("accepted", "rejected")
    }


def kept_windows(worsenings: pd.DataFrame, epochs: int) -> dict[str, pd.DataFrame]:
    """Return the rows of the first epochs, and of the last ones in which a worsening was kept.

    Parameters
    ----------
    worsenings : DataFrame
        See `measure_worsenings`.
    epochs : int
        Of the run.

    Returns
    -------
    dict of DataFrame
        ``early``: the first tenth of the epochs, at least one; ``last``: as many, up to and with
        the last epoch in which a worsening was kept. A run that keeps none has no last rows.
    """
    length = window_length(epochs)
    kept = worsenings.loc[worsenings["accepted"] > 0, "epoch"]
    end = int(kept.max()) if len(kept) else 0
    epoch = worsenings["epoch"]
    return {
        "early": worsenings[epoch <= length],
        "last": worsenings[(epoch > end - length) & (epoch <= end)],
    }


def histogram_quantile(counts: NDArray[np.float64], share: float) -> float:
    """Return log10 of a quantile of what a histogram has counted, NaN if that is nothing.

    Parameters
    ----------
    counts : ndarray, shape (BINS,)
        Bin i holds what is below 10^(LEAST + i / A_DECADE) and in no bin before; it is spread
        evenly over the bin in log10. The first and the last bin have one edge: a quantile in
        them is put there.
    share : float
        Of the counts that lie below it, above 0; one half is the median.
    """
    total = counts.sum()
    if not total > 0:
        return math.nan
    wanted = share * total
    below = np.concatenate([[0.0], np.cumsum(counts)])
    place = int(np.argmax(below[1:] >= wanted))
    within = (wanted - below[place]) / counts[place]
    position = float(np.clip(place - 1 + within, 0, BINS - 2)) if place else 0.0
    return LEAST + position / A_DECADE


def _counts(rows: pd.DataFrame, kind: str) -> NDArray[np.float64]:
    weights = rows[kind].to_numpy(np.float64)
    counts = np.bincount(rows["bin"].to_numpy(np.int64), weights, minlength=BINS)
    return np.asarray(counts, dtype=np.float64)
