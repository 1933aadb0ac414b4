"""Table 1 of the paper: every seed, method and network, ours beside the printed numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.studies.sgd_sa.printed import LOSS_UNIT, load_table1
from escaping_minima.studies.sgd_sa.run_groups import METHODS
from escaping_minima.studies.sgd_sa.runs import Runs

#: Columns of ours: the measure, and which end of all seeds is the best one.
OURS: Mapping[str, tuple[str, str]] = {
    "last_loss": ("last_test_loss", "min"),
    "best_loss": ("best_test_loss", "min"),
    "loss_at_best": ("test_loss_at_best", "min"),
    "last_accuracy": ("last_test_accuracy", "max"),
    "best_accuracy": ("best_test_accuracy", "max"),
    "best_epoch": ("best_epoch", "none"),
}
PRINTED: Mapping[str, str] = {"printed_loss": "min", "printed_accuracy": "max"}
#: In place of a seed: over all seeds.
BEST, MEAN, SPREAD = "best", "mean", "SD"
COLUMNS = ("network", "method", "seed", *OURS, *PRINTED)


def table_1(runs: Runs) -> pd.DataFrame:
    """Return Table 1: a row for each seed that ran or is printed, then the best and the mean.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    DataFrame
        ``network``, ``method``, ``seed`` (as text), the losses as mean cross-entropy, the printed
        ones as well, and accuracies in percent. Best are the least loss and the highest accuracy
        over seeds, column by column, which may be those of different seeds. Networks without a run
        are left out.
    """
    found = [
        _of_method(runs, network, method)
        for network in runs.networks("main")
        for method in reversed(METHODS)
    ]
    rows = [row for part in found for row in part]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_method(runs: Runs, network: str, method: str) -> list[dict[str, Any]]:
    cell = runs.find("main", network, method)
    ours = {c: runs.values(cell, m) for c, (m, _) in OURS.items()} if cell else {}
    table = pd.DataFrame(ours).join(_printed(network, method), how="outer")
    table = table.reindex(columns=[*OURS, *PRINTED]).sort_index()
    ends = {column: end for column, (_, end) in OURS.items()} | dict(PRINTED)
    best = {c: np.nan if end == "none" else table[c].agg(end) for c, end in ends.items()}
    summed = {BEST: best, MEAN: table.mean().to_dict(), SPREAD: table.std(ddof=1).to_dict()}
    same = {"network": network, "method": method}
    seeds = [same | {"seed": str(s)} | row for s, row in table.to_dict("index").items()]
    return seeds + [same | {"seed": name} | row for name, row in summed.items()]


def _printed(network: str, method: str) -> pd.DataFrame:
    """Return what is printed of a method by seed, the loss as mean cross-entropy."""
    table = load_table1()
    chosen = table[(table["network"] == network) & (table["method"] == method)].set_index("seed")
    return pd.DataFrame(
        {"printed_loss": LOSS_UNIT * chosen["loss"], "printed_accuracy": chosen["accuracy"]}
    )
