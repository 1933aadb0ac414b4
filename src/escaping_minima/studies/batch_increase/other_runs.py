"""What runs of another reading measure beside the main ones, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.report.ratios import ratio_interval, ratio_number
from escaping_minima.studies.batch_increase.names import MEASURE_NAMES, STRATEGY_NAMES

COLUMNS = ("role", "variant", "measured")
#: What is said of each reading: most claims are on this or move with it.
MEASURE = "final_test_loss"
_DIGITS = 2


def other_runs(variants: pd.DataFrame) -> pd.DataFrame:
    """Return a row a role and reading: its test loss over that of the main runs.

    By horizon, and of each by strategy.

    No reading has runs of all strategies, so that none gives a verdict.

    Parameters
    ----------
    variants : DataFrame
        From `escaping_minima.studies.batch_increase.variants.variants`.
    """
    rows = [
        {"role": f"{role}_variant", "variant": variant, "measured": _say(own)}
        for (role, variant), own in variants[variants["measure"] == MEASURE].groupby(
            ["role", "variant"], sort=False
        )
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _say(own: pd.DataFrame) -> str:
    said = [_horizon(epochs, found) for epochs, found in own.groupby("epochs", sort=True)]
    return f"{MEASURE_NAMES[MEASURE]} {'; '.join(said)}"


def _horizon(epochs: Any, own: pd.DataFrame) -> str:
    return f"after {epochs:,} epochs: {', '.join(map(_ratio, own.to_dict('records')))}"


def _ratio(row: Mapping[Any, Any]) -> str:
    low, high = (None if math.isnan(row[end]) else float(row[end]) for end in ("low", "high"))
    found = ratio_number(float(row["difference"]), _DIGITS)
    return f"{STRATEGY_NAMES[row['strategy']]} × {found} {ratio_interval(low, high, _DIGITS)}"
