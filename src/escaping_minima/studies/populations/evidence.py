"""What the sides of the claims' records are in the collected tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd

from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.claims.words import unmet_need
from escaping_minima.parts.study import SideForm
from escaping_minima.problems.network import BLOCK
from escaping_minima.studies.populations.costs import missing_runs
from escaping_minima.studies.populations.measures import MEASURE_NAMES, MODEL_NAMES
from escaping_minima.studies.populations.names import (
    METHODS,
    MONOTONIC,
    TASKS,
    TRAJECTORIES,
)
from escaping_minima.studies.populations.printed_tables import printed_tables
from escaping_minima.studies.populations.run_tables import GROUPS, Tables, methods_of, role_of
from escaping_minima.studies.populations.sets import RULES, SETS
from escaping_minima.studies.populations.side_values import SPENT, count_acting, side_values
from escaping_minima.studies.populations.side_words import say_method, say_words

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

_WHOSE = ("task", "method")

#: What a side may name.
SIDES: Mapping[str, Collection[Any] | None] = {
    "measure": MEASURE_NAMES,
    "single": RULES,
    "curve": ("loss",),
    "spent": ("gradients",),
    "set": SETS,
    "of": (*MODEL_NAMES, *SPENT),
    "evaluations": None,
    "task": TASKS,
    "method": (*METHODS, *MONOTONIC, *GROUPS),
    "role": TRAJECTORIES,
}
#: The forms of a side.
FORMS: Mapping[str, SideForm] = {
    "measure": SideForm(("set", *_WHOSE), ("role",)),
    "single": SideForm(("of", *_WHOSE), ("role",)),
    "curve": SideForm(("evaluations", *_WHOSE), ("role",)),
    "spent": SideForm(("of", *_WHOSE), ("role",)),
}


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do.

    The reason says what the runs take that are missing: see `missing_runs`.
    """
    rows = tables.rows(family)
    none = "this run has none of its trajectories"
    unmet = none if rows.empty else unmet_need(family.needs, rows, tables.words)
    return None if unmet is None else _with_hours(unmet, family, tables)


def leave_one_out(
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Yield the tables without each trajectory of all methods, where there are several."""
    by_block = [name for name, table in tables.items() if "block" in table]
    blocks = sorted({int(block) for name in by_block for block in tables[name]["block"].unique()})
    for block in blocks if len(blocks) > 1 else ():
        left = {name: tables[name][tables[name]["block"] != block] for name in by_block}
        yield f"trajectory {block}", {**tables, **left}


def varies(side: Side, sweep: str) -> bool:
    """Return whether a side depends on what is swept: on all that it does not name itself."""
    return sweep not in side


def values(side: Side, family: Family, tables: Tables) -> Values:
    """Return what a side is in every trajectory; see `side_values`.

    Raises
    ------
    MissingRunsError
        If the tables have none of these, with what they would take where the family rests on them.
    """
    with _saying_what_is_lacking(side, family, tables):
        return side_values(side, family, tables)


def count_differing(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return in how many trajectories a side did what SGD does not do; see `count_acting`.

    That is known of each trajectory without another one beside it.
    """
    with _saying_what_is_lacking(side, family, tables):
        return count_acting(side, family, tables)


def say_runs(side: Side) -> str:
    """Say whose trajectories a side is about."""
    words = say_words(side)
    return ", ".join(words[key] for key in ("method", "task", "role") if key in words)


def say_setting(sweep: str, point: Any) -> str:
    """Say a setting of a sweep: a share of SGD's gradients."""
    return f"{point:g} percent of SGD's gradients"


def say_side(side: Side, beside: Side | None = None) -> str:
    """Say a side; beside another one only what of it differs."""
    words = say_words(side)
    if beside is None:
        return f"{words.pop('what')}: {', '.join(words.values())}"
    others = say_words(beside)
    return ", ".join(v for k, v in words.items() if others.get(k) != v) or say_method(
        side["method"]
    )


def say_number(number: float, side: Side) -> str:
    """Say a number that a side is compared with."""
    return f"{number:,.10g}"


@contextmanager
def _saying_what_is_lacking(side: Side, family: Family, tables: Tables) -> Iterator[None]:
    """Add to what is missing of a side what its family lacks, where that rests on it."""
    try:
        yield
    except MissingRunsError as missing:
        if side not in tables.sides[family.id]:
            raise
        raise MissingRunsError(_with_hours(str(missing), family, tables)) from None


def _with_hours(reason: str, family: Family, tables: Tables) -> str:
    """Add to why a claim is not tested what the runs would take that its family lacks."""
    if family.id not in tables.lacking:
        sides = tables.sides[family.id]
        lacking = missing_runs(
            {role_of(side, family) for side in sides},
            {side["task"] for side in sides},
            {method for side in sides for method in methods_of(side)},
            tables.cells,
        )
        tables.lacking[family.id] = lacking.words()
    return f"{reason} (lacks {tables.lacking[family.id]})"
