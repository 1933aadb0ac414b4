"""Where trajectories end: a sample of end points."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.report.tables.words import span_words
from escaping_minima.studies.stationary_distributions.collect import FIGURE_3_METHODS
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    ELSE,
    describe_runs,
    draw_contours,
    group_of,
    legend,
    marker_handle,
    marker_of,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS


@styled
def figure_3(surfaces: pd.DataFrame, end_points: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw a sample of end points over the contours (Figure 3 of the paper).

    Parameters
    ----------
    surfaces, end_points, cells : DataFrame
        ``surfaces.parquet``, ``end_points.csv`` and ``cells.csv``.
    """
    sample = end_points.groupby(["function", "method"]).size()
    figure = new_figure(
        10,
        8.6,
        "Where trajectories end",
        f"{span_words(sample)} of {describe_runs(cells)}; the same starts in each row",
    )
    grid = figure.subplots(len(FUNCTIONS), len(FIGURE_3_METHODS), sharey="row")
    for row, name in enumerate(FUNCTIONS):
        for column, method in enumerate(FIGURE_3_METHODS):
            axes = grid[row, column]
            chosen = (end_points["function"] == name) & (end_points["method"] == method)
            draw_contours(axes, surfaces, name)
            _end_points(axes, end_points[chosen])
            axes.set_title(f"{METHOD_NAMES[method]}, {FUNCTION_NAMES[name]}", fontsize=9)
            axes.set_xlabel("x" if row == len(FUNCTIONS) - 1 else "")
            axes.set_ylabel("" if column else "y")
    legend(figure, [marker_handle(g) for g in ("GM", "LM", *ELSE)])
    return figure


def _end_points(axes: Axes, sample: pd.DataFrame) -> None:
    x, y = sample["x"].to_numpy(float), sample["y"].to_numpy(float)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    groups = sample["outcome"].map(group_of).to_numpy()
    for group in dict.fromkeys(groups):
        chosen = inside & (groups == group)
        style = marker_of(group, {"GM": 9, "halo": 7}.get(group, 6)) | {"alpha": 0.75}
        axes.plot(x[chosen], y[chosen], **style, label=group)
    if (~inside).any():
        words = f"{(~inside).sum()} outside"
        axes.text(
            0.97,
            0.03,
            words,
            transform=axes.transAxes,
            ha="right",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )
