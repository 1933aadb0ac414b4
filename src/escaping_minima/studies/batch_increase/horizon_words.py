"""What the longest runs showed, as the ledger says it beside a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.report.frames import number
from escaping_minima.report.ratios import RATIO
from escaping_minima.studies.batch_increase.horizons import AWAY, TOWARDS

#: Versions of the data, the one that tells most first, in words.
DATA_NAMES = {"full": "MNIST", "sample": "the sample", "generated": "generated images"}
_SIGNS = {"greater": "above", "less": "below"}


def beside(derived: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Say what each claim about curves measured at the longest horizon, and how it came there.

    Parameters
    ----------
    derived : Mapping of DataFrame
        With ``horizons.csv`` and ``horizon_changes.csv``.

    Returns
    -------
    dict
        By claim: its weakest part over all conditions, on the data that tell most. It is no
        verdict, whatever the horizon.
    """
    rows, changes = derived["horizons.csv"], derived["horizon_changes.csv"]
    found = {}
    for claim, of_claim in rows.groupby("claim", sort=True):
        data = next(name for name in DATA_NAMES if name in set(of_claim["data"]))
        there = of_claim[of_claim["data"] == data]
        there = there[there["images"] == there["images"].max()]
        last = there[there["horizon"] == there["horizon"].max()]
        row = max(last.to_dict("records"), key=_weakness)
        found[str(claim)] = f"{_measured(row, data)}{_changed(row, changes)}"
    return found


def _weakness(row: Mapping[str, Any]) -> float:
    apart = row["effect"] - row["threshold"]
    favour = {"greater": apart, "less": -apart, "equal": row["margin"] - abs(apart)}
    return -float(favour[row["direction"]]) / float(row["margin"])


def _measured(row: Mapping[str, Any], data: str) -> str:
    """Say what a part measured at the longest horizon, and what is claimed of it."""
    effect, low, high = (_number(row[name], row) for name in ("effect", "low", "high"))
    claimed = (
        f"within {number(row['margin'])} of 0"
        if row["direction"] == "equal"
        else f"{_SIGNS[row['direction']]} {_number(row['threshold'], row)}"
    )
    interval = f" [{low}, {high}]" if row["n"] > 1 else ""
    seeds = "1 seed" if row["n"] == 1 else f"{row['n']} seeds"
    where = f"longest horizon, {row['horizon']:,} epochs of {DATA_NAMES[data]}, {seeds}"
    return f"{where}: {row['part']}: {effect}{interval} (claimed: {claimed})"


def _changed(row: Mapping[str, Any], changes: pd.DataFrame) -> str:
    """Say whether the part came nearer to its claim since the shortest horizon; "" if alone."""
    keys = ("claim", "condition", "data", "images", "part")
    same = changes[changes["long"] == row["horizon"]]
    for key in keys:
        same = same[same[key] == row[key]]
    if same.empty:
        return ""
    first = same.sort_values("short").iloc[0]
    since = f"since {first['short']:,} epochs"
    ways = {TOWARDS: f"towards the claim {since}", AWAY: f"away from the claim {since}"}
    return f"; {ways.get(first['towards'], f'no change told {since}')}"


def _number(value: float, row: Mapping[str, Any]) -> str:
    if not math.isfinite(value):
        return "?"
    if row["unit"] == RATIO:
        return f"× {math.exp(value / 100.0):.3g}"
    return f"{value:+.3g}" if value else "0"
