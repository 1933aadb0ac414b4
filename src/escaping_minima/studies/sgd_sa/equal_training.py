"""Training less validation accuracy of SSA and of SGD, where SGD trains as well as SSA ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.studies.sgd_sa.runs import Runs

COLUMNS = ("seed", "train_accuracy", "ssa_gap", "sgd_epoch", "sgd_train_accuracy", "sgd_gap")


def equal_training(runs: Runs) -> pd.DataFrame:
    """Return, by seed, the gap of SSA at its end and that of SGD where it trains as well.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    DataFrame
        Gaps in points of accuracy. ``sgd_epoch`` is the first at which the training accuracy of SGD
        reaches the last one of SSA (0 is the start); NaN where it never does.
    """
    cells = [runs.find("fashion", "vgg16", run) for run in ("ssa", "sgd")]
    rows = []
    if None not in cells:
        ssa, sgd = (_curves(runs, str(cell)) for cell in cells)
        seeds = sorted(set(ssa["seed"]) & set(sgd["seed"]))
        for seed in seeds:
            ours, theirs = (part[part["seed"] == seed] for part in (ssa, sgd))
            rows.append({"seed": seed} | _matched(ours, theirs))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _curves(runs: Runs, cell: str) -> pd.DataFrame:
    """Return the curves of the runs of a cell that did not diverge."""
    curves = runs.of("curves.parquet", cell)
    return curves[curves["seed"].isin(runs.values(cell, "updates").index)].sort_values("epoch")


def _matched(ssa: pd.DataFrame, sgd: pd.DataFrame) -> dict[str, Any]:
    last = ssa.iloc[-1]
    reached = sgd[sgd["train_accuracy"] >= last["train_accuracy"]]
    found: dict[str, Any] = {
        "train_accuracy": float(last["train_accuracy"]),
        "ssa_gap": float(last["train_accuracy"] - last["test_accuracy"]),
    }
    if reached.empty:
        return found | dict.fromkeys(COLUMNS[3:], np.nan)
    at = reached.iloc[0]
    return found | {
        "sgd_epoch": int(at["epoch"]),
        "sgd_train_accuracy": float(at["train_accuracy"]),
        "sgd_gap": float(at["train_accuracy"] - at["test_accuracy"]),
    }
