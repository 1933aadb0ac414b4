"""What the sides of the claims' records are in the collected tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import Values
from escaping_minima.claims.words import unmet_need
from escaping_minima.parts.study import SideForm
from escaping_minima.studies.escape.contestants import CONTESTANTS
from escaping_minima.studies.escape.names import PROBLEM_NAMES, ROLE_NAMES, SOURCE_NAMES
from escaping_minima.studies.escape.off import count_other
from escaping_minima.studies.escape.run_tables import Tables
from escaping_minima.studies.escape.side_values import BY_FUNCTION, SHARES, side_values
from escaping_minima.studies.escape.side_words import say_number, say_runs, say_setting, say_side

__all__ = [
    "BLOCK",
    "FORMS",
    "SIDES",
    "Tables",
    "count_differing",
    "leave_one_out",
    "missing_needs",
    "printed_tables",
    "say_number",
    "say_runs",
    "say_setting",
    "say_side",
    "values",
    "varies",
]

#: Blocks of unlike problems have unlike numbers of starts.
BLOCK = 1
_KINDS = ("saddle", "minimum")
_ARMS = (*CONTESTANTS, "descent", "single", "warm_1", "low_1", "sgd", "sampler", "with", "without")

#: What a side may name.
SIDES: Mapping[str, Collection[Any] | None] = {
    "share": SHARES,
    "gap": ("mean", "worst"),
    "best_of": ("run", "foretold"),
    "distance": ("full",),
    "fall": ("with", "without"),
    "norm": ("with", "without"),
    "critical": _KINDS,
    "leaving": _KINDS,
    "skip": ("negative_share", "eigenvalue_ratio", "steps", "log_loss", "reached"),
    "problem": PROBLEM_NAMES,
    "arm": _ARMS,
    "role": ROLE_NAMES,
    "by": (10, 32, 100),
    "rate": None,
    "number": None,
    "peak": None,
    "batch": None,
    "cooling": None,
    "source": SOURCE_NAMES,
    "strength": None,
    "test": ("barker", "naive", "full"),
}
_RUN = ("problem", "arm")
_MAY = ("role", "by", "rate", "number", "peak", "batch", "cooling", "source", "strength")
#: The forms of a side.
FORMS: Mapping[str, SideForm] = {
    "share": SideForm(_RUN, _MAY),
    "gap": SideForm(_RUN, _MAY),
    "best_of": SideForm((*_RUN, "number")),
    "distance": SideForm((*_RUN, "test")),
    "fall": SideForm(("problem",)),
    "norm": SideForm(("problem", "batch")),
    "critical": SideForm(("problem",)),
    "leaving": SideForm(("problem",)),
    "skip": SideForm(_RUN),
}
#: Whose runs a sweep is of, where sides that it is not of may stand beside them.
_SWEPT_ARMS = {"batch": "sgd", "cooling": "annealing"}


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do."""
    rows = tables.rows(family)
    if rows.empty:
        return "this run has none of its runs"
    return unmet_need(family.needs, rows, tables.words)


def leave_one_out(
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Yield the tables without each block, where there are several.

    A block of critical points is a random function, and one of gradients a set of draws. A cell of
    one block keeps it: without it nothing would be left.
    """
    there = [name for name, table in tables.items() if "block" in table and len(table)]
    blocks = sorted({int(b) for name in there for b in tables[name]["block"].unique()})
    for block in blocks if len(blocks) > 1 else ():
        left = {name: _without_block(name, tables[name], block) for name in there}
        yield f"block {block}", {**tables, **left}


def _without_block(name: str, table: pd.DataFrame, block: int) -> pd.DataFrame:
    gone = table["block"] == block
    if name not in BY_FUNCTION:
        gone &= table.groupby("cell")["block"].transform("nunique") > 1
    return table[~gone]


def printed_tables(records: Records) -> None:
    """Return None: the source prints no numbers."""


def varies(side: Side, sweep: str) -> bool:
    """Return whether a side depends on what is swept: gradient descent has no cooling rate."""
    if sweep in side:
        return False
    if sweep == "source":
        return bool(side.get("strength", 0))
    return sweep not in _SWEPT_ARMS or bool(side.get("arm") == _SWEPT_ARMS[sweep])


def values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is, start by start or group by group; see `side_values`."""
    return side_values(side, tables)


def count_differing(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return how many starts go another way than under a base, and how many there are.

    Another end, or another cost of the first escape or of finding a global minimum. All of them
    where nothing was run as a base: a method without a strength that could be taken away.
    """
    (own,) = tables.cells_of(side)
    ours = tables.starts(own)
    found = tables.find(base)
    if not found:
        return len(ours.end), len(ours.end)
    return count_other(ours, tables.starts(found[0])), len(ours.end)
