"""What resetting the learning rate does at a minimum."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.drawing.shared import (
    describe_runs,
    frame,
    line_with_ends,
    name_lines,
    number_of,
    percent_axis,
    style_of,
)
from escaping_minima.studies.escape.names import arm_name

_CASES = {
    ("scattered_at", "warm"): "at a gradient of exactly 0, reset",
    ("curve_beside", "warm"): "beside a minimum, reset",
    ("scattered_at", "warm_1"): "batches of one item, reset",
    ("scattered_at", "low_1"): f"batches of one item, {arm_name('low_1').split(',')[0]}",
}


@styled
def reset(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the share of starts that leave a local minimum, by the highest rate of a cycle.

    Parameters
    ----------
    shares : DataFrame
        ``shares.csv``.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        9, 5, "Does resetting the learning rate pop a run out?", describe_runs(cells, ["reset"])
    )
    axes = figure.subplots()
    own = shares[(shares["role"] == "reset") & (shares["measure"] == "escaped")]
    own = own.assign(peak=number_of(own["point"], "peak"))
    for index, ((problem, arm), label) in enumerate(_CASES.items()):
        rows = own[(own["problem"] == problem) & (own["arm"] == arm)]
        line_with_ends(axes, rows, "peak", "share", label=label, **style_of(index))
    axes.axvline(2, color="#555555", linestyle="--", linewidth=0.9)
    axes.set_xlabel("highest rate times curvature of the minimum (dashes: 2)")
    percent_axis(axes, "leave the basin (percent)")
    frame(axes)
    name_lines(axes, 2)
    return figure
