"""Tables 2, 3, 5 and 6 again: the paper's test of each cell, and beside it sound ones."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from escaping_minima.statistics.holm import holm_p_values
from escaping_minima.studies.populations.compared_sets import (
    NUMBERS,
    WORDS,
    compare,
    naive_p,
    set_of_models,
)
from escaping_minima.studies.populations.margins import MARGINS
from escaping_minima.studies.populations.names import NOISY
from escaping_minima.studies.populations.printed import TABLES, load_p_values

#: Roles whose sets are compared.
ROLES = ("tuned", "base", "acting")
# Where a table has a part for each printed role, no other role is compared with both.
_ROLES_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("2a", "3a"), ("tuned", "acting")),
    **dict.fromkeys(("2b", "3b"), ("base",)),
}
_COLUMN_OF = {"score": "test_score", "loss": "train_loss"}
#: What names a row.
KEYS = (
    *("table", "test", "quantity", "role", "task", "network", "method", "other_method"),
    *("left_set", "right_set", "cell", "other_cell"),
)
_COUNTS = ("trajectories", "models")
#: Of each the p-values that are corrected together: those of one table, role and pair of sets.
_CORRECTED: Mapping[str, str] = {
    "p": "holm_p",
    "apart_p": "apart_holm_p",
    "tost_p": "tost_holm_p",
}
COLUMNS = (
    *(*KEYS, *_COUNTS, "naive_p", *NUMBERS, *_CORRECTED.values()),
    *("printed_p", "printed_role", *WORDS),
)


@dataclass(frozen=True)
class _Row:
    """What a row of a table compares; names as in `KEYS`."""

    table: str
    test: str
    quantity: str
    role: str
    task: str
    network: str
    method: str
    other_method: str
    left_set: str
    right_set: str
    cell: str
    other_cell: str


def tests_table(cells: pd.DataFrame, selected: pd.DataFrame) -> pd.DataFrame:
    """Test what the paper tests, its way and with the trajectory as the unit.

    Parameters
    ----------
    cells : DataFrame
        ``cell``, ``role``, ``task``, ``method``, ``network``.
    selected : DataFrame
        SetA, SetB and SetV of any number of trajectories, as `select_sets` gives them.

    Returns
    -------
    DataFrame
        `COLUMNS`. A row for each cell of a printed table and network that ran, of each of `ROLES`;
        where a printed cell did not run, a row that says so. SetV, which the paper has not, stands
        beside SetB where scores are compared. ``difference`` is the right side less the left one
        (SetB less SetA; SAM less SGD), with a bootstrap interval, ``low`` to ``high``; ``effect``
        is that over the standard deviation between trajectories of the left side. ``p`` is of sign
        flips over blocks, ``apart_p`` of a permutation of two sets of trajectories, ``mixed_p`` of
        the mixed model; ``tost_p`` says whether the difference is within ``margin``. Corrected
        ones are so within a table, role and pair of sets. ``icc`` is of the left side.
    """
    known = set(selected["cell"])
    there = cells[cells["role"].isin(ROLES) & cells["cell"].isin(known)]
    rows = [row for name in TABLES for row in _rows_of(name, there)]
    done: dict[Hashable, dict[str, Any]] = {}
    found = [vars(row) | _numbers(row, selected, done) for row in rows]
    table = pd.DataFrame([*found, *_not_run(found)])
    printed = load_p_values().rename(columns={"p": "printed_p", "role": "printed_role"})
    keys = ["table", "task", "method", "other_method"]
    table = table.merge(printed[[*keys, "printed_p", "printed_role"]], on=keys, how="left")
    # no printed test is of SetV
    table.loc[table["right_set"] == "V", ["printed_p", "printed_role"]] = [math.nan, ""]
    return _corrected(table)[list(COLUMNS)]


def _rows_of(name: str, cells: pd.DataFrame) -> Iterator[_Row]:
    """Yield what a printed table compares, for each role that it stands for."""
    meta = TABLES[name]
    for role in _ROLES_OF.get(name, ROLES):
        blank = _Row(name, meta.test, meta.quantity, role, *[""] * 8)
        yield from _pairs(blank, cells) if name == "6" else _sets(blank, cells)


def _sets(blank: _Row, cells: pd.DataFrame) -> Iterator[_Row]:
    methods = set(load_p_values().query("table == @blank.table")["method"])
    chosen = cells[(cells["role"] == blank.role) & cells["method"].isin(methods)]
    for cell in chosen.itertuples():
        for right in ("B", "V") if blank.quantity == "score" else ("B",):
            yield replace(
                blank,
                task=cell.task,
                network=cell.network,
                method=cell.method,
                left_set="A",
                right_set=right,
                cell=cell.cell,
                other_cell=cell.cell,
            )


def _pairs(blank: _Row, cells: pd.DataFrame) -> Iterator[_Row]:
    """Yield pairs of methods; beside those whose noise acts, SGD and SAM are as at base."""
    noiseless = ~cells["method"].isin(NOISY) & (cells["role"] == "base")
    acting = cells["role"] == "acting"
    chosen = acting | noiseless if blank.role == "acting" else cells["role"] == blank.role
    if not (cells["role"] == blank.role).any():
        return
    for (task, network), rows in cells[chosen].groupby(["task", "network"], sort=False):
        by_method = rows.set_index("method")["cell"].to_dict()
        pairs = load_p_values().query("table == '6' and task == @task")
        for one, other in zip(pairs["method"], pairs["other_method"], strict=True):
            noisy = blank.role != "acting" or {one, other} & set(NOISY)
            if one in by_method and other in by_method and noisy:
                yield replace(
                    blank,
                    task=str(task),
                    network=str(network),
                    method=one,
                    other_method=other,
                    left_set="A",
                    right_set="A",
                    cell=by_method[one],
                    other_cell=by_method[other],
                )


def _numbers(
    row: _Row, selected: pd.DataFrame, done: dict[Hashable, dict[str, Any]]
) -> dict[str, Any]:
    """Return the numbers of a row; what two tables have in common is computed once."""
    column = _COLUMN_OF[row.quantity]
    one = set_of_models(selected, row.cell, row.left_set, column)
    other = set_of_models(selected, row.other_cell, row.right_set, column)
    key = (row.quantity, row.cell, row.left_set, row.other_cell, row.right_set)
    if key not in done:
        margin = MARGINS[row.task] if row.quantity == "score" else math.nan
        done[key] = compare(one, other, margin)
    test = TABLES[row.table].test
    return done[key] | {"naive_p": naive_p(one, other, test)}


def _not_run(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a row for each printed p-value whose runs, in the printed version, are not there."""
    keys = ("table", "role", "task", "method", "other_method")
    there = {tuple(row[key] for key in keys) for row in found}
    nothing = dict.fromkeys((*NUMBERS, "naive_p"), math.nan) | dict.fromkeys(_COUNTS, 0)
    for row in load_p_values().to_dict("records"):
        if tuple(row[key] for key in keys) in there:
            continue
        right = "A" if row["table"] == "6" else "B"
        named = {key: row.get(key, "") for key in KEYS} | {"left_set": "A", "right_set": right}
        yield named | nothing | {"reason": "no such runs", "mixed_reason": ""}


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    """Add Holm's correction within each table, role and pair of sets, over what was tested."""
    table = table.assign(**dict.fromkeys(_CORRECTED.values(), math.nan))
    for _, rows in table.groupby(["table", "role", "right_set"]):
        for column, corrected in _CORRECTED.items():
            tested = rows[column].dropna()
            table.loc[tested.index, corrected] = holm_p_values([float(p) for p in tested])
    return table
