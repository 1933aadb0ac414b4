"""How many starts end elsewhere than under gradient descent."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from escaping_minima.parts.looks import look_of
from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    SWEPT,
    describe_runs,
    legend,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.outcome_style import OUTCOME_COLOURS
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS


@styled
def paired(pairs: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw how many starts end elsewhere than under gradient descent.

    Parameters
    ----------
    pairs : DataFrame
        ``paired.csv``: function, method, starts, other_outcome_share, low, high,
        else_only_method, else_only_gd.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10,
        6.6,
        "The same starts under gradient descent and under another method",
        f"{describe_runs(cells)}; radius of the main run; bars: 95 percent intervals",
    )
    grid = figure.subplots(2, len(FUNCTIONS), sharex="row", sharey=True)
    for column, name in enumerate(FUNCTIONS):
        part = pairs[pairs["function"] == name].set_index("method").reindex(SWEPT)
        top, bottom = grid[:, column]
        places = np.arange(len(SWEPT))
        for place, method in enumerate(SWEPT):
            row, colour = part.loc[method], look_of(method).colour
            top.plot([row["low"], row["high"]], [place, place], color=colour)
            top.plot(row["other_outcome_share"], place, look_of(method).marker, color=colour)
        ours, theirs = (
            100 * part[c].to_numpy(float) / part["starts"].to_numpy(float)
            for c in ("else_only_method", "else_only_gd")
        )
        bottom.barh(places, ours, color=OUTCOME_COLOURS["saddle"], height=0.65)
        bottom.barh(places, -theirs, color="#9A9A9A", height=0.65)
        bottom.axvline(0, color="black", linewidth=0.8)
        top.set(title=FUNCTION_NAMES[name], xlabel="other end than under GD (percent)")
        bottom.set_xlabel("Else under one of them only (percent)")
        for axes in (top, bottom):
            axes.set_yticks(places, [METHOD_NAMES[m] for m in SWEPT])
            axes.set_ylim(len(SWEPT) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="x", color="#E4E4E4", linewidth=0.6)
    handles = [
        Patch(color=OUTCOME_COLOURS["saddle"], label="outside every minimum under the method only"),
        Patch(color="#9A9A9A", label="under GD only (to the left)"),
    ]
    legend(figure, handles)
    return figure
