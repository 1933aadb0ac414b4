"""What each search drew, and what it found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

#: Settings that a search may draw.
DRAWN = ("learning_rate", "radius", "gradient_tolerance")
_SPANS = tuple(f"{name}_{end}" for name in DRAWN for end in ("low", "high"))
COLUMNS = (
    *("variant", "task", "method", "network", "epochs", "trials", "diverged"),
    *DRAWN,
    *_SPANS,
    *("validation_loss", "validation_score"),
)


def searches(collected: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row for each search.

    Parameters
    ----------
    collected : Mapping of str to DataFrame
        ``cells.csv`` and, where anything was searched, ``trials.parquet``.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``variant``, the role that rests on the search; ``trials`` and how many of them
        ``diverged``; each of `DRAWN` as chosen, with the least and the largest value drawn;
        validation loss and score of the chosen trial. NaN where nothing was drawn, or chosen.
    """
    if "trials.parquet" not in collected:
        return pd.DataFrame(columns=list(COLUMNS))
    cells = collected["cells.csv"].set_index("cell")
    rows = [
        {"variant": cell["variant"], "network": cell["network"], "epochs": int(cell["epochs"])}
        | _found(trials)
        for name, trials in collected["trials.parquet"].groupby("cell", sort=False)
        for cell in [cells.loc[str(name)]]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _found(trials: pd.DataFrame) -> dict[str, Any]:
    numbers = [*DRAWN, "validation_loss", "validation_score"]
    chosen = trials.loc[trials["chosen"] == 1, numbers].astype(float)
    best = chosen.iloc[0].to_dict() if len(chosen) else dict.fromkeys(numbers, math.nan)
    drawn = trials[list(DRAWN)].astype(float)
    spans = {f"{name}_low": drawn[name].min() for name in DRAWN}
    spans |= {f"{name}_high": drawn[name].max() for name in DRAWN}
    first = trials.iloc[0]
    lost = int(trials["validation_loss"].isna().sum())
    counts = {"trials": len(trials), "diverged": lost}
    return {"task": first["task"], "method": first["method"], **counts, **best, **spans}
