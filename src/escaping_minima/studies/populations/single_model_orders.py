"""SAM against SGD on one model of each trajectory, by how it is picked, and on whole sets."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.populations.sets import RULES, single_models, trajectory_values
from escaping_minima.studies.populations.trajectories import Trajectories

#: What the last row of each task stands for.
WHOLE = "set_a"
COLUMNS = ("role", "task", "network", "rule", "n", "mean", "low", "high", "sam_higher")


def single_model_orders(runs: Trajectories) -> pd.DataFrame:
    """Compare SAM with SGD trajectory by trajectory.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``rule``, one of `RULES` or `WHOLE` (the mean of SetA); the difference, SAM less
        SGD in points, over ``n`` pairs of trajectories with its interval; ``sam_higher``, in how
        many of them SAM is higher.
    """
    singles, sets = single_models(runs.epochs), trajectory_values(runs.selected)
    of_sets = sets[sets["set"] == "A"].assign(rule=WHOLE, test_score=lambda t: t["score_mean"])
    wanted = ["cell", "block", "rule", "test_score"]
    scores = pd.concat([singles[wanted], of_sets[wanted]], ignore_index=True)
    rows = [row for role in ("tuned", "base") for row in _of_role(runs, role, scores)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_role(runs: Trajectories, role: str, scores: pd.DataFrame) -> Iterator[dict[str, object]]:
    for task, network, methods in runs.arms(role):
        cells = methods.set_index("method")["cell"]
        if not {"gd", "sam"} <= set(cells.index):
            continue
        for rule in (*RULES, WHOLE):
            of_rule = scores[scores["rule"] == rule]
            sam, sgd = (
                of_rule[of_rule["cell"] == cells[m]].set_index("block")["test_score"].astype(float)
                for m in ("sam", "gd")
            )
            differences = (sam - sgd).dropna()
            named = {"role": role, "task": task, "network": network, "rule": rule}
            higher = int((differences > 0).sum())
            yield named | mean_columns(differences.tolist()) | {"sam_higher": higher}
