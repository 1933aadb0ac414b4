"""The contours with every stationary point."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    draw_contours,
    group_of,
    legend,
    marker_handle,
    marker_of,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS


@styled
def figure_2(surfaces: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Draw the contours with every stationary point (Figure 2 of the paper).

    Parameters
    ----------
    surfaces : DataFrame
        ``surfaces.parquet``.
    points : DataFrame
        ``points.csv``: function, variant, label, kind, x, y, value, ...
    """
    figure = new_figure(
        10,
        4.3,
        "Contours and stationary points of the three functions",
        "the frame is the box of the starts; minima are numbered global first, then flatter first",
    )
    points = _own_points(points)
    for axes, name in zip(figure.subplots(1, 3), FUNCTIONS, strict=True):
        draw_contours(axes, surfaces, name)
        for row in points[points["function"] == name].itertuples():
            group = group_of(row.label)
            axes.plot(row.x, row.y, **marker_of(group, 11 if group == "GM" else 7))
            if row.kind == "minimum":
                _tag(axes, row.label, row.x, row.y)
        axes.set(title=FUNCTION_NAMES[name], xlabel="x", ylabel="y")
    legend(figure, [marker_handle(g) for g in ("GM", "LM", "saddle", "maximum")])
    return figure


def _own_points(points: pd.DataFrame) -> pd.DataFrame:
    """Leave out the points of the printed, mistaken form of the three-hump function."""
    return points[points["variant"].fillna("") == ""]


def _tag(axes: Axes, label: str, x: float, y: float) -> None:
    left, right = axes.get_xlim()
    side = 2 * (x - left) / (right - left) - 1
    # outwards, where there is nothing to hide; above a point in the middle or near the frame
    across, up = (0.0, 8.0) if not 0.1 < abs(side) < 0.74 else (8.0 * np.sign(side), 0.0)
    axes.annotate(
        label,
        (x, y),
        (across, up),
        textcoords="offset points",
        ha="center" if up else "left" if side > 0 else "right",
        va="bottom" if up else "center",
        fontsize=8,
        zorder=4,
        bbox={
            "boxstyle": "round,pad=0.15",
            "facecolor": "white",
            "edgecolor": "none",
            "alpha": 0.8,
        },
    )
