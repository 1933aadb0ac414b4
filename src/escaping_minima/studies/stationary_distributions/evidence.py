"""What the sides of the claims' records are in the collected tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from escaping_minima.claims.checks import found_allowed
from escaping_minima.claims.grammar import Side
from escaping_minima.claims.records import Family, Records
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.claims.words import Words, unmet_need
from escaping_minima.landscape.classify import outcome_names
from escaping_minima.parts.registry import make_problem
from escaping_minima.parts.study import SideForm
from escaping_minima.problems.plane import BLOCK
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, GRID, METHODS, RADII
from escaping_minima.studies.stationary_distributions.printed import (
    STATED_RUNS,
    load_printed,
    whole_counts,
)
from escaping_minima.studies.stationary_distributions.side_words import (
    RADIUS,
    say_number,
    say_runs,
    say_setting,
    say_side,
)
from escaping_minima.studies.stationary_distributions.start_settings import (
    MAIN_START,
    OTHER_STARTS,
)

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

#: Sweeps of gradient descent: step size and start box, or the box alone at the main run's step.
STEP_AND_BOX, START_BOX = "step and box", "start box"
#: What a side may name.
SIDES: Mapping[str, Collection[Any] | None] = {
    "share": None,
    "among": None,
    "count": ("basins",),
    "trend": ("basins",),
    "over": (RADIUS,),
    "method": METHODS,
    "function": FUNCTIONS,
    RADIUS: GRID,
    STEP_AND_BOX: tuple(start.label for start in (MAIN_START, *OTHER_STARTS)),
    START_BOX: tuple(dict.fromkeys(start.boxes for start in (MAIN_START, *OTHER_STARTS))),
}
_WHERE, _SWEPT = ("method", "function"), (RADIUS, STEP_AND_BOX, START_BOX)
#: The forms of a side.
FORMS: Mapping[str, SideForm] = {
    "share": SideForm(_WHERE, ("among", *_SWEPT)),
    "count": SideForm(_WHERE, _SWEPT),
    "trend": SideForm(("over", *_WHERE)),
}


@dataclass(frozen=True)
class Tables:
    """The collected tables of the study, with lookups by what a side names.

    Attributes
    ----------
    cells : DataFrame
    ids : Mapping
        Cells of the main table and of the sweep of radii, by function, method and point k.
    starts : Mapping
        Cells of gradient descent at other step sizes and start boxes, by function and setting.
    outcomes, basins : Mapping of str to DataFrame
        By function; a row a start, a column a cell.
    sweeps : Mapping
        The settings of each sweep, from the records.
    groups : Mapping
        Groups of outcomes, from the records.
    words : Words
    paired : bool
        Whether methods ran from the same starts.
    """

    cells: pd.DataFrame
    ids: Mapping[tuple[str, str, int], str]
    starts: Mapping[tuple[str, str], str]
    outcomes: Mapping[str, pd.DataFrame]
    basins: Mapping[str, pd.DataFrame]
    sweeps: Mapping[str, tuple[Any, ...]]
    groups: Mapping[str, tuple[str, ...]]
    words: Words
    paired: bool = True

    @staticmethod
    def build(tables: Mapping[str, pd.DataFrame], records: Records) -> Tables:
        """Sort collected tables by kind."""
        cells = tables["cells.csv"]
        swept = cells[cells["role"].isin(["main", "sweep"])]
        keys = zip(swept["function"], swept["method"], swept["k"], strict=True)
        other = cells[cells["role"] == "start_sweep"]
        settings = zip(other["function"], other["variant"], strict=True)
        return Tables(
            cells=cells,
            ids=dict(zip(keys, swept["cell"], strict=True)),
            starts=dict(zip(settings, other["cell"], strict=True)),
            outcomes=_by_function(tables, "outcomes_"),
            basins=_by_function(tables, "basins_"),
            sweeps=records.sweeps,
            groups=records.groups,
            words=records.words,
        )

    def cell_of(self, side: Side) -> str:
        """Return the cell of a side; see `cell`, and `start_setting` for gradient descent.

        Raises
        ------
        MissingRunsError
            If there is none.
        """
        start = start_setting(side)
        if start == MAIN_START.label:
            return self.cell(side["function"], side["method"], side.get(RADIUS, 0))
        found = self.starts.get((side["function"], start))
        if found is None:
            raise MissingRunsError(f"this run has no runs of {say_runs(side)} at {start}")
        return found

    def cell(self, function: str, method: str, k: int) -> str:
        """Return the id of a cell; a method without a radius has one for the whole sweep.

        Raises
        ------
        MissingRunsError
            If there is none.
        """
        point = k if RADII[method] is not None else 0
        found = self.ids.get((function, method, point))
        if found is None:
            runs = say_runs({"method": method, "function": function})
            where = "" if RADII[method] is None else f" at {say_setting(RADIUS, k)}"
            raise MissingRunsError(f"this run has no runs of {runs}{where}")
        return found

    def design(self, side: Side) -> str:
        """Return what tells the starts of a side from those of others."""
        start = start_setting(side)
        box = "" if start == MAIN_START.label else f", {start}"
        method = "" if self.paired else f", {side['method']}"
        return f"starts of {side['function']}{box}{method}"

    def ends(self, function: str, cell: str, group: str) -> NDArray[np.bool_]:
        """Return, for each start, whether it ended in a group of outcomes or in one outcome.

        Raises
        ------
        UserError
            If there is no such group or outcome.
        """
        names = outcome_names(make_problem(function, {}))
        if group not in self.groups and group not in names:
            allowed = ", ".join((*self.groups, *names))
            raise found_allowed("claims.yaml", f"share of {function}", group, allowed)
        wanted = [names.index(n) for n in self.groups.get(group, (group,)) if n in names]
        return np.asarray(np.isin(self.outcomes[function][cell].to_numpy(), wanted))

    def settings(self, sweep: str) -> tuple[Any, ...]:
        """Return the settings of a sweep of the records, in their order.

        Raises
        ------
        UserError
            If there is none of that name, or just one, over which nothing can rise.
        """
        found = self.sweeps.get(sweep, ())
        if len(found) < 2:
            said = "in sweeps at least two settings"
            raise found_allowed("claims.yaml", f"a trend over {sweep}", list(found), said)
        return found

    def visits(self, function: str, cell: str) -> NDArray[np.int64]:
        """Return, for each start, the number of basins its trajectory was seen in.

        Raises
        ------
        MissingRunsError
            If they were not counted.
        """
        if function not in self.basins:
            raise MissingRunsError(f"no basins were counted on {FUNCTION_NAMES[function]}")
        return np.asarray(self.basins[function][cell], dtype=np.int64)


def start_setting(side: Side) -> str:
    """Return step size and start box of a side, those of the main run where it names none."""
    if START_BOX in side:
        return replace(MAIN_START, boxes=side[START_BOX]).label
    return str(side.get(STEP_AND_BOX, MAIN_START.label))


def missing_needs(family: Family, tables: Tables) -> str | None:
    """Return why these tables do not test a family, or None where they do."""
    rows = tables.cells[tables.cells["method"].isin(family.jobs)]
    rows = rows[rows["role"].isin(["main", "sweep"])]
    return unmet_need(family.needs, rows, tables.words)


def leave_one_out(
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Yield the tables without each block of starts, where there are several."""
    by_start = {n: t for n, t in tables.items() if n.startswith(("outcomes_", "basins_"))}
    starts = max(map(len, by_start.values()), default=0)
    for first in range(0, starts, BLOCK) if starts > BLOCK else ():
        last = min(first + BLOCK, starts)
        left = {name: t.drop(t.index[first:last]) for name, t in by_start.items()}
        yield f"starts {first + 1:,} to {last:,}", {**tables, **left}


