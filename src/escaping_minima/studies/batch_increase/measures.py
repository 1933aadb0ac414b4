"""What the claims rest on: numbers from the whole curve of one run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.collect.decimals import shortest_decimals
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES

#: Share of the epochs whose mean is a run's final level; also the window of every moving mean.
FINAL_SHARE = 0.05
#: Share of the epochs, at the end, over which a trend is taken.
TREND_SHARE = 0.1

_Curve = NDArray[np.float64]
_LEVELS = ("train_loss", "train_error", "test_loss", "test_error")


def measure_run(table: pd.DataFrame, images: int) -> dict[str, float]:
    """Measure one run.

    Every level is a mean over a window of 5 percent of the epochs (at least 1), and a smoothed
    curve is the moving mean over such windows, so that its last point is the final level.

    Parameters
    ----------
    table : DataFrame
        One row an epoch, epoch 0 being the start: ``epoch, batch_size, updates, running_loss,
        train_loss, train_error, test_loss, test_error, parameter_min, parameter_max, weight_min,
        weight_max``; as it is published, in float32, so that whoever has the whole of a published
        curve has its measures too, bit by bit.
    images : int
        How many it is trained on.

    Returns
    -------
    dict of float
        ``diverged`` (a loss was not finite; the measures are then NaN), ``epochs``, ``updates``
        and

        - ``final_<test|train>_<loss|error>``: the final level;
        - ``final_running_loss``: that of the mean loss of an epoch's batches while training, with
          dropout and the batches' own statistics;
        - ``min_test_<loss|error>``: the least of single epochs, with ``min_test_loss_epoch``;
        - ``smooth_min_epoch``: the middle of the window with the least mean test loss;
        - ``test_loss_climb``: final test loss above that of the first window behind that one, in
          percent of it (see `_climb`);
        - ``train_loss_meanwhile``: 100 ln(final training loss / its mean in the same window);
        - ``test_loss_sd``: standard deviation in the second half of the epochs of the test loss
          minus its centred moving mean over 5 percent of the epochs (an odd number, at least 3);
        - ``test_loss_jump``: mean absolute change from one epoch to the next, in the second half;
        - ``<test|train>_loss_trend``: change of the least-squares line over the last tenth of the
          epochs (at least 2), in percent of the mean there; of a loss that goes as t^-k it is about
          -10.5 k percent, however long the run is;
        - ``epoch_at_updates_<N2>`` and ``test_<loss|error>_at_updates_<N2>``: at the last epoch
          that ends within the updates of a whole run with the fixed size N2; NaN where the
          first epoch takes more than those;
        - ``<parameter|weight>_<min|max>``: over all epochs.

        NaN where a curve is too short.
    """
    run = _Run.read(table)
    lost = run.diverged
    # the curves of a lost run end in infinities, and what they give is thrown away
    with np.errstate(all="ignore"):
        found = _levels(run) | _climb(run) | _scatter(run) | _trends(run)
        found |= _at_equal_updates(run, images) | _extrema(table)
    measures = {name: math.nan if lost else value for name, value in found.items()}
    return {"diverged": float(lost), "epochs": run.epochs, "updates": run.updates[-1]} | measures


@dataclass(frozen=True)
class _Run:
    """The curves of a run from epoch 1 on; the untrained network of epoch 0 is no result."""

    diverged: bool
    batch_size: _Curve
    updates: _Curve
    running_loss: _Curve
    train_loss: _Curve
    train_error: _Curve
    test_loss: _Curve
    test_error: _Curve

    @staticmethod
    def read(table: pd.DataFrame) -> _Run:
        names = ("batch_size", "updates", "running_loss", *_LEVELS)
        trained = table[table["epoch"] > 0]
        losses = table[["train_loss", "test_loss"]].to_numpy(float)
        running = trained["running_loss"].to_numpy(float)
        diverged = not (np.isfinite(losses).all() and np.isfinite(running).all())
        # a run that is lost before its first epoch has nothing but its start
        rows = trained if len(trained) else table
        return _Run(diverged, *(_numbers(rows[name]) for name in names))

    @property
    def epochs(self) -> int:
        return len(self.test_loss)

    @property
    def window(self) -> int:
        """Epochs in a window."""
        return max(1, round(FINAL_SHARE * self.epochs))


def _numbers(column: pd.Series[float]) -> _Curve:
    """Return a column in float64; errors as the decimals that they were."""
    if str(column.name).endswith("_error"):
        return shortest_decimals(column)
    return np.asarray(column, dtype=np.float64)


def _smooth(curve: _Curve, window: int) -> _Curve:
    """Return the mean of each window; entry i is of epochs i + 1 .. i + window."""
    return np.convolve(curve, np.full(window, 1.0 / window), mode="valid")


def _percent(value: float, base: float) -> float:
    return 100.0 * (value / base - 1.0) if base > 0.0 else math.nan


def _log_percent(value: float, base: float) -> float:
    return 100.0 * math.log(value / base) if value > 0.0 and base > 0.0 else math.nan


def _levels(run: _Run) -> dict[str, float]:
    names = (*_LEVELS, "running_loss")
    final = {f"final_{name}": float(getattr(run, name)[-run.window :].mean()) for name in names}
    return final | {
        "min_test_loss": float(run.test_loss.min()),
        "min_test_error": float(run.test_error.min()),
        "min_test_loss_epoch": 1.0 + int(run.test_loss.argmin()),
    }


def _climb(run: _Run) -> dict[str, float]:
    """Find the window of the least mean test loss, and how far the loss climbs behind it.

    The lowest of many windows is low by chance as well: a level curve lies above it at its end,
    the more the more it scatters. So the climb is measured from the first window that does not
    overlap with the lowest one, which nothing chose. It has to end before the last window begins;
    where the lowest one lies too near the end for that, the window before it stands in, and a
    curve that still falls has a climb below 0.
    """
    window = run.window
    test, train = (_smooth(curve, window) for curve in (run.test_loss, run.train_loss))
    lowest, last = int(test.argmin()), len(test) - 1
    base = lowest + window if lowest + 2 * window <= last else lowest - window
    found = {"smooth_min_epoch": 1.0 + lowest + (window - 1) / 2}
    if base < 0:
        return found | {"test_loss_climb": math.nan, "train_loss_meanwhile": math.nan}
    return found | {
        "test_loss_climb": _percent(float(test[-1]), float(test[base])),
        "train_loss_meanwhile": _log_percent(float(train[-1]), float(train[base])),
    }


def _scatter(run: _Run) -> dict[str, float]:
    half = run.epochs // 2
    jumps = np.abs(np.diff(run.test_loss[half:]))
    window = max(3, run.window | 1)
    reach = window // 2
    residual = np.array([])
    if run.epochs >= window:
        middle = run.test_loss[reach : run.epochs - reach]
        # the first entry is of epoch reach + 1
        residual = (middle - _smooth(run.test_loss, window))[max(0, half - reach) :]
    return {
        "test_loss_sd": float(residual.std(ddof=1)) if len(residual) > 1 else math.nan,
        "test_loss_jump": float(jumps.mean()) if len(jumps) else math.nan,
    }


def _trends(run: _Run) -> dict[str, float]:
    return {
        "test_loss_trend": _trend(run.test_loss),
        "train_loss_trend": _trend(run.train_loss),
    }


def _trend(curve: _Curve) -> float:
    length = max(2, round(TREND_SHARE * len(curve)))
    end = curve[-length:]
    if len(end) < length or not end.mean() > 0.0:
        return math.nan
    time = np.arange(length) - (length - 1) / 2
    slope = float(time @ end) / float(time @ time)
    return 100.0 * slope * (length - 1) / float(end.mean())


def _at_equal_updates(run: _Run, images: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for n2 in FIXED_SIZES:
        # the updates of a run of as many epochs with this fixed size
        budget = run.epochs * math.ceil(images / n2)
        within = int(np.searchsorted(run.updates, budget, side="right"))
        found[f"epoch_at_updates_{n2}"] = float(within) if within else math.nan
        for name in ("test_loss", "test_error"):
            value = float(getattr(run, name)[within - 1]) if within else math.nan
            found[f"{name}_at_updates_{n2}"] = value
    return found


def _extrema(table: pd.DataFrame) -> dict[str, float]:
    return {
        f"{what}_{end}": float(getattr(table[f"{what}_{end}"], end)())
        for what in ("parameter", "weight")
        for end in ("min", "max")
    }
