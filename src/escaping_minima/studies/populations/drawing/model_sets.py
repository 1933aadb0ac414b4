"""Test score and training loss of SetA, SetB and SetV by task and method, a mark a trajectory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
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
    ORDER,
    SET_MARKERS,
    SET_WORDS,
    colour_of,
    frame,
    legend,
    level_handle,
    name_row,
    score_words,
)
from escaping_minima.studies.populations.names import METHOD_NAMES, TASK_NAMES
from escaping_minima.studies.populations.scope import scope_words
from escaping_minima.studies.populations.sets import trajectory_values

#: Roles whose methods stand in one panel, in this order.
ROLES = ("base", "tuned", "acting", "plain", "monotonic")
#: Where the sets of a method stand, about its row.
_PLACES: Mapping[str, float] = {"A": -0.24, "B": 0.0, "V": 0.24}
FLOOR_LINES: Mapping[str, Any] = {"majority": (0, (1, 1.5)), "tfidf": (0, (4, 1.5))}

_NO_FLOORS = pd.DataFrame(columns=["task", "floor", "test_score"])


@styled
def sets(sources: Sources) -> Figure:
    """Draw the mean test score of each set of each trajectory, and the floors of the texts.

    Parameters
    ----------
    sources : Sources
    """
    return _draw(sources, "Test scores of the sets of models, by task and method", "score_mean")


@styled
def set_losses(sources: Sources) -> Figure:
    """Draw the mean training loss of each set of each trajectory.

    Parameters
    ----------
    sources : Sources
    """
    return _draw(sources, "Training loss of the sets of models, by task and method", "loss_mean")


def _draw(sources: Sources, title: str, column: str) -> Figure:
    found = sources.trajectories()
    if found is None:
        return absent(title)
    runs, published = found
    floors = _floors_of(sources, published) if column == "score_mean" else _NO_FLOORS
    arms = runs.populations.groupby(["task", "network"], sort=False)
    cells = {(str(task), str(network)): _ordered(rows) for (task, network), rows in arms}
    sizes = [len(rows) + 1.5 for rows in cells.values()]
    figure = titled(1.2 + 0.3 * sum(sizes) + 0.75 * len(cells), title, published=published)
    grid = figure.subplots(len(cells), 1, squeeze=False, height_ratios=sizes)[:, 0]
    values = trajectory_values(runs.selected)
    for axes, ((task, _), rows) in zip(grid, cells.items(), strict=True):
        _panel(axes, rows, values, column)
        _floors(axes, floors[floors["task"] == task])
        axes.set_xlabel(f"{_what(column, task)}, mean of a set of one trajectory")
        if column == "loss_mean":
            axes.set_xscale("log")
            label_log_axis(axes.xaxis)
        axes.set_title(f"{TASK_NAMES[task]}: {_detail(rows)}", fontsize=8.5, wrap=True)
    there = set(floors["floor"]) if set(floors["task"]) & {task for task, _ in cells} else set()
    legend(figure, [*_set_handles(), *_floor_handles(there)], columns=3)
    return figure


def _floors_of(sources: Sources, published: bool) -> pd.DataFrame:
    tables = sources.published if published else sources.own
    return _NO_FLOORS if tables is None else tables.get("floor.csv", _NO_FLOORS)


def _what(column: str, task: str) -> str:
    return f"test {score_words(task)}" if column == "score_mean" else "training loss (log scale)"


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort by role, and within by the paper's order of methods."""
    keys = rows.assign(first=rows["role"].map(ROLES.index), second=rows["method"].map(ORDER.index))
    return rows.loc[keys.sort_values(["first", "second"], kind="stable").index]


def _panel(axes: Axes, rows: pd.DataFrame, values: pd.DataFrame, column: str) -> None:
    for place, cell in enumerate(rows.itertuples()):
        own = values[values["cell"] == cell.cell]
        for name, of_set in own.groupby("set"):
            _marks(axes, str(name), place, str(cell.method), of_set[column])
    labels = [name_row(m, r) for m, r in zip(rows["method"], rows["role"], strict=True)]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    frame(axes, "x")


def _marks(axes: Axes, name: str, row: int, method: str, values: pd.Series) -> None:
    marker, filled = SET_MARKERS[name]
    colour = colour_of(method)
    look: dict[str, Any] = {"color": colour, "markerfacecolor": colour if filled else "white"}
    height = np.full(len(values), row + _PLACES[name])
    label = f"{method} {row} {name}"
    axes.plot(
        values, height, marker, **look, markersize=4.5, alpha=0.8, linestyle="none", label=label
    )
    mean = [float(values.mean())]
    bar: dict[str, Any] = {"color": colour, "markersize": 9, "markeredgewidth": 1.8}
    axes.plot(mean, [row + _PLACES[name]], "|", **bar, label=f"{label} mean")


def _floors(axes: Axes, floors: pd.DataFrame) -> None:
    for row in floors.itertuples():
        style: dict[str, Any] = {
            "color": GREY,
            "linewidth": 1.1,
            "linestyle": FLOOR_LINES[str(row.floor)],
        }
        axes.axvline(float(str(row.test_score)), **style, zorder=1, label=row.floor)


def _set_handles() -> list[Line2D]:
    handles = []
    for name, (marker, filled) in SET_MARKERS.items():
        face = GREY if filled else "white"
        look: dict[str, Any] = {
            "color": GREY,
            "markerfacecolor": face,
            "marker": marker,
            "linestyle": "none",
        }
        handles.append(Line2D([], [], **look, label=SET_WORDS[name]))
    bar: dict[str, Any] = {"color": GREY, "marker": "|", "markersize": 9, "markeredgewidth": 1.8}
    return [*handles, Line2D([], [], **bar, linestyle="none", label="mean of the trajectories")]


def _floor_handles(there: set[str]) -> Sequence[Line2D]:
    return [
        level_handle(METHOD_NAMES[floor], linestyle=style)
        for floor, style in FLOOR_LINES.items()
        if floor in there
    ]


def _detail(rows: pd.DataFrame) -> str:
    return f"{spanned(rows['models'], 'model')} a set; {scope_words(rows)}"
