"""What each set of each method comes to, with the trajectory as the unit."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.populations.sets import trajectory_values
from escaping_minima.studies.populations.trajectories import NAMES, Trajectories

#: What is shown of a set: the column of `trajectory_values`, and what it is multiplied with.
MEASURES: Mapping[str, tuple[str, float]] = {
    "score": ("score_mean", 1.0),
    "score_sd": ("score_sd", 1.0),
    "loss": ("loss_mean", 1.0),
    "epoch": ("epoch_mean", 1.0),
    "shared": ("shared_with_a", 100.0),
}
COLUMNS = (*NAMES, "set", "measure", "n", "mean", "low", "high")


def levels(runs: Trajectories) -> pd.DataFrame:
    """Return means over trajectories of what each of their sets comes to.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``measure`` is one of `MEASURES` (mean and standard deviation of the test score
        within a trajectory in percent, training loss, epoch, percent of the models that are in SetA
        too), with Student's 95 percent interval; see `mean_columns`.
    """
    values = trajectory_values(runs.selected)
    rows = []
    for cell in runs.populations.to_dict("records"):
        own = values[values["cell"] == cell["cell"]]
        for name, of_set in own.groupby("set"):
            named = {key: cell[key] for key in NAMES} | {"set": name}
            rows += [
                named | {"measure": measure} | mean_columns((factor * of_set[column]).tolist())
                for measure, (column, factor) in MEASURES.items()
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
