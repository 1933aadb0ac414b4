"""Batches: their gradient at a minimum of all items, and who leaves its basin by them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.drawing.shared import (
    describe_runs,
    doubling,
    frame,
    line_with_ends,
    name_lines,
    number_of,
    percent_axis,
    style_of,
)
from escaping_minima.studies.escape.layout import BATCHES
from escaping_minima.studies.escape.names import PROBLEM_NAMES

#: Norms are drawn on a scale of logarithms above this and on a straight one below, so that 0 is
#: there.
_STRAIGHT = 0.05


@styled
def batches(norms: pd.DataFrame, shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the norm of batches' gradients by size, and escapes by size and barrier.

    Parameters
    ----------
    norms : DataFrame
        ``batch_norms.csv``.
    shares : DataFrame
        ``shares.csv``.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        11,
        5.6,
        "How do batches steer around a local minimum?",
        describe_runs(cells, ["batch"]),
    )
    left, right = figure.subplots(1, 2)
    _norms(left, norms)
    own = shares[(shares["role"] == "batch") & (shares["measure"] == "moved")]
    own = own.assign(**{key: number_of(own["point"], key) for key in ("batch", "rate")})
    for index, (problem, rows) in enumerate(own.groupby("problem", sort=False)):
        for rate, part in rows.groupby("rate"):
            name = PROBLEM_NAMES[str(problem)].removeprefix("Scattered sum, trapped, ")
            style = style_of(index) | {"linestyle": "-" if rate >= 0.25 else ":"}
            label = f"{name}, rate {rate:g}"
            line_with_ends(right, part, "batch", "share", label=label, **style)
    doubling(right, BATCHES, "items of a batch, of 64")
    percent_axis(right, "end in another basin (percent)")
    for axes in (left, right):
        frame(axes)
        name_lines(axes, 2)
    return figure


def _norms(axes: Axes, norms: pd.DataFrame) -> None:
    keys = ["problem", "replacement"]
    for index, ((problem, replacement), rows) in enumerate(norms.groupby(keys, sort=False)):
        style, own = style_of(index), rows.sort_values("batch")
        label = f"{PROBLEM_NAMES[str(problem)]}, {replacement} replacement"
        axes.plot(own["batch"], own["norm"], linestyle="none", label=label, **style)
        axes.plot(own["batch"], own["expected"], color=style["color"], linewidth=0.8)
    sizes = sorted({int(size) for size in norms["batch"]})
    doubling(axes, sizes, "items of a batch (lines: sampling theory)")
    axes.set_yscale("symlog", linthresh=_STRAIGHT, linscale=0.3)
    axes.set_ylim(bottom=-_STRAIGHT / 10)
    axes.set_yticks(ticks := (0, 0.05, 0.1, 0.2, 0.5, 1), [f"{tick:g}" for tick in ticks])
    axes.set_ylabel("norm of the gradient")
