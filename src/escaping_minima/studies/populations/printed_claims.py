"""What the printed tables themselves say of the claims about them, by sounder tests.

The p-values are taken as they stand and corrected; Table 4 is taken as means and standard
deviations, of 50 models or of 5 trajectories. Neither is evidence for or against a claim, since
tables and text contradict one another (`printed_errors`): it is what the paper could have said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import combinations
from typing import Literal

import pandas as pd
from scipy import stats

from escaping_minima.claims.records import source_claims
from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.equivalence import tost
from escaping_minima.statistics.holm import holm_p_values
from escaping_minima.studies.populations.margins import MARGINS
from escaping_minima.studies.populations.names import (
    IMAGE_TASKS,
    METHOD_NAMES,
    TASK_NAMES,
    TEXT_TASKS,
)
from escaping_minima.studies.populations.printed import (
    MODELS,
    SOURCE,
    TRAJECTORIES,
    load_p_values,
    load_table4,
)
from escaping_minima.studies.populations.printed_counts import TOP, ranks

Unit = Literal["model", "trajectory"]
_SIZES: Mapping[Unit, int] = {"model": TRAJECTORIES * MODELS, "trajectory": TRAJECTORIES}
_UNITS: Mapping[Unit, str] = {
    "model": f"{TRAJECTORIES * MODELS} models",
    "trajectory": f"{TRAJECTORIES} trajectories",
}
_LEADING: Mapping[str, tuple[str, ...]] = {"I11": ("gd", "nim", "sam"), "I12": ("nim_bh",)}


@cache
def printed_holm() -> pd.DataFrame:
    """Return the printed p-values with Holm's correction within each table.

    Returns
    -------
    DataFrame
        As `load_p_values` has them, with ``holm_p`` and ``rejected``.
    """
    printed = load_p_values()
    corrected = printed.groupby("table")["p"].transform(lambda p: holm_p_values(list(p)))
    return printed.assign(holm_p=corrected, rejected=corrected <= ALPHA)


@cache
def printed_differences(unit: Unit, name: Literal["A", "B"] = "A") -> pd.DataFrame:
    """Test every two methods of Table 4, as if it gave means and standard deviations.

    Parameters
    ----------
    unit : {"model", "trajectory"}
        Whether the 50 models or the 5 trajectories of a set are its independent values.
    name : {"A", "B"}
        Which set.

    Returns
    -------
    DataFrame
        ``task``, ``method``, ``other_method``; ``difference`` in points, the former less the
        latter; ``n`` values a side; ``p`` of Student's t and ``holm_p`` within the table;
        ``tost_p`` and ``margin``, in points, of the statement that both are equal.
    """
    table, n = load_table4(), _SIZES[unit]
    rows = []
    for task, methods in table[table["set"] == name].groupby("task", sort=False):
        for one, other in combinations(methods.itertuples(), 2):
            difference = one.centre - other.centre
            error = math.sqrt((one.spread**2 + other.spread**2) / n)
            margin = MARGINS[str(task)]
            rows.append(
                {
                    "task": task,
                    "method": one.method,
                    "other_method": other.method,
                    "difference": difference,
                    "n": n,
                    "p": 2.0 * float(stats.t.sf(abs(difference) / error, 2 * n - 2)),
                    "tost_p": tost(difference, error, 2 * n - 2, margin),
                    "margin": margin,
                }
            )
    found = pd.DataFrame(rows)
    return found.assign(holm_p=holm_p_values(list(found["p"])))


@cache
def printed_claims() -> pd.DataFrame:
    """Return what the printed tables say of claims I08 to I15 and I22.

    Returns
    -------
    DataFrame
        ``claim``, ``statement``, ``printed`` (what the table shows as it stands) and ``says`` (what
        is left of it by the sounder test).
    """
    says: Mapping[str, Callable[[], tuple[str, str]]] = {
        "I08": partial(_p_values, "2a"),
        "I09": partial(_p_values, "2b"),
        "I10": partial(_p_values, "3a", "3b"),
        "I11": partial(_leading, "I11", IMAGE_TASKS),
        "I12": partial(_leading, "I12", TEXT_TASKS),
        "I13": _behind_and_ahead,
        "I14": partial(_p_values, "5a", "5b"),
        "I15": partial(_p_values, "6"),
        "I22": _comparable,
    }
    claims = source_claims(SOURCE)
    rows = [(name, claims.loc[name, "claim"], *say()) for name, say in says.items()]
    return pd.DataFrame(rows, columns=["claim", "statement", "printed", "says"])


def _p_values(*tables: str) -> tuple[str, str]:
    printed, says = [], []
    for name in tables:
        rows = printed_holm().query("table == @name")
        below = int((rows["p"] < ALPHA).sum())
        printed.append(
            f"Table {name}: {below} of {len(rows)} below {ALPHA:g}, {ALPHA * len(rows):.1f} "
            "expected by chance"
        )
        left = [_named(row) for row in rows[rows["rejected"]].itertuples()]
        says.append(
            f"Table {name}: {len(left) or 'none'} below {ALPHA:g} with Holm's correction"
            + (f" ({'; '.join(left)})" if left else f", the smallest {rows['holm_p'].min():.2g}")
        )
    return "; ".join(printed), "; ".join(says) + "; none of it shows that two sets are equal"


def _named(row: object) -> str:
    task, method = getattr(row, "task", ""), getattr(row, "method", "")
    return f"{TASK_NAMES[task]}, {METHOD_NAMES[method]} {getattr(row, 'holm_p', math.nan):.2g}"


def _leading(claim: str, tasks: tuple[str, ...]) -> tuple[str, str]:
    """Say whether the methods that a claim puts first are ahead of the others."""
    placed, first = ranks(tasks), _LEADING[claim]
    printed = "; ".join(
        f"{TASK_NAMES[task]}: "
        + ", ".join(f"{METHOD_NAMES[m]} {placed.loc[m, task]}" for m in first)
        for task in tasks
    )
    return f"rank of SetA: {printed} (of {len(placed)})", _between(tasks, first)


def _between(tasks: tuple[str, ...], first: tuple[str, ...]) -> str:
    """Say how many differences of some methods from the others are left by either unit."""
    words = []
    for unit, size in _UNITS.items():
        rows = printed_differences(unit).query("task in @tasks")
        apart = rows["method"].isin(first) != rows["other_method"].isin(first)
        chosen = rows[apart]
        sign = chosen["method"].isin(first).map({True: 1.0, False: -1.0}) * chosen["difference"]
        found = chosen["holm_p"] <= ALPHA
        words.append(
            f"with {size} a side, {int((found & (sign > 0)).sum())} of {len(chosen)} differences "
            f"from the others are positive and {int((found & (sign < 0)).sum())} negative beyond "
            "chance (Holm)"
        )
    return "; ".join(words)


def _behind_and_ahead() -> tuple[str, str]:
    placed = ranks(TEXT_TASKS)
    shown = ("sam", "nig_bh", "nim_bh")
    printed = "; ".join(f"{METHOD_NAMES[m]} {' and '.join(map(str, placed.loc[m]))}" for m in shown)
    ahead = [m for m in shown[1:] if (placed.loc[m] <= TOP).all()]
    behind = bool((placed.loc["sam"] > TOP).all())
    says = (
        f"SAM is {'' if behind else 'not '}in the lower half on both; of basin hopping "
        f"{' and '.join(METHOD_NAMES[m] for m in ahead)} alone is in the upper half; "
    )
    return f"rank of SetA: {printed} (of {len(placed)})", says + _between(
        TEXT_TASKS, ("nig_bh", "nim_bh")
    )


def _comparable() -> tuple[str, str]:
    ranges = []
    for task, rows in load_table4().query("set == 'A'").groupby("task", sort=False):
        span = rows["centre"].max() - rows["centre"].min()
        ranges.append(f"{TASK_NAMES[str(task)]} {span:.1f} (margin {MARGINS[str(task)]:g})")
    words = []
    for unit, size in _UNITS.items():
        rows = printed_differences(unit)
        equal = [p <= ALPHA for p in holm_p_values(list(rows["tost_p"]))]
        words.append(
            f"with {size} a side, {sum(equal)} of {len(rows)} pairs are equal within the margin "
            f"and {int((rows['holm_p'] <= ALPHA).sum())} differ (Holm)"
        )
    return f"range of SetA in points: {'; '.join(ranges)}", "; ".join(words)
