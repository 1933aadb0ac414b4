"""Where the starts end at each radius."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from escaping_minima.studies.stationary_distributions.counts import Run, share_columns

COLUMNS = (
    "function",
    "method",
    "k",
    "radius",
    "outcome",
    "count",
    "starts",
    "share",
    "low",
    "high",
)
#: Sums over outcomes beside the outcomes themselves: name in the table, group of the records.
_SUMS = {"Else": "else", "GM": "global", "LM": "local"}
_PAIRS = {"six_hump_camel": ("pair_f_2.104", "pair_f_-0.215")}


def sweep(runs: Sequence[Run], groups: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """Return the share of every outcome and of their sums, with exact 95 percent intervals.

    Shares are percentages; intervals hold pointwise. A method without a radius has it empty.

    Parameters
    ----------
    runs : sequence of Run
    groups : Mapping of str to tuple of str
        Groups of outcomes, from the records.
    """
    rows = [
        {
            "function": run.function,
            "method": run.method,
            "k": run.k,
            "radius": run.radius,
            "outcome": name,
        }
        | share_columns(run.count(outcomes), run.starts)
        for run in runs
        for name, outcomes in _outcomes(run, groups).items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"radius": float})


def _outcomes(run: Run, groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    single: dict[str, tuple[str, ...]] = {name: (name,) for name in run.counts}
    sums = {name: groups[group] for name, group in _SUMS.items()}
    pairs = {name: groups[name] for name in _PAIRS.get(run.function, ())}
    present = {n: o for n, o in (sums | pairs).items() if set(o) & set(run.counts)}
    return single | present
