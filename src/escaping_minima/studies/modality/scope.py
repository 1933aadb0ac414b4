"""Say where runs are smaller than the paper's: no table and no figure shows them without."""

from __future__ import annotations

import pandas as pd

from escaping_minima.report.tables.words import span_words

#: Walks of the paper for each weight and bias.
WALKS_A_WEIGHT = 10
#: Points of a walk in the paper.
PAPER_STEPS = {"micro": 1000, "macro": 100}


def scope_words(rows: pd.DataFrame) -> str:
    """Say on how many walks and on which data some cells rest, and what the paper has.

    Parameters
    ----------
    rows : DataFrame
        Of ``cells.csv``, of one problem: ``walks``, ``parameters``, ``granularity``, ``steps``,
        ``data_words``.
    """
    words = [f"{span_words(rows['walks'])} walks a setting"]
    words += [text for text in dict.fromkeys(rows["data_words"]) if isinstance(text, str) and text]
    if has_short_walks(rows):
        words.append("SHORTER WALKS THAN THE PAPER'S")
    if has_few_walks(rows):
        paper = span_words(WALKS_A_WEIGHT * rows["parameters"])
        words.append(f"FEWER WALKS THAN THE PAPER'S {WALKS_A_WEIGHT} m ({paper})")
    return "; ".join(words)


def has_few_walks(rows: pd.DataFrame) -> bool:
    """Return whether some of the cells have fewer walks than the paper says that it made."""
    return bool((rows["walks"] < WALKS_A_WEIGHT * rows["parameters"]).any())


def has_short_walks(rows: pd.DataFrame) -> bool:
    """Return whether some of the cells have shorter walks than the paper."""
    return bool((rows["steps"] < rows["granularity"].map(PAPER_STEPS)).any())
