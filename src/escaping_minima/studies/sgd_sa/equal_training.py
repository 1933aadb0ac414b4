"""Training less validation accuracy of SSA and of SGD, where SGD trains as well as SSA ends."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.sgd_sa.runs import Runs
from escaping_minima.studies.sgd_sa.side_values import match_training

COLUMNS = ("seed", "train_accuracy", "ssa_gap", "sgd_epoch", "sgd_train_accuracy", "sgd_gap")


def equal_training(runs: Runs) -> pd.DataFrame:
    """Return, by seed, the gap of SSA at its end and that of SGD where it trains as well.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    DataFrame
        Gaps in points of accuracy. ``sgd_epoch`` is where the training accuracy of SGD is the last
        one of SSA (0 is the start), see `match_training`; NaN where it never is.
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


def _matched(ssa: pd.DataFrame, sgd: pd.DataFrame) -> dict[str, float]:
    last, there = ssa.iloc[-1], match_training(sgd, ssa)
    return {
        "train_accuracy": float(last["train_accuracy"]),
        "ssa_gap": float(last["train_accuracy"] - last["test_accuracy"]),
        "sgd_epoch": there.epoch,
        "sgd_train_accuracy": there.train_accuracy,
        "sgd_gap": there.gap,
    }
