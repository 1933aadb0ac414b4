"""Where noise acts: how often it fires, and how large it is beside the gradient step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY, label_log_axis
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.populations.drawing.lines import Sources
from escaping_minima.studies.populations.drawing.shared import (
    colour_of,
    frame,
    legend,
    method_handles,
    title_words,
)
from escaping_minima.studies.populations.names import TASKS
from escaping_minima.studies.populations.noise_activity import noise_activity

#: Marks by role, for settings of trajectories; the lines are of short runs over the grid.
_ROLE_MARKERS: Mapping[str, str] = {"base": "s", "tuned": "D", "acting": "*"}
_ROLE_WORDS: Mapping[str, str] = {
    "base": "trajectories, base settings",
    "tuned": "trajectories, tuned",
    "acting": "trajectories, where noise acts",
}
#: Below this ratio noise stands at the edge of its panel, as far as the axis reaches.
_ROOM = 1.6


@styled
def activity(sources: Sources) -> Figure:
    """Draw the share of updates with noise by threshold, and its size by radius.

    Parameters
    ----------
    sources : Sources
    """
    title = "Where noise acts, by threshold and radius"
    found = sources.having("activity.parquet")
    table = noise_activity({} if found is None else found[0])
    table = table[table["role"].isin(["activity", *_ROLE_MARKERS])]
    if found is None or table.empty:
        return absent(title)
    tasks = [task for task in TASKS if task in set(table["task"])]
    figure = titled(0.9 + 5.6, title, _detail(table), found[1])
    grid = figure.subplots(2, len(tasks), squeeze=False, sharey="row")
    for column, task in zip(grid.T, tasks, strict=True):
        own = table[table["task"] == task]
        _fired(column[0], own, table["gradient_tolerance"])
        _ratios(column[1], own, table["radius"])
        column[0].set_title(title_words(task, own["network"], len(tasks)), fontsize=8.5)
    grid[0, 0].set_ylabel("updates with noise\n(percent)")
    grid[1, 0].set_ylabel("noise over gradient step\n(ratio, log scale)")
    legend(figure, [*method_handles(table["method"], linestyle="-"), *_role_handles(table)], 4)
    return figure


def _fired(axes: Axes, table: pd.DataFrame, all_thresholds: pd.Series) -> None:
    """Draw by threshold; of methods without one, by nothing: a level."""
    for method, rows in table.groupby("method", sort=False):
        grid = rows[rows["role"] == "activity"]
        _band(axes, grid.dropna(subset="gradient_tolerance"), "gradient_tolerance", "fired", method)
        for level in grid.loc[grid["gradient_tolerance"].isna(), "fired"].unique():
            look: dict[str, Any] = {"color": colour_of(str(method)), "linewidth": 1.4}
            axes.axhline(level, **look, label=f"{method} level", clip_on=False)
        _marks(axes, rows, "gradient_tolerance", "fired", str(method))
    axes.set(xlabel="gradient threshold", ylim=(-4, 104))
    _log_x(axes, all_thresholds)
    frame(axes)


def _ratios(axes: Axes, table: pd.DataFrame, all_radii: pd.Series) -> None:
    for method, rows in table.groupby("method", sort=False):
        grid = rows[rows["role"] == "activity"].dropna(subset="noise_ratio")
        _band(axes, grid, "radius", "noise_ratio", method)
        _marks(axes, rows, "radius", "noise_ratio", str(method))
    axes.axhline(1.0, color=GREY, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
    axes.set_yscale("log")
    axes.set_xlabel("radius")
    _log_x(axes, all_radii)
    label_log_axis(axes.yaxis)
    frame(axes)


def _band(axes: Axes, grid: pd.DataFrame, x: str, y: str, method: object) -> None:
    """Draw the median over the other setting, and from the least to the largest value."""
    if grid.empty:
        return
    found = grid.groupby(x)[y].agg(["median", "min", "max"])
    colour = colour_of(str(method))
    axes.plot(found.index, found["median"], ".-", color=colour, linewidth=1.5, label=str(method))
    shade: dict[str, Any] = {"color": colour, "alpha": 0.13, "linewidth": 0}
    axes.fill_between(found.index, found["min"], found["max"], **shade)


def _marks(axes: Axes, rows: pd.DataFrame, x: str, y: str, method: str) -> None:
    for role, marker in _ROLE_MARKERS.items():
        own = rows[rows["role"] == role].dropna(subset=[x, y])
        look: dict[str, Any] = {
            "color": colour_of(method),
            "markersize": 7,
            "markeredgecolor": "white",
        }
        label = f"{method} {role}"
        axes.plot(own[x], own[y], marker, **look, linestyle="none", zorder=4, label=label)


def _log_x(axes: Axes, values: pd.Series) -> None:
    positive = values[values > 0]
    if positive.empty:
        return
    axes.set_xscale("log")
    axes.set_xlim(positive.min() / _ROOM, positive.max() * _ROOM)
    label_log_axis(axes.xaxis)


def _role_handles(table: pd.DataFrame) -> list[Line2D]:
    return [
        Line2D([], [], color=GREY, marker=marker, linestyle="none", label=_ROLE_WORDS[role])
        for role, marker in _ROLE_MARKERS.items()
        if role in set(table["role"])
    ]


def _detail(table: pd.DataFrame) -> str:
    grid, own = table[table["role"] == "activity"], table[table["role"].isin(list(_ROLE_MARKERS))]
    words = []
    if len(grid):
        epochs = spanned(grid["epochs"], "epoch")
        words.append(
            f"Lines: short runs of {epochs}, median over the other setting; shaded: from "
            "the least to the largest"
        )
    if len(own):
        words.append(f"Marks: trajectories of {spanned(own['epochs'], 'epoch')}")
    return ". ".join(words) + ". What has no ratio never had noise"
