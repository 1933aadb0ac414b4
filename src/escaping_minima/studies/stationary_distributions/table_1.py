"""Table 1 beside the printed one, share by share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from escaping_minima.landscape.classify import ELSE
from escaping_minima.statistics.intervals import multinomial_intervals
from escaping_minima.studies.stationary_distributions.counts import Run, percent
from escaping_minima.studies.stationary_distributions.printed import PrintedRow, PrintedTable

#: Joint level of the intervals of a row.
LEVEL = 0.95
_SPLIT = tuple(f"else_{part}" for part in ELSE)
COLUMNS = (
    "function",
    "method",
    "bin",
    "count",
    "starts",
    "share",
    "low",
    "high",
    "printed",
    "printed_inside",
    *_SPLIT,
)


def table_1(runs: Sequence[Run], printed: PrintedTable) -> pd.DataFrame:
    """Return our shares with intervals, the printed ones, and what Else is made of.

    Shares are percentages. The intervals of a row hold jointly at 95 percent.

    Parameters
    ----------
    runs : sequence of Run
        At the main radius.
    printed : Mapping
        The printed rows.
    """
    rows = [entry for run in runs for entry in _rows(run, printed[run.function, run.method])]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(run: Run, printed: PrintedRow) -> list[dict[str, Any]]:
    counts = [run.in_bin(name) for name in printed.bins]
    bounds = 100 * multinomial_intervals(counts, LEVEL)
    entries = zip(printed.bins, counts, printed.shares, bounds, strict=True)
    return [
        {
            "function": run.function,
            "method": run.method,
            "bin": name,
            "count": count,
            "starts": run.starts,
            "share": percent(count / run.starts),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
            "printed": share,
            "printed_inside": bool(low <= share <= high),
        }
        | (_split(run) if name == "Else" else {})
        for name, count, share, (low, high) in entries
    ]


def _split(run: Run) -> dict[str, float]:
    return {f"else_{part}": percent(run.counts[part] / run.starts) for part in ELSE}
