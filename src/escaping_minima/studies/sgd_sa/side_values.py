"""What sides of records are that are no single measure of a run."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

#: Of normal values the standard deviation over the median distance from their median.
NORMAL = 1.0 / NormalDist().inv_cdf(0.75)
#: A fall of the loss is large from this share on of the largest that the gradient gives.
LARGE_FALL = 0.1


def deviations(values: pd.Series[float]) -> pd.Series[float]:
    """Return how far each run lies from the median of all, in standard deviations of normal ones.

    Their median is what is known as the median absolute deviation, times `NORMAL`. It says how far
    runs scatter also where most of them agree, and their logarithm would not.

    Parameters
    ----------
    values : Series of float
        A measure by seed.
    """
    return NORMAL * (values - values.median()).abs()


def matched_gap(run: pd.DataFrame, to: pd.DataFrame) -> float:
    """Return training less test accuracy of a run once it is trained as well as another ends.

    Parameters
    ----------
    run, to : DataFrame
        Curves by epoch, all of them: ``train_accuracy``, ``test_accuracy`` in percent.

    Returns
    -------
    float
        In points, after the first epoch at which the run has at least the training accuracy that
        the other one ends with; NaN where it never has.
    """
    reached = run[run["train_accuracy"] >= to["train_accuracy"].iloc[-1]]
    if reached.empty:
        return math.nan
    first = reached.iloc[0]
    return float(first["train_accuracy"]) - float(first["test_accuracy"])


def falls(table: pd.DataFrame, direction: str) -> pd.DataFrame:
    """Return how often steps in a direction lower the loss of their minibatch, by seed.

    Parameters
    ----------
    table : DataFrame
        One row a seed, batch and rate: ``gradient_change``, ``random_change`` of the loss by steps
        of one length.
    direction : {"gradient", "random"}

    Returns
    -------
    DataFrame
        By seed, in percent of the steps: ``falls``, that lower the loss or leave it;
        ``large_falls``, that lower it by `LARGE_FALL` or more of the largest fall along the
        gradient. Batches on which no gradient step lowers the loss have no largest fall and are
        left out of the latter.
    """
    best = -table.groupby(["seed", "batch"])["gradient_change"].transform("min")
    fall = -table[f"{direction}_change"]
    large = pd.Series(np.where(best > 0.0, fall >= LARGE_FALL * best, np.nan), table.index)
    counted = pd.DataFrame({"seed": table["seed"], "falls": fall >= 0.0, "large_falls": large})
    return 100.0 * counted.astype({"falls": float}).groupby("seed").mean()
