"""How the losses of batches lie about the loss of all images along one run, in numbers.

At fixed weights E_t - mu_t has a variance of sigma^2 / N: sigma is the standard deviation of the
losses of single images, N the size of the batch. So the noise of a run falls for two reasons, and
log |E_t - mu_t| is taken apart into log sigma, - 1/2 log N and a rest.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Parts of a run of which each has its own mean and variance.
WINDOWS = 10
#: The losses of batches, by mode.
LOSSES = {"training": "training_loss", "inference": "inference_loss"}

_Values = NDArray[np.float64]


def measure_deviations(rows: pd.DataFrame, epochs: int, mode: str) -> dict[str, float]:
    """Measure one run.

    Parameters
    ----------
    rows : DataFrame
        The run's rows of ``deviations.parquet``: ``epoch`` (from 1), ``batch_size``,
        ``training_loss``, ``inference_loss``, ``full_loss`` and ``sigma``.
    epochs : int
        Of the run.
    mode : {"training", "inference"}
        In which the loss of a batch is taken.

    Returns
    -------
    dict of float
        - ``variance``: of E_t - mu_t about its mean in each tenth of the run, the geometric mean
          over tenths, so that late ones count as much as early ones;
        - ``variance_of_all``: about its mean over the whole run;
        - ``noise_fall``: 100 ln(mean |E_t - mu_t| in the last tenth / in the first);
        - ``centred_fall``: the same of the distance from its own mean in each of them;
        - ``sigma_fall``: the same of sigma;
        - ``size_fall``: the same of N^(-1/2);
        - ``fall_beyond_sigma``: ``noise_fall`` less ``sigma_fall``.

        Runs with few rows have fewer parts than tenths, of two rows at least. NaN where a loss is
        not finite, or rows are too few.
    """
    found = rows.sort_values("update", kind="stable")
    deviation = (found[LOSSES[mode]] - found["full_loss"]).to_numpy(float)
    parts = _parts(found["epoch"].to_numpy(int), epochs)
    if len(parts) < 2 or not np.isfinite(deviation).all():
        names = ("noise_fall", "centred_fall", "sigma_fall", "size_fall", "fall_beyond_sigma")
        return dict.fromkeys(("variance", "variance_of_all", *names), math.nan)
    sigma = found["sigma"].to_numpy(float)
    size = found["batch_size"].to_numpy(float)
    first, last = parts[0], parts[-1]
    noise = _fall(np.abs(deviation), first, last)
    spread = _fall(sigma, first, last)
    centred = [np.abs(deviation[part] - deviation[part].mean()).mean() for part in (first, last)]
    return {
        "variance": _geometric_mean([float(deviation[part].var(ddof=1)) for part in parts]),
        "variance_of_all": float(deviation.var(ddof=1)),
        "noise_fall": noise,
        "centred_fall": _log_ratio(float(centred[1]), float(centred[0])),
        "sigma_fall": spread,
        "size_fall": _fall(size**-0.5, first, last),
        "fall_beyond_sigma": noise - spread,
    }


def _parts(epoch: NDArray[np.int_], epochs: int) -> list[NDArray[np.bool_]]:
    """Cut a run into parts of equal length, with two rows in each at least."""
    count = min(WINDOWS, epochs, len(epoch) // 2)
    if count == 0:
        return []
    place = -(-epoch * count // epochs)
    chosen = [place == number for number in range(1, count + 1)]
    return [part for part in chosen if part.sum() > 1]


def _fall(values: _Values, first: NDArray[np.bool_], last: NDArray[np.bool_]) -> float:
    return _log_ratio(float(values[last].mean()), float(values[first].mean()))


def _log_ratio(value: float, base: float) -> float:
    return 100.0 * math.log(value / base) if value > 0.0 and base > 0.0 else math.nan


def _geometric_mean(values: list[float]) -> float:
    return math.exp(float(np.mean(np.log(values)))) if min(values) > 0.0 else math.nan
