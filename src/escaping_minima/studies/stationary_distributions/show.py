"""The study's tables as HTML: ours beside the printed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.report.frames import (
    Html,
    badge,
    frame_table,
    html_table,
    interval_text,
    p_text,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, METHODS

_NAMES: dict[str, Any] = {
    "function": lambda name: FUNCTION_NAMES[name],
    "method": lambda name: METHOD_NAMES[name],
}


def show_points(points: pd.DataFrame) -> Html:
    """Return the minima of ``stationary_points.csv`` with flatness and barrier."""
    chosen = points[(points["kind"] == "minimum") & (points["variant"].fillna("") == "")]
    columns = ["function", "label", "x", "y", "value", "trace", "eigenvalue_max", "barrier"]
    headings = {
        "value": "f",
        "trace": "Hessian trace",
        "eigenvalue_max": "largest eigenvalue",
        "barrier": "barrier to the lowest saddle",
    }
    formats = _NAMES | {"value": lambda v: 0.0 if abs(v) < 1e-9 else v}
    return frame_table(
        chosen[columns], "The minima, in the order of their labels", headings, formats
    )


def show_shares(shares: pd.DataFrame) -> Html:
    """Return ``table_1.csv`` in the printed layout: ours with interval, the printed one below."""
    return Html("".join(_shares_of(shares[shares["function"] == f], f) for f in FUNCTIONS))


def show_row_tests(rows: pd.DataFrame) -> Html:
    """Return the tests of whole rows, mirror pairs summed, by both labellings."""
    chosen = rows[rows["bins"] == "mirror pairs summed"]
    # where there is one local pair at most, both labellings are the same test
    double = (chosen["function"] != "six_hump_camel") & (chosen["labelling"] == "by value")
    columns = {
        "function": "function",
        "method": "method",
        "labelling": "local minima numbered",
        "p": "p (same distribution)",
        "rejected": "rejected (Holm)",
        "equivalence": "equal within 5 points",
        "largest_difference": "largest difference (points)",
        "largest_difference_bin": "in",
    }
    formats = _NAMES | {"p": p_text, "equivalence": badge}
    caption = "Whole rows against the printed ones, mirror-image minima summed"
    return frame_table(chosen[~double][list(columns)], caption, columns, formats)


def show_radius_fit(summary: pd.DataFrame) -> Html:
    """Return ``radius_fit_summary.csv``: the radii that suit all functions."""
    headings = {
        "radii_tested": "radii tested",
        "all_fit_by_flatness": "all rows fit at (flatter first)",
        "could_fit_by_flatness": "could fit at (flatter first)",
        "all_fit_by_value": "all rows fit at (lower first)",
        "could_fit_by_value": "could fit at (lower first)",
    }
    caption = "Radii at which the printed rows of all three functions fit, or are not ruled out"
    return frame_table(summary, caption, headings, _NAMES)


def show_paired(pairs: pd.DataFrame) -> Html:
    """Return ``paired.csv``."""
    table = pairs.assign(
        other_outcome_share=[
            _share_words(s, low, high)
            for s, low, high in zip(
                pairs["other_outcome_share"], pairs["low"], pairs["high"], strict=True
            )
        ]
    )
    columns = {
        "function": "function",
        "method": "method",
        "other_outcome_share": "other end than under GD (percent)",
        "else_only_method": "outside under the method only (starts)",
        "else_only_gd": "outside under GD only (starts)",
        "p": "p (McNemar)",
        "rejected": "rejected (Holm)",
    }
    caption = "The same starts under gradient descent and under another method"
    return frame_table(table[list(columns)], caption, columns, _NAMES | {"p": p_text})


def show_start_sweep(shares: pd.DataFrame) -> Html:
    """Return ``start_sweep.csv``: where gradient descent ends, by step size and start box."""
    return Html("".join(_starts_of(shares[shares["function"] == f], f) for f in FUNCTIONS))


def show_variants(variants: pd.DataFrame) -> Html:
    """Return ``variants.csv``: what the other readings give, beside the main run and the paper."""
    chosen = variants[(variants["count"] > 0) | (variants["outcome"] == "Else")]
    table = chosen.assign(
        share=[
            _share_words(s, low, high)
            for s, low, high in zip(chosen["share"], chosen["low"], chosen["high"], strict=True)
        ]
    )
    columns = {
        "variant": "reading",
        "function": "function",
        "method": "method",
        "outcome": "end",
        "share": "share (percent)",
        "main_share": "main run",
        "printed": "printed",
    }
    return frame_table(
        table[list(columns)], "Other readings (ends with no start left out)", columns, _NAMES
    )


def show_errors(errors: list[Mapping[str, Any]]) -> Html:
    """Return the errors found in the printed table."""
    columns = ["where", "check", "arithmetic", "finding"]
    return frame_table(pd.DataFrame(errors, columns=columns), "Errors found in the printed table")


def _shares_of(part: pd.DataFrame, function: str) -> Html:
    bins = list(dict.fromkeys(part["bin"]))
    rows = []
    for method in METHODS:
        found = part[part["method"] == method].set_index("bin")
        if found.empty:
            continue
        row: dict[str, Any] = {"method": METHOD_NAMES[method]}
        for name in bins:
            entry = found.loc[name]
            interval = interval_text(entry["low"], entry["high"])
            ours = f"{entry['share']:.1f}<br><small>{interval}</small>"
            bold = ("<b>", "</b>") if not entry["printed_inside"] else ("", "")
            row[name] = Html(f"{ours}<br>{bold[0]}printed {entry['printed']:g}{bold[1]}")
        rows.append(row)
    caption = (
        f"{FUNCTION_NAMES[function]}: share of starts (percent) with the interval of the row, and "
        "the printed share, bold where it lies outside"
    )
    return html_table(rows, caption)


def _starts_of(part: pd.DataFrame, function: str) -> Html:
    """Return a function's ends by setting, the parts of Else that no start came to left out."""
    met = part.groupby("outcome")["count"].sum()
    ends = [name for name in dict.fromkeys(part["outcome"]) if name == "Else" or met[name] > 0]
    rows = []
    for setting, found in part.groupby("setting", sort=False):
        by_end = found.set_index("outcome")
        row: dict[str, Any] = {"setting": setting}
        for name in ends:
            entry = by_end.loc[name]
            row[name] = _share_words(entry["share"], entry["low"], entry["high"])
        rows.append(row)
    caption = (
        f"{FUNCTION_NAMES[function]}: where gradient descent ends (percent), by step size and box "
        "of the starts"
    )
    return html_table(rows, caption)


def _share_words(share: float, low: float, high: float) -> str:
    return f"{share:.1f} {interval_text(low, high)}"
