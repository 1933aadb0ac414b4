"""The study's tables as HTML."""

from __future__ import annotations

from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html, fixed, frame_table, interval_text, p_text
from escaping_minima.studies.escape.names import PROBLEM_NAMES, arm_name

_NAMES: dict[str, Any] = {
    "problem": lambda name: PROBLEM_NAMES[name],
    "arm": arm_name,
    "base": arm_name,
}


def show_order(order: pd.DataFrame, ranks: pd.DataFrame) -> Html:
    """Return ``order.csv``: contestants by what is known of pairs of them, and their mean ranks."""
    table = order.assign(
        better_than=[_arms(names) for names in order["better_than"].fillna("")],
        worse_than=[_arms(names) for names in order["worse_than"].fillna("")],
        off_on=[_problems(names) for names in order["off_on"].fillna("")],
    )
    headings = {
        "arm": "method",
        "better_than": "known to be better than",
        "worse_than": "known to be worse than",
        "problems": "problems",
        "mean_rank": "mean rank",
        "mean_best": "at a global minimum (percent)",
        "off_on": "does what gradient descent does on",
    }
    caption = "Methods by what is known of pairs of them (McNemar and Holm, problem by problem)"
    return Html(frame_table(table, caption, headings, _NAMES) + _ranked(ranks))


def _ranked(ranks: pd.DataFrame) -> str:
    if ranks.empty:
        return ""
    row = ranks.iloc[0]
    return (
        f"<p>Mean ranks of {int(row['arms'])} methods over {int(row['problems'])} problems: "
        f"Friedman p {p_text(float(row['p']))}; two of them differ from "
        f"{row['critical_difference']:.2f} on (Nemenyi).</p>"
    )


def show_gaps(gaps: pd.DataFrame) -> Html:
    """Return the gaps of the arena, contestants by problems."""
    own = gaps[gaps["role"] == "arena"]
    wide = own.pivot(index="arm", columns="problem", values="gap").astype(float)
    rows = wide.reset_index().rename(columns=dict(PROBLEM_NAMES))
    caption = "Loss above the global minimum at the end, percent of the height of the starts"
    return frame_table(rows, caption, {"arm": "method"}, _NAMES)


def show_off(off: pd.DataFrame) -> Html:
    """Return who does what another one does."""
    chosen = off[off["off"].astype(bool)].drop(columns="off")
    headings = {"arm": "method", "base": "what it does", "differing": "starts that differ"}
    caption = "Methods that do what another one does: named, and not ranked"
    return frame_table(chosen, caption, headings, _NAMES)


def show_searched(searched: pd.DataFrame) -> Html:
    """Return what each search of the arena chose."""
    own = searched[searched["of"] == "arena"].drop(columns="of")
    headings = {"arm": "method", "score": "mean loss", "chosen": "settings chosen"}
    caption = "Settings that searches chose, by the loss at the end on starts of their own"
    return frame_table(own, caption, headings, _NAMES)


def show_distances(distances: pd.DataFrame) -> Html:
    """Return how near each test of a move comes to the law of sampling with all items."""
    rows = distances.assign(
        mean=[
            f"{fixed(row.mean_, 1)} {interval_text(row.low, row.high)}"
            for row in distances.rename(columns={"mean": "mean_"}).itertuples()
        ]
    )[["test", "groups", "mean"]]
    headings = {"mean": "total variation (percent)", "groups": "groups of starts"}
    return frame_table(rows, "Tests of moves on batches, scattered sum", headings)


def _arms(names: str) -> str:
    return ", ".join(arm_name(name) for name in names.split(", ") if name)


def _problems(names: str) -> str:
    return ", ".join(PROBLEM_NAMES[name] for name in names.split(", ") if name)
