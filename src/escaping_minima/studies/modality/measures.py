"""What the claims rest on: numbers of all walks of one block."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.studies.modality.bins import LOWEST, percentile
from escaping_minima.studies.modality.clusters import UNKNOWN, measure_clusters

#: What a logarithm of a loss is taken of at least.
LEAST_LOSS = 1e-12


def measure_block(walks: pd.DataFrame, cloud: pd.DataFrame, has_test: bool) -> dict[str, float]:
    """Measure the walks of one block.

    Parameters
    ----------
    walks : DataFrame
        One row a walk, as a block of kind ``walks`` has it.
    cloud : DataFrame
        Its further table of this name.
    has_test : bool
        Whether there are test losses, and with them clusters to be told apart.

    Returns
    -------
    dict of float
        As `escaping_minima.studies.modality.names.MEASURE_NAMES` calls them; NaN where a problem
        has no such thing.
    """
    return {
        "walks": float(len(walks)),
        "points": float(cloud["count"].sum()),
        **_ends(walks),
        **_extremes(walks, cloud),
        **(measure_clusters(cloud) if has_test else UNKNOWN),
    }


def _ends(walks: pd.DataFrame) -> dict[str, float]:
    """Return what walks came to, and how they went: means over walks."""
    return {
        "last_loss": float(walks["loss"].mean()),
        "last_log_loss": float(_logs(walks["loss"], LEAST_LOSS).mean()),
        "last_train_accuracy": 100.0 * float(walks["train_accuracy"].mean()),
        "last_test_accuracy": 100.0 * float(walks["test_accuracy"].mean()),
        "last_test_loss": float(walks["test_loss"].mean()),
        "mean_loss": float(walks["loss_mean"].mean()),
        "still": 100.0 * float(walks["still"].mean()),
    }


def _extremes(walks: pd.DataFrame, cloud: pd.DataFrame) -> dict[str, float]:
    """Return how far losses and gradients reach."""
    found = {}
    for name, short in (("gradient", "gradient_max"), ("loss", "loss_max")):
        most = _logs(walks[short], 10.0**LOWEST)
        found[f"log_{name}_99"] = percentile(cloud, f"{name}_bin", 99.0)
        found[f"log_{name}_max"] = float(most.mean())
        found[f"log_{name}_top"] = float(most.max())
    return found


def _logs(values: pd.Series[float], least: float) -> NDArray[np.float64]:
    return np.asarray(np.log10(np.maximum(values.to_numpy(np.float64), least)))
