"""What the claims rest on of the losses of batches along one run: a few numbers of its windows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from escaping_minima.studies.batch_increase.theory import noise_windows

#: Equal parts of a run; fewer where a part would have less than two rows.
PARTS = 10
#: What is measured.
NAMES = (
    "variance",
    "variance_of_all",
    "noise_fall",
    "centred_fall",
    "sigma_fall",
    "size_fall",
    "fall_beyond_sigma",
)


def measure_deviations(run: pd.DataFrame, epochs: int, mode: str) -> dict[str, float]:
    """Measure one run.

    Parameters
    ----------
    run : DataFrame
        Its rows of ``deviations.parquet``.
    epochs : int
        Of the run.
    mode : {"training", "inference"}
        In which the loss of a batch is taken.

    Returns
    -------
    dict of float
        By NAMES. E_t is the loss of a batch, mu_t that of all images at the same weights.

        - ``variance``: of E_t - mu_t about its mean in each tenth of the run, the geometric mean
          over tenths, so that late ones count as much as early ones;
        - ``variance_of_all``: about its mean over the whole run;
        - ``noise_fall``: 100 ln(mean |E_t - mu_t| in the last tenth / in the first);
        - ``centred_fall``: the same of the standard deviation about its mean in each of them;
        - ``sigma_fall``: the same of the spread sigma of single images' losses;
        - ``size_fall``: the same of N^(-1/2);
        - ``fall_beyond_sigma``: ``noise_fall`` less ``sigma_fall``.

        NaN where a loss is not finite, or rows are too few.
    """
    apart = run[f"{mode}_deviation"].to_numpy(float)
    parts = min(PARTS, epochs, len(run) // 2)
    if parts < 2 or not np.isfinite(apart).all():
        return dict.fromkeys(NAMES, math.nan)
    found = noise_windows(run, {run["cell"].iloc[0]: epochs}, parts)
    windows = found[(found["mode"] == mode) & (found["n"] > 1)].sort_values("window")
    spread = np.log(windows["variance"].to_numpy(float))
    ends = windows.iloc[[0, -1]]
    falls = {name: 100.0 * float(np.diff(ends[name])[0]) for name in ("noise", "sigma", "size")}
    return {
        "variance": math.exp(float(spread.mean())),
        "variance_of_all": float(apart.var(ddof=1)),
        "noise_fall": falls["noise"],
        "centred_fall": 50.0 * float(spread[-1] - spread[0]),
        "sigma_fall": falls["sigma"],
        "size_fall": falls["size"],
        "fall_beyond_sigma": falls["noise"] - falls["sigma"],
    }
