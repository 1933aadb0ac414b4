"""What is published of the course of one run: its epochs, its noise, its smoothed loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.studies.populations.sets import select_sets

#: Runs of at most so many epochs are published whole; of longer ones the models of all sets, and so
#: many other epochs, evenly spread.
WHOLE_EPOCHS, SPREAD_EPOCHS = 60, 16
#: Epochs of a run of which is published what its noise did, evenly spread.
ACTIVITY_EPOCHS = 30
#: Splits that a run is evaluated on.
SPLITS = ("train", "validation", "test")
#: Bits by which the 23 of a float32 are shortened in losses: 15 are left, an error of 3e-5.
_SHORTENED = 8
#: Of how noise acted, as `escaping_minima.observers.noise_activity` names it.
_ACTIVITY = ("fired", "noise_ratio", "gradient_norm_10", "gradient_norm_50", "gradient_norm_90")


def scores_of(table: pd.DataFrame, split: str) -> pd.Series[float]:
    """Return the scores of a split in percent: macro-F1 where there is one, else accuracy."""
    if f"{split}_macro_f1" in table:
        return 100.0 * table[f"{split}_macro_f1"]
    return 100.0 - table[f"{split}_error"]


def epochs_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the models of a run: one row an epoch, without the start.

    Parameters
    ----------
    table : DataFrame
        Of a block of network training.

    Returns
    -------
    DataFrame
        ``epoch`` and ``gradient_evaluations`` so far, int32; ``running_loss``, and of each split
        ``loss``, to four digits, and ``score`` (percent), float32.
    """
    models = table[table["epoch"] > 0]
    return pd.DataFrame(
        {
            "epoch": models["epoch"].astype(np.int32),
            "gradient_evaluations": models["gradient_evaluations"].astype(np.int32),
            "running_loss": shortened(models["running_loss"]),
            **{f"{s}_loss": shortened(models[f"{s}_loss"]) for s in SPLITS},
            **{f"{s}_score": scores_of(models, s).astype(np.float32) for s in SPLITS},
        }
    ).reset_index(drop=True)


def shortened(losses: pd.Series[float]) -> NDArray[np.float32]:
    """Return losses to four digits, which take less room."""
    bits = losses.to_numpy(np.float32).view(np.uint32)
    # what is not finite has an exponent of its own, which is no part of what is cut off
    cut: NDArray[np.float32] = (bits >> _SHORTENED << _SHORTENED).view(np.float32)
    return cut


def activity_of(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return how the noise of a run acted: one row an epoch.

    Parameters
    ----------
    table : DataFrame
        Of a block of network training.
    method : str
        SAM draws no noise and is not SGD either.

    Returns
    -------
    DataFrame
        ``epoch``, ``updates`` so far and ``searches`` of the epoch, int32; what the observer saw,
        float32; ``same_as_sgd``, 1 where nothing was done so far that SGD would not do, int8.
    """
    seen = table[table["epoch"] > 0]
    acted = (seen["fired"] > 0).cumsum() > 0
    return pd.DataFrame(
        {
            "epoch": seen["epoch"].astype(np.int32),
            "updates": seen["updates"].astype(np.int32),
            **{name: seen[name].astype(np.float32) for name in _ACTIVITY},
            "searches": seen["searches"].astype(np.int32),
            "same_as_sgd": (~acted & (method != "sam")).astype(np.int8),
        }
    ).reset_index(drop=True)


def curve_of(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the smoothed loss of a run's minibatches, one row a window."""
    types = {"window": np.int32, "updates": np.int32, "gradient_evaluations": np.int32}
    return curve.astype({**types, "loss": np.float32})[[*types, "loss"]]


def published_epochs(epochs: pd.DataFrame, models: int) -> pd.DataFrame:
    """Return those epochs of a run that are published: all, or what its sets and curve need.

    The sets that are taken of them are those of all epochs.

    Parameters
    ----------
    epochs : DataFrame
        As `epochs_of` gives them, with ``cell`` and ``block``.
    models : int
        Of a set.
    """
    if len(epochs) <= WHOLE_EPOCHS:
        return epochs
    chosen = select_sets(epochs, models)["epoch"]
    spread = epochs["epoch"].iloc[_spread(len(epochs), SPREAD_EPOCHS)]
    return epochs[epochs["epoch"].isin({*chosen, *spread})]


def published_activity(activity: pd.DataFrame) -> pd.DataFrame:
    """Return those epochs of a run of which it is published how its noise acted."""
    return activity.iloc[_spread(len(activity), ACTIVITY_EPOCHS)]


def _spread(rows: int, count: int) -> NDArray[np.int64]:
    """Return at most so many places among some rows, first and last among them."""
    places: NDArray[np.int64] = np.unique(
        np.linspace(0, rows - 1, min(count, rows)).round().astype(np.int64)
    )
    return places
