"""What sides of records are that are no single measure of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

#: Of normal values the standard deviation over the median distance from their median.
NORMAL = 1.0 / NormalDist().inv_cdf(0.75)
#: A fall of the loss is large from this share on of the largest that the gradient gives.
LARGE_FALL = 0.1
#: Points of test accuracy an epoch from which on a run passes an accuracy quickly. The drawing of
#: 5,120 images makes training accuracies err by up to 0.7 points.
QUICK = 1.0
_CURVES = ("epoch", "train_accuracy", "test_accuracy")


def deviations(values: pd.Series[float]) -> pd.Series[float]:
    """Return how far each run lies from the median of all, times `NORMAL`.

    Their median is the median absolute deviation, made the standard deviation of normal runs. Where
    two sides are compared it is their mean that is judged, which is no such thing: of normal runs
    it is 1.18 standard deviations, and one run far out enters it in full. Either says how far runs
    scatter also where most of them agree and the logarithm of a spread would be no number.

    Parameters
    ----------
    values : Series of float
        A measure by seed.
    """
    return NORMAL * (values - values.median()).abs()


@dataclass(frozen=True)
class Matched:
    """A run where it is trained as well as another one ends.

    Attributes
    ----------
    epoch : float
        Between two epochs where it is interpolated; NaN, as all, where there is no such place.
    train_accuracy, gap : float
        In percent; training less test accuracy there, in points.
    """

    epoch: float = math.nan
    train_accuracy: float = math.nan
    gap: float = math.nan


def match_training(run: pd.DataFrame, to: pd.DataFrame) -> Matched:
    """Return a run where it is first trained as well as another one ends.

    Training accuracies are of images that each epoch draws anew. The first epoch with at least the
    other run's accuracy tends to be one whose images were easy, so its gap would come out too
    large, by 0.2 to 0.9 points. Where a run improves by less than `QUICK` an epoch, that epoch only
    says where to look, and the gap is that of the next one. Where it improves faster, the next one
    is trained better, and the run passes that accuracy between the epoch found and the one before:
    there test accuracy is interpolated in training accuracy. Which of the two is done, the test
    accuracies say, whose images are always the same. A simulation of both is among the tests.

    Parameters
    ----------
    run, to : DataFrame
        Curves by epoch, all of them: ``epoch``; ``train_accuracy``, ``test_accuracy`` in percent.

    Returns
    -------
    Matched
        NaN where the run is never trained as well, only in its last epoch (there is no next one),
        or before it is trained at all.
    """
    epochs, train, test = (run[name].to_numpy(float) for name in _CURVES)
    wanted = float(to["train_accuracy"].iloc[-1])
    (reached,) = np.nonzero(train >= wanted)
    first = int(reached[0]) if len(reached) else 0
    after = first + 1
    if not first or after == len(train):
        return Matched()
    if (test[after] - test[first - 1]) / 2 < QUICK:
        return Matched(float(epochs[after]), train[after], train[after] - test[after])
    step = slice(first - 1, after)
    place, level = (np.interp(wanted, train[step], values[step]) for values in (epochs, test))
    return Matched(float(place), wanted, wanted - float(level))


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
