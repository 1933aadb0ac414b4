"""What the claims on gradient descent would be if a variant of it stood for the main run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.claims.instead import Alone, judge_alone
from escaping_minima.claims.records import Records
from escaping_minima.report.setting_words import WORDS
from escaping_minima.studies.stationary_distributions import evidence
from escaping_minima.studies.stationary_distributions.evidence import Tables
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES

COLUMNS = ("role", "variant", "claim", "verdict", "changed", "measured")
#: Claims on gradient descent alone, with the functions that they speak of. Variants are kept as
#: counts of outcomes: what each start does beside another method's is lost, but a start has one
#: outcome, so that for shares of one method counts say all.
CLAIMS: Mapping[str, tuple[str, ...]] = {
    "I01": ("himmelblau",),
    "I02": ("three_hump_camel",),
    "I03": ("himmelblau", "three_hump_camel", "six_hump_camel"),
}
_METHOD = "gd"


def other_runs(tables: Tables, counts: pd.DataFrame, records: Records) -> pd.DataFrame:
    """Return the verdicts that variants of gradient descent give.

    Parameters
    ----------
    tables : Tables
    counts : DataFrame
        The collected ``variants.csv``.
    records : Records

    Returns
    -------
    DataFrame
        A row a variant and claim; ``changed`` says at which settings the word is another one than
        the main run's, judged alike, and ``measured`` how far the shares lie from that run's.
    """
    rows = list(_rows(tables, counts[counts["method"] == _METHOD], records))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(tables: Tables, counts: pd.DataFrame, records: Records) -> Iterator[dict[str, Any]]:
    main = judge_alone(records, evidence, tables, CLAIMS) if len(counts) else {}
    for variant, own in counts.groupby("variant", sort=False):
        changed = tables
        moved: dict[str, float] = {}
        for name, part in own.groupby("function", sort=False):
            function = str(name)
            if _is_beside_main(tables, function, part):
                moved[function] = _moved(tables, function, part)
                changed = _instead(changed, function, part)
        claims = [claim for claim, needed in CLAIMS.items() if moved.keys() >= {*needed}]
        judged = judge_alone(records, evidence, changed, claims)
        for claim, ours in judged.items():
            yield {
                "role": "variant",
                "variant": variant,
                "claim": claim,
                "verdict": ours.verdict,
                "changed": _changed(main[claim], ours),
                "measured": _measured(moved),
            }


def _is_beside_main(tables: Tables, function: str, part: pd.DataFrame) -> bool:
    """Return whether there is a main run of as many starts: both fill a column of one table."""
    if (function, _METHOD, 0) not in tables.ids:
        return False
    return int(part["count"].sum()) == len(tables.outcomes[function])


def _instead(tables: Tables, function: str, part: pd.DataFrame) -> Tables:
    """Return the tables with a variant's ends in place of the main run's on a function."""
    main = tables.ids[function, _METHOD, 0]
    ends = np.repeat(np.arange(len(part)), part["count"])
    changed = tables.outcomes[function].assign(**{main: ends})
    return replace(tables, outcomes={**tables.outcomes, function: changed})


def _changed(main: Alone, ours: Alone) -> str:
    """Say at which settings a variant gives another word, and which; empty where at none."""
    return "; ".join(
        f"{label}: {WORDS[main.words[label]]} → {WORDS[word]}"
        for label, word in ours.words.items()
        if word != main.words[label]
    )


def _moved(tables: Tables, function: str, part: pd.DataFrame) -> float:
    """Return by how many points the share that moved most lies from the main run's."""
    main = tables.outcomes[function][tables.ids[function, _METHOD, 0]].to_numpy()
    ours = np.bincount(main, minlength=len(part)) / len(main)
    theirs = part["count"].to_numpy() / part["count"].sum()
    return float(100 * np.abs(ours - theirs).max())


def _measured(moved: Mapping[str, float]) -> str:
    found = (f"{FUNCTION_NAMES[function]} {points:.1f}" for function, points in moved.items())
    return f"the share that moved most, in points: {', '.join(found)}"
