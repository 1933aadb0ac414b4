"""SAM against SGD on one model of each trajectory, by how it is picked, and on whole sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.populations.sets import single_models, trajectory_values
from escaping_minima.studies.populations.trajectories import Trajectories

#: What the last row of each task stands for: no single model, but the mean of SetA.
WHOLE = "set_a"
#: How a model of each trajectory is picked, in words.
RULE_NAMES: Mapping[str, str] = {
    "last": "model of the last epoch",
    "lowest_loss": "model of lowest training loss",
    "best_test": "model of highest test score",
    WHOLE: "mean of SetA",
}
#: Roles that have SGD and SAM of their own.
ROLES = ("tuned", "base")
COLUMNS = ("role", "task", "network", "rule", "n", "mean", "low", "high", "sam_higher")


@dataclass(frozen=True)
class Pairs:
    """SAM and SGD in one role, on one task and network.

    Attributes
    ----------
    role, task, network : str
    rows : DataFrame
        Of ``cells.csv``, both.
    differences : Mapping of str to Series
        By rule: the test score of SAM less that of SGD in points, by block.
    """

    role: str
    task: str
    network: str
    rows: pd.DataFrame
    differences: Mapping[str, pd.Series[float]]


def pairs_of_models(runs: Trajectories) -> Iterator[Pairs]:
    """Yield what there is of both methods, a role and task at a time."""
    if not len(runs.populations):
        return
    singles, sets = single_models(runs.epochs), trajectory_values(runs.selected)
    of_sets = sets[sets["set"] == "A"].assign(rule=WHOLE, test_score=lambda t: t["score_mean"])
    wanted = ["cell", "block", "rule", "test_score"]
    scores = pd.concat([singles[wanted], of_sets[wanted]], ignore_index=True)
    wide = scores.astype({"test_score": float}).set_index(["cell", "rule", "block"])
    found = wide["test_score"].sort_index()
    for role in ROLES:
        for task, network, methods in runs.arms(role):
            cells = methods.set_index("method")["cell"]
            if not {"gd", "sam"} <= set(cells.index):
                continue
            differences = {
                rule: (found.loc[cells["sam"], rule] - found.loc[cells["gd"], rule]).dropna()
                for rule in RULE_NAMES
            }
            both = methods[methods["method"].isin(["gd", "sam"])]
            yield Pairs(role, task, network, both, differences)


def single_model_orders(runs: Trajectories) -> pd.DataFrame:
    """Compare SAM with SGD trajectory by trajectory.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``rule``, one of `RULE_NAMES`; the difference, SAM less SGD in points, over ``n``
        pairs of trajectories with its interval; ``sam_higher``, in how many of them SAM is higher.
    """
    rows = [
        {"role": pairs.role, "task": pairs.task, "network": pairs.network, "rule": rule}
        | mean_columns(differences.tolist())
        | {"sam_higher": int((differences > 0).sum())}
        for pairs in pairs_of_models(runs)
        for rule, differences in pairs.differences.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
