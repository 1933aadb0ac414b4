"""Published tables that rest on no block: they stay as they are where only rounding differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from escaping_minima.results.tables import as_written


def keep_rounded(
    published: Mapping[str, pd.DataFrame], now: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return the tables of now, or as published where they differ by rounding alone.

    Parameters
    ----------
    published : Mapping of DataFrame
        By file name, as text.
    now : Mapping of DataFrame
        By file name: those that rest on no block.
    """
    return {
        name: published[name]
        if name in published and _same_but_rounding(name, published[name], table)
        else table
        for name, table in now.items()
    }


def _same_but_rounding(name: str, old: pd.DataFrame, new: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(
            _numbers(old), _numbers(as_written(name, new)), rtol=1e-6, atol=1e-6
        )
    except AssertionError:
        return False
    return True


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: _parsed(table[name]) for name in table})


def _parsed(column: pd.Series[Any]) -> pd.Series[Any]:
    try:
        return pd.to_numeric(column)
    except ValueError:
        return column
