"""What the best of several seeds is worth when it is not chosen on the images that judge it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from escaping_minima.studies.sgd_sa.run_groups import METHODS
from escaping_minima.studies.sgd_sa.runs import Runs

#: How seed and epoch are chosen, in words.
HELD_OUT = "images held out"
TEST = "the test images, as in the paper"
NO_CHOICE = "no choice: mean of the seeds, last epoch"
COLUMNS = ("role", "network", "run", "chosen_by", "n", "seed", "test_accuracy", "test_loss")


def selection(runs: Runs) -> pd.DataFrame:
    """Return the test accuracy and loss of the best seed, by how it is chosen.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    DataFrame
        ``seed`` is the chosen one, by accuracy; NaN where none is. Where images are held out, they
        choose the epoch as well as the seed.
    """
    rows = []
    for role in ("selection", "main"):
        for network in runs.networks(role):
            for run in METHODS:
                cell = runs.find(role, network, run)
                if cell is not None:
                    same = {"role": role, "network": network, "run": run}
                    rows += [same | row for row in _choices(runs, cell)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _choices(runs: Runs, cell: str) -> list[dict[str, Any]]:
    held_out = runs.values(cell, "chosen_validation_accuracy").dropna()
    best = runs.values(cell, "best_test_accuracy")
    last = runs.values(cell, "last_test_accuracy")
    rows = []
    if len(held_out):
        seed = int(held_out.idxmax())
        accuracy, loss = (runs.values(cell, f"chosen_test_{m}") for m in ("accuracy", "loss"))
        rows.append(_row(HELD_OUT, len(best), seed, accuracy.loc[seed], loss.loc[seed]))
    if len(best):
        seed = int(best.idxmax())
        at_best = runs.values(cell, "test_loss_at_best")
        rows.append(_row(TEST, len(best), seed, best.loc[seed], at_best.loc[seed]))
        mean_loss = runs.values(cell, "last_test_loss").mean()
        rows.append(_row(NO_CHOICE, len(best), None, last.mean(), mean_loss))
    return rows


def _row(by: str, n: int, seed: int | None, accuracy: float, loss: float) -> dict[str, Any]:
    return {"chosen_by": by, "n": n, "seed": seed, "test_accuracy": accuracy, "test_loss": loss}
