"""Contestants that do what another one does: they are named, and have no rank."""

from __future__ import annotations

import pandas as pd

from escaping_minima.studies.escape.codes import NEVER
from escaping_minima.studies.escape.contestants import CONTESTANTS, runs_on
from escaping_minima.studies.escape.run_tables import Starts, Tables
from escaping_minima.studies.escape.terrain import ARENA, TERRAIN

COLUMNS = ("problem", "arm", "base", "starts", "differing", "off", "why")
#: Fewer starts than this, in percent, that go another way than under the base: it does the same.
BELOW = 1.0


def off(tables: Tables) -> pd.DataFrame:
    """Return `COLUMNS`: contestants of the arena beside what they are without their strength.

    A contestant is off on a problem where fewer than `BELOW` percent of its starts come to another
    end than with its strength taken away, all else being what its search found; and where a problem
    has no items of which a batch could be drawn.
    """
    rows = [
        row
        for problem in ARENA
        for arm in CONTESTANTS
        if (row := _row(problem, arm, tables)) is not None
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def is_off(table: pd.DataFrame) -> set[tuple[str, str]]:
    """Return the pairs of problem and arm that are off."""
    chosen = table[table["off"].astype(bool)]
    return set(zip(chosen["problem"], chosen["arm"], strict=True))


def count_other(ours: Starts, theirs: Starts) -> int:
    """Count the starts that end elsewhere, or of which only one side escapes or finds the best."""
    other = ours.end != theirs.end
    for one, two in ((ours.escape, theirs.escape), (ours.found, theirs.found)):
        other |= (one == NEVER) != (two == NEVER)
    return int(other.sum())


def _row(problem: str, arm: str, tables: Tables) -> dict[str, object] | None:
    names = {"problem": problem, "arm": arm}
    if not runs_on(arm, TERRAIN[problem]):
        base, why = CONTESTANTS[arm].base, "no items to draw a batch of"
        return {**names, "base": base, "starts": 0, "differing": 0, "off": True, "why": why}
    own, without = (tables.find({**names, "role": role}) for role in ("arena", "without"))
    if not own or not without:
        return None
    ours, theirs = tables.starts(own[0]), tables.starts(without[0])
    count, differing = len(ours.end), count_other(ours, theirs)
    silent = 100.0 * differing < BELOW * count
    why = "ends as with its strength taken away" if silent else ""
    numbers = {"starts": count, "differing": differing, "off": silent, "why": why}
    return {**names, "base": "gd", **numbers}
