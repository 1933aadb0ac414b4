"""Where the text counts other ranks than Table 4 has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from escaping_minima.claims.records import source_claims
from escaping_minima.studies.populations.names import (
    IMAGE_TASKS,
    METHOD_NAMES,
    TASK_NAMES,
    TEXT_TASKS,
)
from escaping_minima.studies.populations.printed import (
    METHODS_BY_NAME,
    SOURCE,
    load_table4,
)

#: The text counts who is among so many.
TOP = 3
_BASIN_HOPPING = ("nig_bh", "nim_bh")
#: Claims whose printed values hold the text's counts, with the tasks that they are of.
_COUNTED: Mapping[str, Sequence[str]] = {"I11": IMAGE_TASKS, "I12": TEXT_TASKS}


def count_errors() -> list[dict[str, str]]:
    """Return them, with keys "where", "check", "arithmetic" and "finding"."""
    return [*(_top_three(claim, tasks) for claim, tasks in _COUNTED.items()), _basin_hopping()]


def ranks(tasks: Sequence[str]) -> pd.DataFrame:
    """Return the rank of each method's SetA in Table 4, by task; equal scores share the better.

    Returns
    -------
    DataFrame
        A row a method, a column a task.
    """
    table = load_table4()
    scores = table[table["set"] == "A"].pivot(index="method", columns="task", values="centre")
    return scores[list(tasks)].rank(ascending=False, method="min").astype(int)


def stated_counts(claim: str) -> dict[str, int]:
    """Return how often the text finds each method among the first three."""
    words = source_claims(SOURCE).loc[claim, "paper_value"].rpartition(":")[2]
    return {METHODS_BY_NAME[name]: int(n) for name, n in re.findall(r"([\w-]+) (\d+)", words)}


def _top_three(claim: str, tasks: Sequence[str]) -> dict[str, str]:
    found = (ranks(tasks) <= TOP).sum(axis=1)
    counts = {method: int(n) for method, n in found[found > 0].items()}
    stated = stated_counts(claim)
    places, asked = sum(stated.values()), TOP * len(tasks)
    missing = {m: n - stated.get(m, 0) for m, n in counts.items() if n != stated.get(m, 0)}
    return {
        "where": f"Table 4 and the text, {' and '.join(TASK_NAMES[t] for t in tasks)}",
        "check": f"the first {TOP} of each task are counted",
        "arithmetic": f"text: {_words(stated)}, {places} in all; Table 4, SetA: {_words(counts)}, "
        f"{sum(counts.values())} in all; {TOP} x {len(tasks)} = {asked}",
        "finding": f"the text counts {places} of {asked} places; left out: {_words(missing)}",
    }


def _words(counts: Mapping[str, int]) -> str:
    ordered = [m for m in METHOD_NAMES if m in counts]
    return ", ".join(f"{METHOD_NAMES[m]} {counts[m]}" for m in ordered)


def _basin_hopping() -> dict[str, str]:
    placed = ranks(TEXT_TASKS)
    words = "; ".join(
        f"{METHOD_NAMES[m]} is {' and '.join(map(str, placed.loc[m]))} of {len(placed)}"
        for m in (*_BASIN_HOPPING, "sam")
    )
    ahead = [m for m in _BASIN_HOPPING if (placed.loc[m] <= len(placed) // 2).all()]
    return {
        "where": "Table 4 and the text, " + " and ".join(TASK_NAMES[t] for t in TEXT_TASKS),
        "check": "basin hopping is slightly ahead on macro-F1",
        "arithmetic": words,
        "finding": f"holds for {' and '.join(METHOD_NAMES[m] for m in ahead)} alone",
    }
