"""Where gradient descent ends: in its own basin, and on networks of rising depth."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.drawing.shared import (
    describe_runs,
    frame,
    line_with_ends,
    look,
    name_lines,
    number_of,
    percent_axis,
    style_of,
)
from escaping_minima.studies.escape.names import PROBLEM_NAMES
from escaping_minima.studies.escape.terrain import DEPTHS

#: Networks by depth.
DEEP = {
    "XOR": ("xor_2", "xor_2_deep_2", "xor_2_deep_3"),
    "MNIST": ("mnist_1", "mnist_2", "mnist_3"),
}


@styled
def stuck(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw how often descent ends where it began, and how often away from a global minimum.

    Parameters
    ----------
    shares : DataFrame
        ``shares.csv``.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10,
        5.4,
        "Does gradient descent get stuck?",
        describe_runs(cells, ["rate", "network"]),
    )
    left, right = figure.subplots(1, 2)
    own = shares[(shares["role"] == "rate") & (shares["measure"] == "own")]
    own = own.assign(rate=number_of(own["point"], "rate"))
    for index, (problem, rows) in enumerate(own.groupby("problem", sort=False)):
        style = style_of(index)
        line_with_ends(left, rows, "rate", "share", label=PROBLEM_NAMES[str(problem)], **style)
    left.axvline(2, color="#555555", linestyle="--", linewidth=0.9)
    left.set(xscale="log", xlabel="learning rate times largest curvature at a minimum")
    percent_axis(left, "end in the basin of their start (percent)")
    _deep(right, shares)
    for axes in (left, right):
        frame(axes)
        name_lines(axes)
    return figure


def _deep(axes: Axes, shares: pd.DataFrame) -> None:
    best = shares[(shares["measure"] == "best") & shares["role"].isin(["arena", "network"])]
    for family, problems in DEEP.items():
        depth = dict(zip(problems, DEPTHS, strict=True))
        for arm in ("gd", "sgd_1"):
            rows = best[best["problem"].isin(problems) & (best["arm"] == arm)]
            numbers = {
                "depth": rows["problem"].map(depth),
                "share": 100 - rows["share"],
                "low": 100 - rows["high"],
                "high": 100 - rows["low"],
            }
            style = look(arm) | {"linestyle": "-" if family == "XOR" else "--"}
            style["label"] = f"{family}, {style['label']}"
            line_with_ends(axes, pd.DataFrame(numbers), "depth", "share", **style)
    axes.axhline(50, color="#555555", linestyle=":", linewidth=0.9)
    axes.set(xlabel="hidden layers", xticks=list(DEPTHS))
    percent_axis(axes, "do not end at a global minimum (percent)")
