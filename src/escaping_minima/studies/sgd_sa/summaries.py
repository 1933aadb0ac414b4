"""Means over seeds with intervals, of every run and measure."""

from __future__ import annotations

import pandas as pd

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.sgd_sa.runs import Runs

#: Measures whose means are shown: levels, the course of a run, and its moves.
LEVELS = (
    "last_train_loss",
    "last_test_loss",
    "best_test_loss",
    "last_train_accuracy",
    "last_test_accuracy",
    "best_test_accuracy",
)
COURSE = ("gap", "epochs_to_99", "train_accuracy_at_40", "early_drops", "early_drop")
MOVES = (
    "improving_share",
    *(
        f"{name}_{when}"
        for name in ("probability_worse", "mean_worsening", "large_accepted", "effective_rate")
        for when in ("early", "late")
    ),
)
#: Roles whose cells are trainings from the start to the end with all of the measures.
ROLES = ("main", "small", "fashion", "control", "selection", "numerics")
_KEYS = ("role", "network", "run", "epochs", "images")
COLUMNS = (*_KEYS, "measure", "n", "mean", "low", "high")


def summary(runs: Runs) -> pd.DataFrame:
    """Return the mean of every measure of every run, with its 95 percent interval.

    Parameters
    ----------
    runs : Runs
    """
    rows = []
    for role in ROLES:
        for cell, row in runs.each(role):
            same = {key: row[key] for key in _KEYS}
            rows += [
                same | {"measure": m} | mean_columns(runs.values(cell, m).tolist())
                for m in (*LEVELS, *COURSE, *MOVES)
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
