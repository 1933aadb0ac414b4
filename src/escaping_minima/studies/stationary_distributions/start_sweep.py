"""Where gradient descent ends at each step size and from each start box."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.landscape.classify import ELSE, outcome_names
from escaping_minima.parts.registry import make_problem
from escaping_minima.studies.stationary_distributions.counts import share_columns
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS
from escaping_minima.studies.stationary_distributions.start_settings import MAIN_START

COLUMNS = (
    "function",
    "setting",
    "learning_rate",
    "lower",
    "upper",
    "outcome",
    "count",
    "starts",
    "share",
    "low",
    "high",
)


def start_sweep(collected: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the share of every outcome of gradient descent, and of Else, at each setting.

    Shares are percentages, with pointwise exact 95 percent intervals. A setting is a step size and
    a box of starts; that of the main run is among them.

    Parameters
    ----------
    collected : Mapping of str to DataFrame
        The collected tables, by file name.

    Returns
    -------
    DataFrame
        By function, box and step size.
    """
    cells = collected["cells.csv"]
    main = (cells["role"] == "main") & (cells["method"] == "gd")
    chosen = cells[main | (cells["role"] == "start_sweep")]
    rows = [
        _settings(cell) | {"outcome": name} | share_columns(count, int(cell["starts"]))
        for cell in chosen.to_dict("records")
        for name, count in _counts(collected, cell).items()
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table.assign(
        function=table["function"].map(FUNCTIONS.index),
        setting=table["setting"].str.endswith(MAIN_START.boxes).map({True: 0, False: 1}),
    ).sort_values(["function", "setting", "learning_rate"], kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def _settings(cell: Mapping[str, Any]) -> dict[str, Any]:
    box = json.loads(cell["settings"])["problem_settings"]
    return {
        "function": cell["function"],
        "setting": MAIN_START.label if cell["role"] == "main" else cell["variant"],
        "learning_rate": cell["learning_rate"],
        "lower": ", ".join(f"{x:g}" for x in box["lower"]),
        "upper": ", ".join(f"{x:g}" for x in box["upper"]),
    }


def _counts(collected: Mapping[str, pd.DataFrame], cell: Mapping[str, Any]) -> dict[str, int]:
    function = cell["function"]
    names = outcome_names(make_problem(function, {}))
    ends = collected[f"outcomes_{function}.parquet"][cell["cell"]].to_numpy()
    found = dict(zip(names, np.bincount(ends, minlength=len(names)).tolist(), strict=True))
    return found | {"Else": sum(found[name] for name in ELSE)}
