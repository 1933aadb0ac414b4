"""Every method against plain gradient descent, start by start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from scipy import stats

from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.holm import holm
from escaping_minima.statistics.intervals import Share, difference_bounds
from escaping_minima.studies.stationary_distributions.counts import (
    TAIL,
    Run,
    percent,
    share_columns,
    significant,
)
from escaping_minima.studies.stationary_distributions.evidence import Tables

PAIRED_COLUMNS = (
    "function",
    "method",
    "starts",
    "other_outcome_count",
    "other_outcome_share",
    "low",
    "high",
    "else_only_method",
    "else_only_gd",
    "p",
    "holm_rank",
    "holm_level",
    "rejected",
)
EXPLORATION_COLUMNS = (
    "function",
    "method",
    "k",
    "radius",
    "starts",
    "mean_basins",
    "several_basins",
    "more_than_gd",
    "fewer_than_gd",
    "net_difference",
    "low",
    "high",
)


def paired(runs: Sequence[Run], tables: Tables) -> pd.DataFrame:
    """Return how many starts end elsewhere than under gradient descent.

    Whether more or fewer of them end outside every minimum is tested by McNemar's exact test, with
    Holm's correction over the table.

    Parameters
    ----------
    runs : sequence of Run
        At the main radius.
    tables : Tables
        With the outcome of each start.

    References
    ----------
    McNemar, Q. (1947). Note on the sampling error of the difference between correlated
    proportions or percentages. Psychometrika 12, 153-157.
    """
    rows = [_against_gd(run, tables) for run in runs if run.method != "gd"]
    for row, step in zip(rows, holm([row["p"] for row in rows], ALPHA), strict=True):
        row |= {
            "p": significant(row["p"]),
            "holm_rank": step.rank,
            "holm_level": significant(step.a),
            "rejected": step.rejected,
        }
    return pd.DataFrame(rows, columns=list(PAIRED_COLUMNS))


def _against_gd(run: Run, tables: Tables) -> dict[str, Any]:
    outcomes = tables.outcomes[run.function]
    ours, gd = (outcomes[tables.cell(run.function, m, 0)].to_numpy() for m in (run.method, "gd"))
    our_else, gd_else = (
        tables.ends(run.function, tables.cell(run.function, m, 0), "else")
        for m in (run.method, "gd")
    )
    only_method, only_gd = int((our_else & ~gd_else).sum()), int((gd_else & ~our_else).sum())
    other = share_columns(int((ours != gd).sum()), run.starts)
    return {
        "function": run.function,
        "method": run.method,
        "starts": run.starts,
        "other_outcome_count": other["count"],
        "other_outcome_share": other["share"],
        "low": other["low"],
        "high": other["high"],
        "else_only_method": only_method,
        "else_only_gd": only_gd,
        "p": sign_test(only_method, only_gd),
    }


def sign_test(first: int, second: int) -> float:
    """Return the exact two-sided p-value of two counts, if each event is of either kind alike."""
    both = first + second
    return float(stats.binomtest(first, both, 0.5).pvalue) if both else 1.0


def exploration(runs: Sequence[Run], tables: Tables) -> pd.DataFrame:
    """Return how many basins trajectories were seen in, beside gradient descent's.

    Shares are percentages of the starts, differences are points with a 95 percent interval.

    Parameters
    ----------
    runs : sequence of Run
        Main and sweep.
    tables : Tables
        With the number of basins of each start.
    """
    rows = [_visits(run, tables) for run in runs]
    return pd.DataFrame(rows, columns=list(EXPLORATION_COLUMNS)).astype({"radius": float})


def _visits(run: Run, tables: Tables) -> dict[str, Any]:
    visits = tables.visits(run.function, tables.cell(run.function, run.method, run.k))
    row = {
        "function": run.function,
        "method": run.method,
        "k": run.k,
        "radius": run.radius,
        "starts": run.starts,
        "mean_basins": round(float(visits.mean()), 4),
        "several_basins": percent(float((visits > 1).mean())),
    }
    if run.method == "gd":
        return row
    gd = tables.visits(run.function, tables.cell(run.function, "gd", 0))
    more, fewer = (Share(int(x.sum()), run.starts) for x in (visits > gd, visits < gd))
    low, high = difference_bounds(more, fewer, TAIL)
    return row | {
        "more_than_gd": percent(more.value),
        "fewer_than_gd": percent(fewer.value),
        "net_difference": percent(more.value - fewer.value),
        "low": percent(low),
        "high": percent(high),
    }
