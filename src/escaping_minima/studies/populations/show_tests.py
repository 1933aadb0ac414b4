"""Tables 2, 3, 5 and 6 as HTML: the paper's test and sound ones, beside the printed numbers."""

from __future__ import annotations

import pandas as pd

from escaping_minima.report.frames import Html, frame_table
from escaping_minima.report.tables.words import decimal_text, p_or_dash
from escaping_minima.studies.populations.names import METHOD_NAMES, ROLE_NAMES
from escaping_minima.studies.populations.printed import TABLES
from escaping_minima.studies.populations.show_words import (
    DECIMALS,
    NAMES,
    QUANTITY_NAMES,
    TEST_NAMES,
    WHOSE,
    each,
    number_with_ends,
)

_HEADINGS = {
    **WHOSE,
    "compared": "what less what",
    "sizes": "trajectories × models",
    "printed": "printed p",
    "naive": "the paper's test on ours: p",
    "difference": "difference [bootstrap over trajectories]",
    "effect": "in SD between trajectories",
    "p": "by trajectory: p of sign flips",
    "holm_p": "the same, Holm",
    "apart": "two sets permuted, Holm",
    "mixed": "mixed model: p",
    "tost": "equal within the margin: p, Holm",
    "icc": "intraclass correlation",
}


def show_tests(tests: pd.DataFrame, name: str) -> Html:
    """Return Table 2a, 2b, 3a, 3b, 5a, 5b or 6: the paper's test, ours beside it, and sound ones.

    Parameters
    ----------
    tests : DataFrame
        ``tests.csv``.
    name : str
        Of the table, as in `TABLES`.
    """
    meta, rows = TABLES[name], tests[tests["table"] == name]
    digits, is_loss = DECIMALS[meta.quantity], meta.quantity == "loss"
    shown = pd.DataFrame(
        {
            **{key: rows[key] for key in ("role", "task", "network")},
            "compared": _compared(rows),
            "sizes": each(rows, ("trajectories", "models"), _sizes),
            "printed": rows["printed_p"].map(p_or_dash),
            "naive": rows["naive_p"].map(p_or_dash),
            "difference": each(rows, ("difference", "low", "high"), number_with_ends(digits)),
            "effect": rows["effect"].map(lambda value: decimal_text(value, 2)),
            **{p: rows[p].map(p_or_dash) for p in ("p", "holm_p")},
            "apart": rows["apart_holm_p"].map(p_or_dash),
            "mixed": rows["mixed_p"].map(p_or_dash),
            "tost": rows["tost_holm_p"].map(p_or_dash),
            "margin": rows["margin"],
            "icc": each(rows, ("icc", "icc_low", "icc_high"), number_with_ends(2)),
            "note": _notes(rows),
        },
        dtype=object,
    )
    sets = "SetA of two methods" if name == "6" else "SetB, and SetV, less SetA"
    caption = (
        f"Table {name}: {QUANTITY_NAMES[meta.quantity]}, {sets}; printed: "
        f"{TEST_NAMES[meta.test]} of all models as if independent, {ROLE_NAMES[meta.role]}"
    )
    # sets of the same trajectories are not permuted, and of losses no margin is stated
    absent = [*(["apart"] if name != "6" else []), *(["tost", "margin"] if is_loss else [])]
    return frame_table(shown.drop(columns=absent), caption, _HEADINGS, NAMES)


def _compared(rows: pd.DataFrame) -> pd.Series:
    """Say what is compared: the right side less the left one."""
    words = [
        f"{METHOD_NAMES[other]} less {METHOD_NAMES[method]}"
        if other
        else f"{METHOD_NAMES[method]}: Set{right} less SetA"
        for method, other, right in zip(
            rows["method"], rows["other_method"].fillna(""), rows["right_set"], strict=True
        )
    ]
    return pd.Series(words, index=rows.index, dtype=object)


def _sizes(count: float, models: float) -> str | None:
    return f"{count:.0f} × {models / count:.0f}" if count else None


def _notes(rows: pd.DataFrame) -> pd.Series:
    reasons = rows["reason"].fillna("").replace("no such runs", "not run")
    mixed = rows["mixed_reason"].fillna("").map(lambda why: f"mixed model: {why}" if why else "")
    words = ["; ".join(filter(None, pair)) or None for pair in zip(reasons, mixed, strict=True)]
    return pd.Series(words, index=rows.index, dtype=object)
