"""Every method against SGD on SetA, block by block, and what it costs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from escaping_minima.statistics.holm import holm_p_values
from escaping_minima.studies.populations.companions import COMPANIONS
from escaping_minima.studies.populations.compared_sets import compare, set_of_models
from escaping_minima.studies.populations.margins import MARGINS
from escaping_minima.studies.populations.names import TRAJECTORIES
from escaping_minima.studies.populations.trajectories import NAMES, Trajectories

_NUMBERS = ("difference", "low", "high", "p", "least_p", "tost_p", "margin")
COLUMNS = (*NAMES, "trajectories", *_NUMBERS, "holm_p", "tost_holm_p", "evaluations_ratio")


def against_sgd(runs: Trajectories) -> pd.DataFrame:
    """Compare the test score of each method's SetA with that of SGD.

    Runs of a role without SGD of its own are compared with SGD at base settings; plain SGD is
    compared with it as well.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``difference``, the method less SGD in points, with a bootstrap interval over
        trajectories; ``p`` of sign flips; ``tost_p`` of equality within ``margin``; Holm's
        correction of both within a role; ``evaluations_ratio``, the gradient evaluations of a run
        over those of SGD.
    """
    rows = [
        {name: row[name] for name in NAMES} | _against(row, sgd, runs.selected)
        for role in TRAJECTORIES
        for task, network, methods in runs.arms(role)
        for sgd in _sgd(runs, COMPANIONS.get(role, role), task, network)
        for row in methods.to_dict("records")
        if row["cell"] != sgd["cell"]
    ]
    return _corrected(pd.DataFrame(rows, columns=list(COLUMNS)))


def _sgd(
    runs: Trajectories, role: str, task: str, network: str
) -> Iterator[Mapping[Hashable, Any]]:
    """Yield the row of SGD in a role, on a task and network, where there is one."""
    for name, kind, methods in runs.arms(role):
        if (name, kind) == (task, network):
            yield from methods[methods["method"] == "gd"].to_dict("records")


def _against(
    row: Mapping[Hashable, Any], sgd: Mapping[Hashable, Any], selected: pd.DataFrame
) -> dict[Hashable, Any]:
    theirs, ours = (
        set_of_models(selected, str(cell), "A", "test_score") for cell in (sgd["cell"], row["cell"])
    )
    found = compare(theirs, ours, MARGINS[str(row["task"])])
    mine, other = (float(r["mean_gradient_evaluations"]) for r in (row, sgd))
    numbers: dict[Hashable, Any] = {name: found[name] for name in ("trajectories", *_NUMBERS)}
    return numbers | {"evaluations_ratio": mine / other}


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    table = table.astype({"holm_p": float, "tost_holm_p": float})
    for _, rows in table.groupby("role"):
        for column, corrected in (("p", "holm_p"), ("tost_p", "tost_holm_p")):
            tested = rows[column].dropna()
            table.loc[tested.index, corrected] = holm_p_values([float(p) for p in tested])
    return table
