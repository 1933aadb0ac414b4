"""Sizes of difference between methods on SetA, with intervals and margins: Tables 4 and 6."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.populations.drawing.shared import (
    ORDER,
    colour_of,
    frame,
    legend,
    name_row,
)
from escaping_minima.studies.populations.names import TASK_NAMES, TASKS, TRAJECTORIES
from escaping_minima.studies.populations.scope import scope_words

_MARGIN_COLOUR = "#E4ECF2"
_COLUMNS = ("task", "network", "trajectories", "difference", "low", "high", "margin")


@styled
def optimisers(against: pd.DataFrame, tests: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw by how much every method differs from SGD, and NiM-BH from SAM, in points.

    Parameters
    ----------
    against : DataFrame
        ``against_sgd.csv``.
    tests : DataFrame
        ``tests.csv``, for the pair of Table 6 without SGD.
    cells : DataFrame
        ``cells.csv``, for what the runs are.
    """
    of_table = (tests["table"] == "6") & (tests["method"] != "gd") & (tests["trajectories"] > 0)
    pairs = tests[of_table]
    rows = [*_rows(against, "method", "SGD"), *_rows(pairs, "other_method", "SAM")]
    found = pd.DataFrame(rows, columns=[*_COLUMNS, "label", "colour", "first", "second"])
    return _draw(found.sort_values(["first", "second"], kind="stable"), cells)


def _rows(table: pd.DataFrame, method: str, other: str) -> Iterator[dict[str, Any]]:
    """Yield what is drawn of some differences of methods from another one."""
    for row in table.to_dict("records"):
        name, role = row[method], row["role"]
        yield {column: row[column] for column in _COLUMNS} | {
            "label": f"{name_row(name, role)}, less {other}",
            "colour": colour_of(name),
            "first": TRAJECTORIES.index(role),
            "second": ORDER.index(name),
        }


def _draw(table: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    title = "SetA of one method less SetA of another"
    if table.empty:
        return absent(title)
    arms = {
        (str(task), str(network)): rows
        for (task, network), rows in table.groupby(["task", "network"], sort=False)
    }
    arms = dict(sorted(arms.items(), key=lambda arm: TASKS.index(arm[0][0])))
    sizes = [len(rows) + 1.2 for rows in arms.values()]
    trajectories = spanned(table["trajectories"], "trajectory", "trajectories")
    detail = (
        f"Mean over {trajectories}, paired by block, with 95 "
        "percent bootstrap intervals; shaded: equal within the margin"
    )
    figure = titled(0.8 + 0.3 * sum(sizes) + 0.55 * len(arms), title, detail)
    grid = figure.subplots(len(arms), 1, squeeze=False, height_ratios=sizes)[:, 0]
    for axes, ((task, network), rows) in zip(grid, arms.items(), strict=True):
        _panel(axes, rows)
        chosen = (cells["task"] == task) & (cells["network"] == network)
        runs = cells[chosen & cells["role"].isin(TRAJECTORIES)]
        axes.set_title(f"{TASK_NAMES[task]}: {scope_words(runs)}", fontsize=8.5, wrap=True)
    grid[-1].set_xlabel("difference of mean test scores (points)")
    bar: dict[str, Any] = {"color": GREY, "marker": "o", "markersize": 5}
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
        look: dict[str, Any] = {"color": row["colour"], "linewidth": 2.0, "solid_capstyle": "butt"}
        axes.plot([row["low"], row["high"]], [place, place], **look, label=f"{row['label']} ends")
        mark: dict[str, Any] = {"color": row["colour"], "markersize": 6, "linestyle": "none"}
        axes.plot([row["difference"]], [place], "o", **mark, label=row["label"])
    axes.set_yticks(range(len(rows)), list(rows["label"]))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    frame(axes, "x")
