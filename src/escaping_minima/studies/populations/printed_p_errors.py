"""Errors of the p-values of Tables 2, 3, 5 and 6: against the text, captions and chance."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from escaping_minima.claims.source import ALPHA
from escaping_minima.statistics.holm import holm
from escaping_minima.studies.populations.names import METHOD_NAMES, TASK_NAMES
from escaping_minima.studies.populations.printed import load_p_values, printed_error


def p_value_errors() -> list[dict[str, str]]:
    """Return them, with keys "where", "check", "arithmetic" and "finding"."""
    printed = load_p_values()
    return [
        *_bold_errors(printed),
        _caption_of_table_5(),
        *_all_above(printed),
        _tests_agree(printed),
        _by_chance(printed),
    ]


def _cell(row: pd.Series[str]) -> str:
    return f"{TASK_NAMES[row['task']]}, {METHOD_NAMES[row['method']]}"


def _bold_errors(printed: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Yield the cells whose print says something else than their value, but in Table 6."""
    rows = printed[(printed["table"] != "6") & (printed["bold"] != (printed["p"] < ALPHA))]
    for _, row in rows.iterrows():
        yield printed_error(
            f"Table {row['table']}, {_cell(row)}",
            f"values below {ALPHA:g} are bold, and no others",
            f"{row['as_printed']} {'≥' if row['p'] >= ALPHA else '<'} {ALPHA:g}",
            f"is {'' if row['bold'] else 'not '}bold",
        )


def _caption_of_table_5() -> dict[str, str]:
    return printed_error(
        "Table 5, its captions",
        "what the two parts of Table 5 are",
        "caption of both: t-tests, optimised on the left and base on the right; captions of the "
        "parts: U tests and t-tests; text: optimised alone",
        "the caption of both contradicts those of its parts; it seems that of another table",
    )


def _all_above(printed: pd.DataFrame) -> Iterator[dict[str, str]]:
    table = printed[printed["table"] == "6"]
    below = table[table["p"] < ALPHA]
    if below.empty:
        return
    named = "; ".join(
        f"{row['as_printed']} ({_cell(row)} and {METHOD_NAMES[row['other_method']]})"
        for _, row in below.iterrows()
    )
    kept = sum(step.rejected for step in holm(list(table["p"]), ALPHA))
    yield printed_error(
        "Table 6 and the text",
        f"all p-values are above {ALPHA:g}",
        f"{named}; the smallest of {len(table)} is rejected by Holm's procedure from "
        f"{ALPHA / len(table):.2g} on",
        f"{len(below)} of {len(table)} are below; after a correction {kept or 'none'}",
    )


def _tests_agree(printed: pd.DataFrame) -> dict[str, str]:
    scores = printed[(printed["quantity"] == "score") & (printed["table"] != "6")]
    keys = ["role", "task", "method"]
    below = {
        test: set(rows.loc[rows["p"] < ALPHA, keys].itertuples(index=False, name=None))
        for test, rows in scores.groupby("test")
    }
    u, t = below["mann_whitney"], below["t"]
    shared = "; ".join(
        f"{TASK_NAMES[task]}, {METHOD_NAMES[method]} ({role})"
        for role, task, method in sorted(u & t)
    )
    return printed_error(
        "Tables 2 and 3, and the text",
        "the t-test supports what the U test says",
        f"below {ALPHA:g}: {len(u)} cells by the U test, {len(t)} by the t-test, {len(u & t)} by "
        f"both ({shared})",
        f"{len(u ^ t)} of {len(u | t)} cells that either test singles out are singled out by one "
        "alone",
    )


def _by_chance(printed: pd.DataFrame) -> dict[str, str]:
    """Say how many p-values would be small if nothing differed anywhere."""
    count, below = len(printed), int((printed["p"] < ALPHA).sum())
    survivors = sum(
        step.rejected
        for _, rows in printed.groupby("table")
        for step in holm(list(rows["p"]), ALPHA)
    )
    return printed_error(
        "Tables 2, 3, 5 and 6",
        "p-values are read one by one, without a correction",
        f"{below} of {count} are below {ALPHA:g}; {ALPHA:g} x {count} = {ALPHA * count:.1f} are "
        f"expected where nothing differs; {survivors} are left by Holm's procedure within each "
        "table",
        "single cells are no findings; nor are the others, since what is not rejected is not shown "
        "to be equal",
    )
