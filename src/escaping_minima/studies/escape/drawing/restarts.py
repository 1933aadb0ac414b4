"""Restarts: of whole descents, as often as chance foretells, and a new start at every step."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.drawing.shared import (
    bars,
    describe_runs,
    doubling,
    frame,
    line_with_ends,
    look,
    name_lines,
    percent_axis,
    style_of,
)
from escaping_minima.studies.escape.names import PROBLEM_NAMES

_ARMS = ("gd", "restarts", "afresh")
#: Losses are drawn on a scale of logarithms above this, in percent, and on a straight one below.
_STRAIGHT = 0.1
_PROBLEMS = ("three_hump", "six_hump", "scattered", "xor_2")


@styled
def restarts(descents: pd.DataFrame, gaps: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the best of K descents beside what single ones foretell, and both kinds of restart.

    Parameters
    ----------
    descents, gaps : DataFrame
        The derived tables.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10, 5.2, "Does starting again help?", describe_runs(cells, ["restarts", "arena"])
    )
    left, right = figure.subplots(1, 2)
    for index, (problem, rows) in enumerate(descents.groupby("problem", sort=False)):
        style, name = style_of(index), PROBLEM_NAMES[str(problem)]
        run, told = (rows[rows["kind"] == kind] for kind in ("run", "foretold"))
        line_with_ends(left, run, "number", "share", label=name, **style)
        left.plot(told["number"], told["share"], "--", color=style["color"], linewidth=0.9)
    numbers = sorted({int(number) for number in descents["number"]})
    doubling(left, numbers, "descents in one run (dashes: 1 - (1 - p)^K of single descents)")
    percent_axis(left, "at a global minimum (percent)")
    own = gaps[
        (gaps["role"] == "arena") & gaps["arm"].isin(_ARMS) & gaps["problem"].isin(_PROBLEMS)
    ]
    for index, arm in enumerate(_ARMS):
        rows = own[own["arm"] == arm].set_index("problem").reindex(_PROBLEMS)
        places = np.arange(len(_PROBLEMS)) + 0.2 * (index - 1)
        style = look(arm) | {"linestyle": "none"}
        right.errorbar(places, rows["gap"].astype(float), bars(rows, "gap"), capsize=2, **style)
    names = [PROBLEM_NAMES[problem] for problem in _PROBLEMS]
    right.set_xticks(range(len(_PROBLEMS)), names, rotation=20, ha="right")
    right.set_yscale("symlog", linthresh=_STRAIGHT, linscale=0.3)
    right.set_ylim(-_STRAIGHT / 5, 1.5 * np.nanmax([100.0, *own["high"].astype(float)]))
    right.set_yticks(ticks := (0, 0.1, 1, 10, 100), [f"{tick:g}" for tick in ticks])
    right.set_ylabel("loss above the global minimum (percent of the height)")
    for axes in (left, right):
        frame(axes)
        name_lines(axes)
    return figure
