"""What the claims rest on: numbers of one trajectory, and of one model of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from escaping_minima.studies.populations.sets import (
    RULES,
    SETS,
    select_sets,
    single_models,
    trajectory_values,
)

#: What is measured of the models that a set takes of one trajectory, in words.
MEASURE_NAMES: Mapping[str, str] = {
    "score": "test score, mean of the models",
    "score_median": "test score, median of the models",
    "score_sd": "standard deviation of the test score within a trajectory",
    "loss": "training loss, mean of the models",
    "loss_median": "training loss, median of the models",
}
#: What is measured of a single model, in words.
MODEL_NAMES: Mapping[str, str] = {"score": "test score", "loss": "training loss"}
_OF_SETS = {"score": "score_mean", "loss": "loss_mean"}
_TRAJECTORY = ["cell", "block"]


def measure_sets(epochs: pd.DataFrame, models: pd.Series[int]) -> pd.DataFrame:
    """Measure each set of each trajectory.

    Parameters
    ----------
    epochs : DataFrame
        ``epochs.parquet``: see `select_sets`.
    models : Series of int
        How many models a set takes of a trajectory, by cell.

    Returns
    -------
    DataFrame
        `MEASURE_NAMES` by ``cell``, ``set`` and ``block``. A trajectory with fewer models of finite
        values than a set takes has none: what is left of a run that diverged stands for no run.
    """
    found = trajectory_values(select_sets(epochs, models))
    columns = {name: found[_OF_SETS.get(name, name)] for name in MEASURE_NAMES}
    whole = found["models"] >= found["cell"].map(models)
    keys = ["cell", "set", "block"]
    values = found[keys].assign(**{k: v.where(whole) for k, v in columns.items()})
    return _of_all(values, epochs, "set", tuple(SETS))


def measure_singles(epochs: pd.DataFrame) -> pd.DataFrame:
    """Measure one model of each trajectory by each rule.

    Parameters
    ----------
    epochs : DataFrame
        ``epochs.parquet``: see `single_models`.

    Returns
    -------
    DataFrame
        `MODEL_NAMES` by ``cell``, ``rule`` and ``block``; NaN where no model has a finite value.
    """
    found = single_models(epochs)
    values = found[["cell", "rule", "block"]].assign(
        score=found["test_score"].astype(float), loss=found["train_loss"].astype(float)
    )
    return _of_all(values, epochs, "rule", tuple(RULES))


def measure_runs(epochs: pd.DataFrame, activity: pd.DataFrame) -> pd.DataFrame:
    """Return of each trajectory what it took, and whether it did anything that SGD would not do.

    Parameters
    ----------
    epochs, activity : DataFrame
        ``epochs.parquet`` and ``activity.parquet``, which may have other runs as well.

    Returns
    -------
    DataFrame
        ``gradients`` (evaluations of the whole run, NaN where it diverged) and ``acted`` (1 or 0,
        NaN where that was not watched), by ``cell`` and ``block``.
    """
    seen = activity.sort_values("epoch").groupby(_TRAJECTORY)["same_as_sgd"].last()
    last = epochs.sort_values("epoch").groupby(_TRAJECTORY).tail(1).set_index(_TRAJECTORY)
    # a run that diverged ends early, or goes on without a loss
    whole = last["epoch"] == last.groupby("cell")["epoch"].transform("max")
    whole &= np.isfinite(last["train_loss"].astype(float))
    spent = last["gradient_evaluations"].astype(float).where(whole)
    acted = (1.0 - seen.astype(float)).reindex(spent.index)
    return pd.DataFrame({"gradients": spent, "acted": acted}).sort_index()


def loss_at(curve: pd.DataFrame, evaluations: float) -> float:
    """Return the smoothed loss of a run at a number of gradient evaluations.

    Each window's mean loss stands at the middle of the window; between two it is interpolated.

    Parameters
    ----------
    curve : DataFrame
        Rows of ``curves.parquet`` of one run: ``gradient_evaluations`` (so far) and ``loss``.
    evaluations : float

    Returns
    -------
    float
        NaN where the run has not come so far.
    """
    ends = np.sort(curve["gradient_evaluations"].to_numpy(np.float64))
    if not len(ends) or ends[-1] < evaluations:
        return math.nan
    ordered = curve.sort_values("gradient_evaluations")["loss"].to_numpy(np.float64)
    middles = (ends + np.concatenate([[0.0], ends[:-1]])) / 2.0
    return float(np.interp(evaluations, middles, ordered))


def _of_all(
    values: pd.DataFrame, epochs: pd.DataFrame, name: str, names: tuple[str, ...]
) -> pd.DataFrame:
    """Give every trajectory a row for each name: one without a value must not go unseen."""
    runs = epochs[_TRAJECTORY].drop_duplicates()
    keys = ["cell", name, "block"]
    every = runs.merge(pd.DataFrame({name: names}), how="cross")[keys]
    return every.merge(values, on=keys, how="left").set_index(keys).sort_index()
