"""Means over seeds with intervals: of every strategy, and of the linear increase against others."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from scipy import stats

from escaping_minima.report.ratios import RATIO
from escaping_minima.report.tables.means import mean_columns
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.studies.batch_increase.convergence import SHARED
from escaping_minima.studies.batch_increase.evidence import (
    Tables,
    conditions_of,
    paired_differences,
)
from escaping_minima.studies.batch_increase.names import PLACES, strategy_at
from escaping_minima.studies.batch_increase.schedules import count_until, fixed_updates
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES

#: Measures whose means are shown, of every strategy.
SUMMARISED = (
    "final_test_loss",
    "min_test_loss",
    "final_test_error",
    "min_test_error",
    "final_train_loss",
    "final_running_loss",
    "final_train_error",
    "test_loss_sd",
    "test_loss_jump",
    "test_loss_climb",
    "train_loss_meanwhile",
    "min_test_loss_epoch",
    "smooth_min_epoch",
    "test_loss_trend",
    "train_loss_trend",
    "updates",
)
#: Measures whose extremes over seeds are shown.
EXTREMA = ("parameter_min", "parameter_max", "weight_min", "weight_max")
#: Measures in which strategies are compared, and whether by their ratio.
COMPARED: Mapping[str, bool] = {
    "final_test_loss": True,
    "min_test_loss": True,
    "final_test_error": False,
    "min_test_error": False,
    "final_train_loss": True,
    "test_loss_sd": True,
}
#: Roles whose cells are the strategies themselves.
ROLES = ("main", "section_4_5", "sample", "main_sgd", "sample_sgd")
SUMMARY_COLUMNS = ("role", "strategy", "epochs", "images", "measure", "n", "mean", "low", "high")
EXTREMA_COLUMNS = ("role", "strategy", "epochs", "images", "n", *EXTREMA)
PAIRED_COLUMNS = (
    "role",
    "condition",
    "strategy",
    "measure",
    "unit",
    "n",
    "mean",
    "low",
    "high",
    "p",
)
CONVERGENCE_COLUMNS = ("role", "condition", "strategy", "measure", "n", "mean", "low", "high")
EQUAL_COLUMNS = (
    "role",
    "condition",
    "strategy",
    "updates",
    "measure",
    "n",
    "mean",
    "low",
    "high",
)


def summary(tables: Tables) -> pd.DataFrame:
    """Return the mean of every measure of every strategy, with its 95 percent interval.

    Parameters
    ----------
    tables : Tables
    """
    rows = [
        same | {"measure": m} | mean_columns(tables.values(cell, m).tolist())
        for same, cell in _strategies(tables)
        for m in SUMMARISED
    ]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def extrema(tables: Tables) -> pd.DataFrame:
    """Return the least and the largest weight of every strategy over all its seeds and epochs.

    The paper prints an interval that held all weights. A mean over seeds would not say that, as
    the weights of some seeds lie beyond it.

    Parameters
    ----------
    tables : Tables
    """
    rows = []
    for same, cell in _strategies(tables):
        runs = {name: tables.values(cell, name) for name in EXTREMA}
        ends = {name: runs[name].agg(name.rpartition("_")[2]) for name in EXTREMA}
        rows.append(same | {"n": int(runs[EXTREMA[0]].count())} | ends)
    return pd.DataFrame(rows, columns=list(EXTREMA_COLUMNS))


def paired(tables: Tables) -> pd.DataFrame:
    """Return the linear increase against every fixed size, seed by seed.

    Losses and scatters are compared by 100 ln(linear / fixed), errors by their difference in
    points: ``unit`` says which ("ratio" or "points"). ``p``
    is of the two-sided paired t test, without a correction for the number of rows.

    Parameters
    ----------
    tables : Tables
    """
    rows = [
        {"role": role, "condition": condition, "strategy": fixed, "measure": measure}
        | {"unit": RATIO if ratio else "points"}
        | _difference_columns(
            paired_differences(
                tables.values(cells[f"linear_{condition}"], measure),
                tables.values(cells[fixed], measure),
                ratio,
            )
        )
        for role, condition, cells in _arms(tables)
        for fixed in (strategy_at(place, condition) for place in ("N1", "mean", "N2"))
        for measure, ratio in COMPARED.items()
    ]
    return pd.DataFrame(rows, columns=list(PAIRED_COLUMNS))


def convergence(tables: Tables) -> pd.DataFrame:
    """Return how long each strategy takes to the training loss that all of its condition reach.

    Parameters
    ----------
    tables : Tables
    """
    rows = [
        {"role": role, "condition": condition, "strategy": strategy, "measure": measure}
        | mean_columns(tables.values_in(cells[strategy], measure, condition).tolist())
        for role, condition, cells in _arms(tables)
        for strategy in (strategy_at(place, condition) for place in PLACES)
        for measure in SHARED
    ]
    return pd.DataFrame(rows, columns=list(CONVERGENCE_COLUMNS))


def equal_updates(tables: Tables) -> pd.DataFrame:
    """Return test loss and error after as many updates as the fixed size N2 makes in all.

    Runs are measured after whole epochs, so most strategies are shown a little earlier:
    ``updates_reached`` are the updates that they have made by then.

    Parameters
    ----------
    tables : Tables
    """
    rows = []
    for role, condition, cells in _arms(tables):
        row = tables.rows(cells).iloc[0]
        budget = fixed_updates(condition, int(row["images"]), int(row["epochs"]))
        for place in PLACES:
            strategy = strategy_at(place, condition)
            found = {
                name: tables.values(cells[strategy], f"{name}_at_updates_{condition}").tolist()
                for name in ("epoch", "test_loss", "test_error")
            }
            found["updates_reached"] = _updates_reached(tables, cells[strategy], found["epoch"])
            same = {"role": role, "condition": condition, "strategy": strategy, "updates": budget}
            rows += [same | {"measure": m} | mean_columns(v) for m, v in found.items()]
    return pd.DataFrame(rows, columns=list(EQUAL_COLUMNS))


def _updates_reached(tables: Tables, cell: str, epochs: Sequence[float]) -> list[float]:
    """Return the updates that a cell's runs have made after some epochs, NaN after none."""
    row = tables.rows({"": cell}).iloc[0]
    sizes = BatchSizes(**json.loads(row["settings"])["batch_size"])
    whole = int(row["epochs"])
    return [
        math.nan if math.isnan(e) else count_until(int(e), sizes, int(row["images"]), whole)
        for e in epochs
    ]


def _strategies(tables: Tables) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield what a row says of every strategy of every role, with its cell."""
    for role in ROLES:
        for strategy, cell in tables.role_cells(role).items():
            row = tables.rows({strategy: cell}).iloc[0]
            same = {"role": role, "strategy": strategy}
            yield same | {k: row[k] for k in ("epochs", "images")}, cell


def _arms(tables: Tables) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Yield every role and condition whose four strategies are there, with the role's cells."""
    for role in ROLES:
        cells = tables.role_cells(role)
        for condition in FIXED_SIZES:
            if condition in conditions_of(cells):
                yield role, condition, cells


def _difference_columns(differences: Sequence[float]) -> dict[str, Any]:
    spread = len(differences) > 1 and max(differences) > min(differences)
    p = float(stats.ttest_1samp(differences, 0.0).pvalue) if spread else math.nan
    return mean_columns(differences) | {"p": p}
