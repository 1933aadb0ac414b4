"""What the claims rest on: numbers from the whole curve of one run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.studies.batch_increase.plan import FIXED_SIZES

#: Share of the epochs whose mean is a run's final level; also the window of every moving mean.
FINAL_SHARE = 0.05
#: Share of the epochs, at the end, over which a trend is taken.
TREND_SHARE = 0.1
#: Epochs after which a longer run is asked what a shorter one would have said of its trend.
HORIZONS = (1000, 2000)
#: A curve has settled where it stays within this of its final level, relative to it.
SETTLED = 0.05

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
        weight_max``.
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
        - ``test_loss_rise``: final test loss above the least mean of a window, in percent of it;
        - ``train_loss_after_min``: 100 ln(final training loss / its mean in that window);
        - ``test_loss_sd``: standard deviation in the second half of the epochs of the test loss
          minus its centred moving mean over 5 percent of the epochs (an odd number, at least 3);
        - ``test_loss_jump``: mean absolute change from one epoch to the next, in the second half;
        - ``<test|train>_loss_trend``: change of the least-squares line over the last tenth of the
          epochs (at least 2), in percent of the mean there;
        - ``<test|train>_loss_trend_<1000|2000>``: the same had the run ended after so many epochs;
        - ``settle_epochs``, ``settle_updates``: end of the first window from which on the mean
          training loss stays within 5 percent of its final level;
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
        found = _levels(run) | _after_the_minimum(run) | _scatter(run) | _trends(run)
        found |= _settling(run) | _at_equal_updates(run, images) | _extrema(table)
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
        return _Run(diverged, *(rows[name].to_numpy(float) for name in names))

    @property
    def epochs(self) -> int:
        return len(self.test_loss)

    @property
    def window(self) -> int:
        """Epochs in a window."""
        return max(1, round(FINAL_SHARE * self.epochs))


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


def _after_the_minimum(run: _Run) -> dict[str, float]:
    test, train = (_smooth(c, run.window) for c in (run.test_loss, run.train_loss))
    lowest = int(test.argmin())
    return {
        "smooth_min_epoch": 1.0 + lowest + (run.window - 1) / 2,
        "test_loss_rise": _percent(float(test[-1]), float(test[lowest])),
        "train_loss_after_min": _log_percent(float(train[-1]), float(train[lowest])),
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
    curves = {"test_loss_trend": run.test_loss, "train_loss_trend": run.train_loss}
    found = {name: _trend(curve) for name, curve in curves.items()}
    for horizon in HORIZONS:
        for name, curve in curves.items():
            long_enough = run.epochs >= horizon
            found[f"{name}_{horizon}"] = _trend(curve[:horizon]) if long_enough else math.nan
    return found


def _trend(curve: _Curve) -> float:
    length = max(2, round(TREND_SHARE * len(curve)))
    end = curve[-length:]
    if len(end) < length or not end.mean() > 0.0:
        return math.nan
    time = np.arange(length) - (length - 1) / 2
    slope = float(time @ end) / float(time @ time)
    return 100.0 * slope * (length - 1) / float(end.mean())


def _settling(run: _Run) -> dict[str, float]:
    smooth = _smooth(run.train_loss, run.window)
    off = np.flatnonzero(~(np.abs(smooth - smooth[-1]) <= SETTLED * smooth[-1]))
    # the entry after the last one that is off, and there the last epoch of the window
    index = (int(off[-1]) + 1 if len(off) else 0) + run.window - 1
    if index >= run.epochs:
        return {"settle_epochs": math.nan, "settle_updates": math.nan}
    return {"settle_epochs": 1.0 + index, "settle_updates": float(run.updates[index])}


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
