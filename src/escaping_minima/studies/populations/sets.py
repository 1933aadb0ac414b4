"""The sets of models that are compared, out of the epochs of each trajectory.

A model is the end of an epoch. Of equal values the earlier epoch is selected, which took fewer
evaluations; scores on small test sets are often equal. What is not finite is never selected.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

#: By set, the column that selects its models, and whether the highest values or the lowest.
SETS: Mapping[str, tuple[str, bool]] = {
    "A": ("train_loss", False),
    "B": ("test_score", True),
    "V": ("validation_score", True),
}
#: By rule, how one model of a trajectory is picked.
RULES: Mapping[str, tuple[str, bool]] = {
    "last": ("epoch", True),
    "lowest_loss": ("train_loss", False),
    "best_test": ("test_score", True),
}
_TRAJECTORY = ["cell", "block"]
_SINGLE = [*_TRAJECTORY, "rule", "epoch", "train_loss", "validation_score", "test_score"]


def select_sets(epochs: pd.DataFrame, models: int | pd.Series[int]) -> pd.DataFrame:
    """Select SetA, SetB and SetV of each trajectory.

    SetA has the models of lowest training loss, SetB those of highest test score, SetV those of
    highest score on the held-out split.

    Parameters
    ----------
    epochs : DataFrame
        ``cell``, ``block``, ``epoch``, ``train_loss``, ``validation_score``, ``test_score`` and
        further columns; a row for each epoch.
    models : int or Series
        Models of a set and trajectory, 1 or more; by cell where they differ. A trajectory with
        fewer finite values has fewer, and none without any.

    Returns
    -------
    DataFrame
        ``cell``, ``block``, ``set``, then the columns of `epochs`; from the first model of a set
        on.

    Raises
    ------
    ValueError
        If a set would have no model.
    """
    # a row has one place, however the runs were put together
    epochs = epochs.reset_index(drop=True)
    wanted = epochs["cell"].map(models) if isinstance(models, pd.Series) else models
    if not np.all(np.asarray(wanted) >= 1):
        raise ValueError(f"a set has at least one model, got {models}")
    chosen = [_first(epochs, *how, wanted).assign(set=name) for name, how in SETS.items()]
    found = pd.concat(chosen, ignore_index=True)
    others = [name for name in epochs.columns if name not in _TRAJECTORY]
    ordered = found[[*_TRAJECTORY, "set", *others]]
    return ordered.sort_values([*_TRAJECTORY, "set"], kind="stable", ignore_index=True)


def _first(
    epochs: pd.DataFrame, column: str, highest: bool, count: int | pd.Series[int]
) -> pd.DataFrame:
    """Return so many rows of each trajectory with the highest or lowest values."""
    finite = epochs[np.isfinite(epochs[column].astype(float))]
    ranked = finite.sort_values("epoch").sort_values(column, ascending=not highest, kind="stable")
    places = ranked.groupby(_TRAJECTORY).cumcount()
    limits = count if isinstance(count, int) else count.loc[ranked.index]
    return ranked[places < limits]


def trajectory_values(selected: pd.DataFrame) -> pd.DataFrame:
    """Return what each set of each trajectory is on the whole.

    Parameters
    ----------
    selected : DataFrame
        Models by ``cell``, ``block`` and ``set``, as `select_sets` gives them.

    Returns
    -------
    DataFrame
        ``cell``, ``block``, ``set``; ``models``; mean, median and standard deviation of the test
        score (``score_mean``, ...) and of the training loss (``loss_mean``, ...), NaN where a
        spread has one model; ``epoch_mean``; ``shared_with_a``, the share of the models, 0 to 1,
        that SetA has too.
    """
    keys = [*_TRAJECTORY, "set"]
    in_a = selected.loc[selected["set"] == "A", [*_TRAJECTORY, "epoch"]].assign(in_a=1.0)
    marked = selected.merge(in_a, on=[*_TRAJECTORY, "epoch"], how="left").fillna({"in_a": 0.0})
    groups = marked.astype({"test_score": float, "train_loss": float}).groupby(keys)
    return groups.agg(
        models=("epoch", "size"),
        score_mean=("test_score", "mean"),
        score_median=("test_score", "median"),
        score_sd=("test_score", "std"),
        loss_mean=("train_loss", "mean"),
        loss_median=("train_loss", "median"),
        loss_sd=("train_loss", "std"),
        epoch_mean=("epoch", "mean"),
        shared_with_a=("in_a", "mean"),
    ).reset_index()


def single_models(epochs: pd.DataFrame) -> pd.DataFrame:
    """Pick one model of each trajectory by each rule.

    Parameters
    ----------
    epochs : DataFrame
        As `select_sets` takes them.

    Returns
    -------
    DataFrame
        ``cell``, ``block``, ``rule`` ("last", "lowest_loss" or "best_test"), ``epoch``,
        ``train_loss``, ``validation_score``, ``test_score``.
    """
    picked = [_first(epochs, *how, 1).assign(rule=rule) for rule, how in RULES.items()]
    found = pd.concat(picked, ignore_index=True)[_SINGLE]
    return found.sort_values(_TRAJECTORY, kind="stable", ignore_index=True)
