"""How long runs take to a training loss that all of them reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.studies.batch_increase.measures import FINAL_SHARE

#: A run has reached the common level where it is within this of it, relative to it.
NEAR = 0.05
#: What rests on the runs of all strategies of a condition.
SHARED = ("common_level", "epochs_to_level", "updates_to_level")


def running_level(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of a curve over the last 5 percent of the epochs made so far.

    The window grows with the epochs, so that it delays early and late times by the same factor,
    which cancels in their ratio; its last entry is the final level.

    Parameters
    ----------
    curve : ndarray, shape (epochs + 1,)
        Entry 0 is the start.

    Returns
    -------
    ndarray, shape (epochs + 1,)
        Over at least one epoch; entry 0 is the start.
    """
    epoch = np.arange(1, len(curve))
    window = np.maximum(1, np.rint(FINAL_SHARE * epoch)).astype(int)
    # the curves of a lost run end in infinities
    with np.errstate(invalid="ignore"):
        sums = np.concatenate([[0.0], np.cumsum(curve[1:])])
        means = (sums[epoch] - sums[epoch - window]) / window
    return np.concatenate([curve[:1], means])


def times_to_common_level(curves: pd.DataFrame, cells: Sequence[str]) -> pd.DataFrame:
    """Return how long the runs of some cells take to a training loss that all of a seed reach.

    The common level is the highest of their final levels. A run has reached it at the first point
    of its curve that is within 5 percent of it; the time is interpolated between the points, on a
    logarithmic scale of the loss.

    A time to a run's own final level would be the same for fast and slow runs: 1 / t is within 5
    percent of its end after 95 percent of any time.

    Parameters
    ----------
    curves : DataFrame
        Rows of ``curves.parquet``, without runs that were lost.
    cells : sequence of str
        Ids. Seeds that one of them lacks are left out.

    Returns
    -------
    DataFrame
        ``cell``, ``seed`` and SHARED: the common level, and the epochs and updates to it.

    References
    ----------
    Shallue, C. J. et al. (2019). Measuring the effects of data parallelism on neural network
    training. JMLR 20(112).
    """
    rows: list[tuple[str, int, float, float, float]] = []
    for seed, runs in curves[curves["cell"].isin(list(cells))].groupby("seed"):
        found = dict(list(runs.groupby("cell")))
        if len(found) < len(set(cells)):
            continue
        level = max(float(run["train_loss_level"].iloc[-1]) for run in found.values())
        rows += [(cell, int(str(seed)), level, *_times(run, level)) for cell, run in found.items()]
    return pd.DataFrame(rows, columns=["cell", "seed", *SHARED])


def _times(run: pd.DataFrame, level: float) -> tuple[float, float]:
    """Return the epochs and the updates after which a run is near a level that it reaches."""
    levels, epochs, updates = (
        run[name].to_numpy(float) for name in ("train_loss_level", "epoch", "updates")
    )
    reached = (1.0 + NEAR) * level
    first = int((levels <= reached).argmax())
    if first == 0:
        return float(epochs[0]), float(updates[0])
    # a loss of exactly 0 has no logarithm: the time is then that of the point before
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after, wanted = np.log([levels[first - 1], levels[first], reached])
        share = (before - wanted) / (before - after)
    epoch, update = (t[first - 1] + share * (t[first] - t[first - 1]) for t in (epochs, updates))
    return float(epoch), float(update)
