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

#: What is 0 but for rounding is drawn here.
_LEAST = 1e-12


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
        10,
        5.2,
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
        name_lines(axes)
    return figure


def _norms(axes: Axes, norms: pd.DataFrame) -> None:
    keys = ["problem", "replacement"]
    for index, ((problem, replacement), rows) in enumerate(norms.groupby(keys, sort=False)):
        style, own = style_of(index), rows.sort_values("batch")
        label = f"{PROBLEM_NAMES[str(problem)]}, {replacement} replacement"
        axes.plot(
            own["batch"], own["norm"].clip(lower=_LEAST), linestyle="none", label=label, **style
        )
        axes.plot(
            own["batch"], own["expected"].clip(lower=_LEAST), color=style["color"], linewidth=0.8
        )
    sizes = sorted({int(size) for size in norms["batch"]})
    doubling(axes, sizes, "items of a batch (lines: sampling theory)")
    axes.set(yscale="log", ylabel="norm of the gradient")
