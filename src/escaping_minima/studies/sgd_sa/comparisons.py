"""Runs against one another, seed by seed: losses by their ratio, accuracies in points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.report.ratios import RATIO
from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.sgd_sa.run_groups import CONTROLS, METHODS, READINGS, SSA_READINGS
from escaping_minima.studies.sgd_sa.runs import Runs

#: Measures in which runs are compared, and whether by their ratio.
COMPARED: Mapping[str, bool] = {
    "last_test_loss": True,
    "best_test_loss": True,
    "test_loss_at_best": True,
    "last_test_accuracy": False,
    "best_test_accuracy": False,
    "last_train_accuracy": False,
}
#: By share of the epochs of SGD-SA, where its measures of that time are.
EQUAL: Mapping[str, str] = {
    "a third of the epochs": "{}_at_third",
    "three fifths of the epochs": "{}_at_three_fifths",
    "all epochs": "last_{}",
}
_KEYS = ("role", "network", "run", "measure")
COLUMNS = (*_KEYS, "unit", "n", "mean", "other_mean", "higher", "difference", "low", "high")
EQUAL_COLUMNS = ("role", "network", "budget", *COLUMNS[3:])


def compare(ours: pd.Series, theirs: pd.Series, ratio: bool) -> dict[str, Any]:
    """Return the means of two runs, and their difference over the seeds that both have.

    Parameters
    ----------
    ours, theirs : Series
        By seed.
    ratio : bool
        Whether they are compared by 100 ln(ours / theirs) and not by ours - theirs.

    Returns
    -------
    dict
        ``unit``; ``n`` pairs; ``mean``, ``other_mean`` over them; ``higher``, the seeds where ours
        is higher; ``difference`` with ``low`` and ``high``, as `mean_columns` has them.
    """
    both = pd.concat([ours, theirs], axis=1, keys=["ours", "theirs"]).dropna()
    differences = both["ours"] - both["theirs"]
    if ratio:
        differences = 100.0 * np.log(both["ours"] / both["theirs"])
    found = mean_columns(differences.tolist())
    return {
        "unit": RATIO if ratio else "points",
        "n": found["n"],
        "mean": both["ours"].mean(),
        "other_mean": both["theirs"].mean(),
        "higher": int((both["ours"] > both["theirs"]).sum()),
        "difference": found["mean"],
        "low": found["low"],
        "high": found["high"],
    }


def methods(runs: Runs) -> pd.DataFrame:
    """Return SGD-SA against Scheduled-SGD, of each role that has both."""
    pairs = (
        (role, network, METHODS[0], role, METHODS[1])
        for role in ("main", "small", "selection", "numerics")
        for network in runs.networks(role)
    )
    return _compared(runs, pairs)


def controls(runs: Runs) -> pd.DataFrame:
    """Return each control against SGD-SA of the same network, and of the small runs theirs."""
    pairs = [
        ("control", network, run, "main", METHODS[0])
        for network in runs.networks("control")
        for run in CONTROLS
    ]
    small = [
        ("small", network, "accept_off", "small", METHODS[0]) for network in runs.networks("small")
    ]
    return _compared(runs, [*pairs, *small])


def variants(runs: Runs) -> pd.DataFrame:
    """Return each other reading, and float32, against the main runs."""
    pairs = [
        ("control", network, run, "main", METHODS[0])
        for network in runs.networks("control")
        for run in READINGS
    ]
    pairs += [("fashion", "vgg16", run, "fashion", "ssa") for run in SSA_READINGS]
    pairs += [("numerics", "vgg16", run, "main", run) for run in METHODS]
    return _compared(runs, pairs)


def equal_passes(runs: Runs) -> pd.DataFrame:
    """Return SGD-SA after a share of its epochs against Scheduled-SGD after all of its own.

    SGD-SA makes three forward passes a step in place of one, and one backward pass as well: after a
    third of its epochs it has made as many forward passes, after three fifths as much work, where a
    backward pass counts as two forward ones.
    """
    rows = []
    for role in ("main", "small"):
        for network in runs.networks(role):
            ours, theirs = (runs.find(role, network, run) for run in METHODS)
            if ours is None or theirs is None:
                continue
            same = {"role": role, "network": network}
            rows += [
                same | {"budget": budget, "measure": m} | _at(runs, ours, theirs, m, place)
                for budget, place in EQUAL.items()
                for m in ("test_loss", "test_accuracy")
            ]
    return pd.DataFrame(rows, columns=list(EQUAL_COLUMNS))


def _at(runs: Runs, ours: str, theirs: str, measure: str, place: str) -> dict[str, Any]:
    """Compare a measure of SGD-SA at a place with the other method's at its end."""
    early, last = runs.values(ours, place.format(measure)), runs.values(theirs, f"last_{measure}")
    return compare(early, last, COMPARED[f"last_{measure}"])


def _compared(runs: Runs, pairs: Iterable[tuple[str, str, str, str, str]]) -> pd.DataFrame:
    """Compare (role, network, run) with (role, run) of the same network, where both are there."""
    rows = []
    for role, network, run, other_role, other in pairs:
        ours, theirs = runs.find(role, network, run), runs.find(other_role, network, other)
        if ours is None or theirs is None:
            continue
        for measure, ratio in COMPARED.items():
            found = compare(runs.values(ours, measure), runs.values(theirs, measure), ratio)
            rows.append({"role": role, "network": network, "run": run, "measure": measure} | found)
    return pd.DataFrame(rows, columns=list(COLUMNS))
