"""How the study's tables say names and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from escaping_minima.report.frames import Html
from escaping_minima.report.tables.words import decimal_text, with_ends
from escaping_minima.studies.populations.names import METHOD_NAMES, ROLE_NAMES, TASK_NAMES
from escaping_minima.studies.populations.single_model_orders import RULE_NAMES

TEST_NAMES: Mapping[str, str] = {"mann_whitney": "Mann-Whitney U", "t": "Student's t"}
QUANTITY_NAMES: Mapping[str, str] = {"score": "test score", "loss": "training loss"}
_MEASURE_NAMES = {
    "score": "test score (percent)",
    "score_sd": "SD of it within a trajectory (percent)",
    "loss": "training loss",
    "epoch": "epoch",
    "shared": "models that SetA has too (percent)",
}
#: How values are said, by column.
NAMES: dict[str, Callable[[Any], Any]] = {
    "role": lambda name: ROLE_NAMES[name],
    "variant": lambda name: ROLE_NAMES[name],
    "task": lambda name: TASK_NAMES[name],
    "method": lambda name: METHOD_NAMES[name],
    "floor": lambda name: METHOD_NAMES[name],
    "rule": lambda name: RULE_NAMES[name],
    "test": lambda name: TEST_NAMES[name],
    "measure": lambda name: _MEASURE_NAMES[name],
    "set": lambda name: f"Set{name}",
}
#: Decimals of scores and of losses.
DECIMALS: Mapping[str, int] = {"score": 2, "loss": 4}
#: Headings of columns that say whose numbers a row has.
WHOSE: Mapping[str, str] = {"role": "runs", "network": "network"}


def number_with_ends(digits: int) -> Callable[[float, float, float], Html]:
    """Return a function that says a number and its interval with so many decimals."""
    return lambda mean, low, high: with_ends(digits, mean, low, high)


def each(rows: pd.DataFrame, columns: tuple[str, ...], say: Callable[..., Any]) -> pd.Series:
    """Say some columns of each row together."""
    words = [say(*map(float, v)) for v in rows[list(columns)].itertuples(index=False, name=None)]
    # a column of texts would forget that they are HTML
    return pd.Series(words, index=rows.index, dtype=object)


def decimals(digits: int) -> Callable[[float], Html]:
    """Return a function that says a number with so many decimals."""
    return lambda value: decimal_text(value, digits)