def printed_tables(records: Records) -> Tables:
    """Return Table 1 as printed, as if its rows were 500 starts each.

    The paper does not say which of them are the same starts, so nothing is paired. Its labels are
    taken as it explains them: flatter minima first.

    Parameters
    ----------
    records : Records
    """
    printed = load_printed(records.source)
    ends: dict[str, dict[str, NDArray[np.int64]]] = {}
    for (function, method), row in printed.items():
        names = outcome_names(make_problem(function, {}))
        places = [names.index("halo" if label == "Else" else label) for label in row.bins]
        counts = whole_counts(row.shares, STATED_RUNS)
        ends.setdefault(function, {})[f"{function}, {method}"] = np.repeat(places, counts)
    return Tables(
        cells=pd.DataFrame(),
        ids={(f, m, 0): f"{f}, {m}" for f, m in printed},
        starts={},
        outcomes={function: pd.DataFrame(columns) for function, columns in ends.items()},
        basins={},
        sweeps=records.sweeps,
        groups=records.groups,
        words=records.words,
        paired=False,
    )


def varies(side: Side, sweep: str) -> bool:
    """Return whether a side depends on what is swept.

    Gradient descent has no radius; step size and start box are swept for it alone. A trend is one
    over all settings of its sweep.
    """
    if sweep == RADIUS:
        return RADII[side["method"]] is not None and side.get("over") != sweep
    return bool(side["method"] == "gd")


