"""What noise did in runs, by the share of the search that was done, in windows of equal length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from escaping_minima.studies.batch_increase.annealing import COURSES
from escaping_minima.studies.batch_increase.noise_schedules import BATCH, INJECTED, TEMPERATURE

#: Windows of a search, where it has as many moments.
WINDOWS = 20

_Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Seen:
    """What a table says of noise.

    Attributes
    ----------
    kind : str
        Of the noise.
    table : str
        A file name.
    quantity : str
        In words.
    moments : callable
        (rows of a cell, how long its search is) -> columns ``share``, ``over`` and ``under``: the
        quantity of a window is the sum of the first of these two over the sum of the second.
    """

    kind: str
    table: str
    quantity: str
    moments: Callable[[pd.DataFrame, float], pd.DataFrame]


def measured(seen: Seen, rows: pd.DataFrame, length: float) -> pd.DataFrame:
    """Return columns ``share``, the middle of a window, and ``value``.

    Parameters
    ----------
    seen : Seen
    rows : DataFrame
        Of one cell, all its seeds.
    length : float
        Epochs, or steps.
    """
    moments = seen.moments(rows, length)
    windows = min(WINDOWS, moments["share"].nunique())
    window = np.minimum((moments["share"] * windows).astype(int), windows - 1)
    sums = moments.groupby(window)[["over", "under"]].sum()
    sums = sums[sums["under"] > 0]
    share = (sums.index.to_numpy(float) + 0.5) / windows
    return pd.DataFrame({"share": share, "value": (sums["over"] / sums["under"]).to_numpy(float)})


def _kept_in_steps(rows: pd.DataFrame, steps: float) -> pd.DataFrame:
    # a row is about the stretch that ended there; the first one is the start
    rows = rows[rows["step"] > 0]
    return _kept(rows, (rows["step"] - 0.5) / steps)


def _kept_in_epochs(rows: pd.DataFrame, epochs: float) -> pd.DataFrame:
    return _kept(rows, (rows["epoch"] - 0.5) / epochs)


def _kept(rows: pd.DataFrame, share: pd.Series[float]) -> pd.DataFrame:
    counts = {"over": rows["accepted_worse"].astype(float), "under": rows["worse"].astype(float)}
    return pd.DataFrame({"share": share, **counts})


def _off_the_loss(rows: pd.DataFrame, epochs: float) -> pd.DataFrame:
    share = (rows["epoch"] - 0.5) / epochs
    return pd.DataFrame(
        {"share": share, "over": rows["inference_deviation"].abs().astype(float), "under": 1.0}
    )


def _against_steps(rows: pd.DataFrame, epochs: float) -> pd.DataFrame:
    rows = rows[rows["epoch"] > 0]
    # where it never fired there is no ratio, and no noise
    over = (rows["fired"] * rows["noise_ratio"].fillna(0.0)).astype(float)
    return pd.DataFrame({"share": (rows["epoch"] - 0.5) / epochs, "over": over, "under": 1.0})


_KEPT = "share of the worse moves that were kept"
#: What tables of all studies say of noise.
SEEN: tuple[Seen, ...] = (
    Seen(TEMPERATURE, COURSES, _KEPT, _kept_in_steps),
    Seen(TEMPERATURE, "moves.parquet", _KEPT, _kept_in_epochs),
    Seen(BATCH, "deviations.parquet", "mean |E_t - mu_t| of batches", _off_the_loss),
    Seen(
        INJECTED,
        "activity.parquet",
        "length of the noise, in steps down the gradient, mean over updates",
        _against_steps,
    ),
)
