"""The shares of Table 1, ours beside the printed ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.parts.looks import look_of
from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.style import PRINTED, new_figure, styled
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    describe_runs,
    legend,
    name_methods,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, METHODS


@styled
def table_1(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the shares of Table 1 with their intervals, beside the printed ones.

    Parameters
    ----------
    shares : DataFrame
        ``table_1.csv``: function, method, bin, share, low, high, printed, ...; shares in percent.
    cells : DataFrame
        ``cells.csv``.
    """
    columns = max(shares[shares["function"] == f]["bin"].nunique() for f in FUNCTIONS)
    figure = new_figure(
        10.5,
        7.6,
        "Table 1: share of starts by where they end, ours beside the printed one",
        f"{describe_runs(cells)}; bars: intervals of a row, jointly 95 percent",
    )
    grid = figure.subplots(len(FUNCTIONS), columns, sharex="row", sharey=True, squeeze=False)
    for row, name in enumerate(FUNCTIONS):
        part = shares[shares["function"] == name]
        bins = list(dict.fromkeys(part["bin"]))
        for column, axes in enumerate(grid[row]):
            if column >= len(bins):
                axes.set_visible(False)
                continue
            _share_panel(axes, part[part["bin"] == bins[column]])
            axes.set_title(bins[column])
            if column == 0:
                axes.set_ylabel(FUNCTION_NAMES[name], fontweight="bold")
        top = np.nanmax(part[["high", "printed"]].to_numpy(float))
        grid[row, 0].set_xlim(-0.05 * top, 1.08 * top)
        grid[row, (len(bins) - 1) // 2].set_xlabel("share of starts (percent)")
    ours = Line2D([], [], color=GREY, marker="o", linewidth=1.4, label="ours, one colour a method")
    printed = Line2D([], [], **{**PRINTED, "markeredgecolor": GREY}, label="printed in the paper")
    legend(figure, [ours, printed])
    return figure


def _share_panel(axes: Axes, part: pd.DataFrame) -> None:
    part = part.set_index("method").reindex(METHODS)
    for place, (method, row) in enumerate(part.iterrows()):
        colour = look_of(str(method)).colour
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.4, zorder=2)
        axes.plot(row["share"], place, marker=look_of(str(method)).marker, color=colour, zorder=3)
        axes.plot(row["printed"], place, **PRINTED, markeredgecolor=GREY, zorder=1)
    name_methods(axes)
    axes.grid(axis="x", color="#E4E4E4", linewidth=0.6)
