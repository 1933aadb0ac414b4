"""What the figures of the study share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.style import BLUE, GREEN, ORANGE, PINK, SKY, VERMILION, VIOLET
from escaping_minima.report.tables.words import span_words
from escaping_minima.studies.escape.names import arm_look

GRID: Mapping[str, Any] = {"color": "#E4E4E4", "linewidth": 0.6}
#: Colours of what is no contestant, in the order in which it is named.
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, SKY, PINK, VIOLET, "#7A7A7A")
MARKERS = "osD^vPX*"


def describe_runs(cells: pd.DataFrame, roles: Iterable[str]) -> str:
    """Say on how many starts and which budget some cells rest.

    Parameters
    ----------
    cells : DataFrame
        ``cells.csv``.
    roles : iterable of str
        Which cells count.
    """
    own = cells[cells["role"].isin(list(roles))]
    if own.empty:
        return "this run has none of these runs"
    percent = sorted({f"{value:.3g}" for value in own["percent_of_budget"].dropna()}, key=float)
    budget = f", {' to '.join(percent)} percent of the published budget" if percent else ""
    return f"{span_words(own['starts'])} starts a cell{budget}"


def legend(figure: Figure, handles: Sequence[Any], columns: int = 5) -> None:
    """Name what a figure shows, below it; nothing where there is nothing to name."""
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))


def name_lines(axes: Axes, columns: int = 3) -> None:
    """Name the lines of a panel below it; nothing where there are none."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=columns, fontsize=8)


def doubling(axes: Axes, values: Sequence[int], label: str) -> None:
    """Let the horizontal axis double from tick to tick, at values that are there."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(values), [f"{value:g}" for value in values])
    axes.minorticks_off()
    axes.set_xlabel(label)


def frame(axes: Axes, grid: str = "y") -> None:
    """Give a panel the grid and the frame that all panels have."""
    axes.grid(axis=grid, **GRID)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def style_of(index: int) -> dict[str, Any]:
    """Return colour and marker of the so-manieth line of a panel."""
    return {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)]}


def look(arm: str) -> dict[str, Any]:
    """Return colour and marker of a contestant, and its name for a legend."""
    found = arm_look(arm)
    return {"color": found.colour, "marker": found.marker, "label": found.title}


def handles_of(styles: Mapping[str, Mapping[str, Any]]) -> list[Line2D]:
    """Return what a legend says of lines, by their names."""
    return [Line2D([], [], **{**style, "label": label}) for label, style in styles.items()]


def line_with_ends(axes: Axes, rows: pd.DataFrame, x: str, y: str, **style: Any) -> None:
    """Draw a line through values with their intervals, in the order of x."""
    own = rows.sort_values(x)
    if own.empty:
        return
    axes.errorbar(own[x], own[y], bars(own, y), capsize=2, elinewidth=0.9, **style)


def bars(rows: pd.DataFrame, y: str) -> np.ndarray:
    """Return how far intervals reach below and above values, (2, n); none where there is none."""
    ends = rows[["low", "high"]].astype(float).sub(rows[y].astype(float), axis=0).abs()
    return np.asarray(np.nan_to_num(ends.to_numpy().T))


def number_of(points: pd.Series, key: str) -> pd.Series:
    """Return the number that follows a key in the points of cells: 4 of "batch 4, rate 0.5"."""
    return points.str.extract(rf"(?:^|, ){key} ([-+.0-9e]+)", expand=False).astype(float)


def percent_axis(axes: Axes, label: str) -> None:
    """Let an axis of shares go from 0 to 100."""
    axes.set_ylim(-3, 103)
    axes.set_ylabel(label)
