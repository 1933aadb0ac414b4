"""Sizes of difference between methods on SetA, with intervals and margins: Table 6 and beyond."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.report.tables.words import span_words
from escaping_minima.studies.populations.drawing.shared import (
    ORDER,
    colour_of,
    frame,
    legend,
    name_row,
    title_words,
)
from escaping_minima.studies.populations.names import METHOD_NAMES, ROLE_NAMES, TASKS, TRAJECTORIES

_MARGIN_COLOUR = "#E4ECF2"


@styled
def differences(tests: pd.DataFrame) -> Figure:
    """Draw the differences that Table 6 tests, in points, with intervals over trajectories.

    Parameters
    ----------
    tests : DataFrame
        ``tests.csv``.
    """
    title = "SetA of two methods: differences of Table 6"
    ran = tests[(tests["table"] == "6") & (tests["trajectories"] > 0)]
    ran = ran.assign(
        colour=[colour_of(str(m)) for m in ran["other_method"]],
        label=[
            f"{METHOD_NAMES[b]} less {METHOD_NAMES[a]}, {ROLE_NAMES[r]}"
            for a, b, r in zip(ran["method"], ran["other_method"], ran["role"], strict=True)
        ],
    )
    return _draw(title, ran)


@styled
def against_sgd(table: pd.DataFrame) -> Figure:
    """Draw the differences of all methods from SGD.

    Parameters
    ----------
    table : DataFrame
        ``against_sgd.csv``.
    """
    title = "SetA of every method less SetA of SGD"
    places = table["role"].map(TRAJECTORIES.index), table["method"].map(ORDER.index)
    order = pd.DataFrame({"first": places[0], "second": places[1]}, table.index)
    ran = table.loc[order.sort_values(["first", "second"], kind="stable").index]
    ran = ran.assign(
        colour=[colour_of(str(m)) for m in ran["method"]],
        label=[
            name_row(str(m), str(r)) for m, r in zip(ran["method"], ran["role"], strict=True)
        ],
    )
    return _draw(title, ran)


def _draw(title: str, table: pd.DataFrame) -> Figure:
    if table.empty:
        return absent(title)
    arms = {
        (str(task), str(network)): rows
        for (task, network), rows in table.groupby(["task", "network"], sort=False)
    }
    arms = dict(sorted(arms.items(), key=lambda arm: TASKS.index(arm[0][0])))
    sizes = [len(rows) + 1.2 for rows in arms.values()]
    detail = (
        f"Mean over {span_words(table['trajectories'])} trajectories, paired by block, with 95 "
        "percent bootstrap intervals; shaded: equal within the margin"
    )
    figure = titled(0.8 + 0.3 * sum(sizes) + 0.55 * len(arms), title, detail)
    grid = figure.subplots(len(arms), 1, squeeze=False, height_ratios=sizes)[:, 0]
    for axes, ((task, network), rows) in zip(grid, arms.items(), strict=True):
        _panel(axes, rows)
        axes.set_title(title_words(task, rows["network"]), fontsize=9.5)
    grid[-1].set_xlabel("difference of mean test scores (points)")
    bar = {"color": GREY, "marker": "o", "markersize": 5}
    handles = [
        Line2D([], [], **bar, label="difference, 95 percent interval"),
        Patch(color=_MARGIN_COLOUR, label="margin of equality"),
    ]
    legend(figure, handles)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    margin = float(rows["margin"].iloc[0])
    axes.axvspan(-margin, margin, color=_MARGIN_COLOUR, zorder=0, linewidth=0)
    axes.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)
    for place, row in enumerate(rows.to_dict("records")):
        look = {"color": row["colour"], "linewidth": 2.0, "solid_capstyle": "butt"}
        axes.plot([row["low"], row["high"]], [place, place], **look, label=f"{row['label']} ends")
        mark = {"color": row["colour"], "markersize": 6, "linestyle": "none"}
        axes.plot([row["difference"]], [place], "o", **mark, label=row["label"])
    axes.set_yticks(range(len(rows)), list(rows["label"]))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    frame(axes, "x")
