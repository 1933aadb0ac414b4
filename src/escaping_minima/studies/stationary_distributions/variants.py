"""What the other readings of ambiguous passages give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.landscape.classify import ELSE
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem
from escaping_minima.problems.plane import PlaneFunction
from escaping_minima.studies.stationary_distributions.counts import Run, percent, share_columns
from escaping_minima.studies.stationary_distributions.printed import PrintedTable

COLUMNS = (
    "variant",
    "function",
    "method",
    "outcome",
    "count",
    "starts",
    "share",
    "low",
    "high",
    "main_share",
    "printed",
    "bins_moved",
)


def variants(
    counts: pd.DataFrame, cells: pd.DataFrame, runs: Sequence[Run], printed: PrintedTable
) -> pd.DataFrame:
    """Return each variant's shares beside the main run's and the printed ones.

    Shares are percentages, with pointwise exact 95 percent intervals. `bins_moved` says that the
    variant's minima lie elsewhere than the main run's.

    Parameters
    ----------
    counts, cells : DataFrame
        The collected ``variants.csv`` and ``cells.csv``.
    runs : sequence of Run
        At the main radius.
    printed : Mapping
        The printed rows.
    """
    main = {(run.function, run.method): run for run in runs}
    settings = dict(zip(cells["cell"], cells["settings"], strict=True))
    rows: list[dict[str, Any]] = []
    for (variant, function, method, cell), part in counts.groupby(
        ["variant", "function", "method", "cell"], sort=False
    ):
        found = dict(zip(part["outcome"], part["count"].astype(int), strict=True))
        moved = bins_moved(function, json.loads(settings[cell])["problem_settings"])
        known = main.get((function, method))
        paper = printed[function, method]
        shares = dict(zip(paper.bins, paper.shares, strict=True))
        for outcome, members in _outcomes(found).items():
            rows.append(
                {"variant": variant, "function": function, "method": method, "outcome": outcome}
                | share_columns(sum(found[m] for m in members), sum(found.values()))
                | {
                    "main_share": percent(known.count(members) / known.starts) if known else None,
                    "printed": shares.get(outcome),
                    "bins_moved": moved,
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def bins_moved(function: str, settings: dict[str, Any]) -> bool:
    """Return whether a function's minima lie elsewhere under some settings than by default."""
    own, main = (_minima(make_problem(function, s)) for s in (settings, {}))
    return own.shape != main.shape or not np.allclose(own, main, atol=1e-6)


def _minima(function: PlaneFunction) -> Any:
    return np.array([[p.x, p.y] for p in stationary_points(function) if p.kind == "minimum"])


def _outcomes(found: dict[str, int]) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in found} | {"Else": ELSE}