def values(side: Side, family: Family, tables: Tables) -> Values:
    """Return, for each start, whether it ended as a side says, or what it was counted to be.

    Parameters
    ----------
    side : Mapping
        With ``share``, a group of outcomes or one outcome, and perhaps ``among``, the outcomes
        that it is a share of; with ``count: basins``, in how many a trajectory was seen; or with
        ``trend: basins``, whether these rise over a sweep of the records: Kendall's S ``over`` its
        settings, which is ``radius``.
    family : Family
        Not looked at: all claims rest on the same runs.
    tables : Tables

    Raises
    ------
    MissingRunsError
        If the tables have none of these runs.
    UserError
        If the side names no outcome, or a trend is over what the records do not sweep.
    """
    function, cell = side["function"], tables.cell_of(side)
    if "share" in side:
        found, share = tables.ends(function, cell, side["share"]).astype(float), True
        pool = tables.ends(function, cell, side["among"]) if "among" in side else None
        return Values(found, np.arange(len(found)), tables.design(side), share, pool)
    if "trend" in side:
        cells = (tables.cell_of({**side, side["over"]: k}) for k in tables.settings(side["over"]))
        found = _kendall([tables.visits(function, cell) for cell in cells])
    else:
        found = tables.visits(function, cell).astype(float)
    return Values(found, np.arange(len(found)), tables.design(side))


def _kendall(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Return, for each start, the pairs of radii of which the larger one has more, less fewer.

    References
    ----------
    Kendall, M. G. (1938). A new measure of rank correlation. Biometrika 30, 81-93.
    """
    signs = [np.sign(later - earlier) for earlier, later in combinations(rows, 2)]
    return np.asarray(np.sum(signs, axis=0), dtype=np.float64)


def count_differing(side: Side, base: Side, family: Family, tables: Tables) -> tuple[int, int]:
    """Return how many starts come to another outcome, and how many there are."""
    table = tables.outcomes[side["function"]]
    ours, theirs = (table[tables.cell_of(s)].to_numpy() for s in (side, base))
    return int((ours != theirs).sum()), len(ours)


def _by_function(tables: Mapping[str, pd.DataFrame], prefix: str) -> dict[str, pd.DataFrame]:
    return {
        name.removeprefix(prefix).removesuffix(".parquet"): table
        for name, table in tables.items()
        if name.startswith(prefix)
    }
