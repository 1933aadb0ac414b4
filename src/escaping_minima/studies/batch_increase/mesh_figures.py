"""Figures 9 to 12 of the paper: how many cells of a mesh the runs of section 4.5 visit.

A count cannot be larger than the number of snapshots that it is taken from. Figures show this bound
and leave the mark of a count open where a run is at it: there a count says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from escaping_minima.report.figures.axes import GREY, label_log_axis, tidy
from escaping_minima.report.figures.bands import mean_and_band
from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.mesh import SECTIONS
from escaping_minima.studies.batch_increase.mesh_runs import MeshCurves, find_mesh
from escaping_minima.studies.batch_increase.mesh_tables import LOW_SHARE, REACHES
from escaping_minima.studies.batch_increase.names import PLACES
from escaping_minima.studies.batch_increase.panels import (
    detail_of,
    legend,
    style_of,
    title_panel,
)
from escaping_minima.studies.batch_increase.strategies import SECTION_4_5

#: The rule of the figure: a cell is of a low loss where any visit is.
_RULE = "any"
_CELLS = "distinct cells visited"
_MARK: Mapping[str, Any] = {"marker": "o", "markersize": 4, "linestyle": "none"}
_BOUND: Mapping[str, Any] = {"color": GREY, "linewidth": 0.9, "linestyle": "-", "zorder": 1}
#: Width of the lines of bounds that each strategy has of its own.
_THIN = 0.6
_REACH_WORDS = {"own": "losses of the run itself", "common": "losses of all four"}


@styled
def figure_9(sources: Sources) -> Figure:
    """Draw the cells visited by the number of sections, beside runs that only jitter (Figure 9).

    Parameters
    ----------
    sources : Sources
    """
    arm = find_mesh(sources, SECTION_4_5)
    figure, grid = _lay_out(arm, "Cells visited, by the number of sections", 1, 2)
    if arm is None:
        return figure
    panels = (("all", "the runs"), ("jitter", "control: jitter where each run ends"))
    for axes, (part, title) in zip(grid[0], panels, strict=True):
        rows = arm.sweep[arm.sweep["part"] == part]
        _draw(axes, rows, "sections")
        axes.axhline(arm.epochs, **_BOUND)
        axes.set(title=title, xscale="log", xlabel="sections C (log scale)", ylabel=_CELLS)
        label_log_axis(axes.xaxis)
    _share_heights(grid[0])
    _legend(figure)
    return figure


@styled
def figure_10(sources: Sources) -> Figure:
    """Draw the cells visited after T1, counted afresh, by T1 (Figure 10).

    Parameters
    ----------
    sources : Sources
    """
    return _by_boundary(sources, "after", "Cells visited after epoch T1, counted afresh")


@styled
def figure_11(sources: Sources) -> Figure:
    """Draw the cells visited up to T1, by T1 (Figure 11).

    Parameters
    ----------
    sources : Sources
    """
    return _by_boundary(sources, "before", "Cells visited up to epoch T1")


@styled
def figure_12(sources: Sources) -> Figure:
    """Draw the cells of a low loss that are visited in the first half, by the level (Figure 12).

    In both readings of the range of losses: over a run's own cells, and over those of all four.

    Parameters
    ----------
    sources : Sources
    """
    arm = find_mesh(sources, SECTION_4_5)
    title = f"Cells of a low training loss visited in the first {LOW_SHARE:.0%} of the epochs"
    figure, grid = _lay_out(arm, title, len(REACHES), len(SECTIONS))
    if arm is None:
        return figure
    low = arm.counts[(arm.counts["part"] == "low") & (arm.counts["rule"] == _RULE)]
    for panels, reach in zip(grid, REACHES, strict=True):
        for axes, sections in zip(panels, SECTIONS, strict=True):
            rows = low[(low["reach"] == reach) & (low["sections"] == sections)]
            _draw(axes, rows, "level")
            _draw_bounds(axes, rows)
            axes.set_title(f"C = {sections}; Emin, Emax: {_REACH_WORDS[reach]}", fontsize=8.5)
            axes.set(xlabel="E1", ylabel=_CELLS)
        _share_heights(panels)
    words = "thin: bound, epochs of a low loss"
    _legend(figure, Line2D([], [], color=GREY, linewidth=_THIN, label=words))
    return figure


def _by_boundary(sources: Sources, part: str, title: str) -> Figure:
    arm = find_mesh(sources, SECTION_4_5)
    figure, grid = _lay_out(arm, title, 1, len(SECTIONS))
    if arm is None:
        return figure
    rows = arm.counts[arm.counts["part"] == part]
    rows = rows.assign(boundary=rows["share"] * arm.epochs)
    for axes, sections in zip(grid[0], SECTIONS, strict=True):
        _draw(axes, rows[rows["sections"] == sections], "boundary")
        bound = rows.groupby("boundary")["snapshots"].first()
        axes.plot(bound.index, bound, **_BOUND, label="bound")
        axes.set(title=f"C = {sections}", xlabel="T1 (epochs)", ylabel=_CELLS)
    _share_heights(grid[0])
    _legend(figure)
    return figure


def _lay_out(
    arm: MeshCurves | None, title: str, rows: int, columns: int
) -> tuple[Figure, NDArray[Any]]:
    """Return a figure and its panels; one that says so where nobody has any runs."""
    if arm is None:
        figure = new_figure(10, 2.6, title)
        title_panel(figure.subplots(), None, SECTION_4_5)
        return figure, np.empty((0, 0))
    height = 4.4 if rows == 1 else 7.4
    figure = new_figure(10, height, title, _detail(arm))
    return figure, figure.subplots(rows, columns, squeeze=False)


def _detail(arm: MeshCurves) -> str:
    if not arm.published:
        return detail_of({arm.condition: arm})
    words = f"{arm.describe()}; {arm.data_words()}"
    return f"NOT THIS RUN but the published one: {words}"


def _draw(axes: Axes, rows: pd.DataFrame, against: str) -> None:
    """Draw a line a strategy with its band; the mark of a count is open where it is at a bound."""
    for place in PLACES:
        own = rows[rows["run"] == place]
        wide = own.pivot(index=against, columns="seed", values="cells").sort_index()
        mean, low, high = mean_and_band(wide.to_numpy(float))
        if not len(mean):
            continue
        style = style_of(place)
        axes.plot(wide.index, mean, **style, label=place, zorder=3)
        axes.fill_between(wide.index, low, high, color=style["color"], alpha=0.15, linewidth=0)
        full = own.groupby(against)["at_bound"].any().reindex(wide.index).to_numpy(bool)
        for chosen, face in ((full, "white"), (~full, style["color"])):
            marks = {**_MARK, "color": style["color"], "markerfacecolor": face}
            axes.plot(wide.index[chosen], mean[chosen], **marks, zorder=4)
    tidy(axes, "epoch" if against == "boundary" else against)


def _share_heights(panels: Sequence[Axes] | NDArray[Any]) -> None:
    """Give panels that count the same one scale, from 0."""
    top = max(axes.get_ylim()[1] for axes in panels)
    for axes in panels:
        axes.set_ylim(0, top)


def _draw_bounds(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw how many snapshots of a low loss each strategy has, the mean over seeds."""
    for place in PLACES:
        bound = rows[rows["run"] == place].groupby("level")["snapshots"].mean()
        style = {**style_of(place), "linewidth": _THIN}
        axes.plot(bound.index, bound, **style, label=f"bound, {place}", zorder=2)


def _legend(figure: Figure, bound: Line2D | None = None) -> None:
    words = "a run is at its bound: no evidence"
    mark = Line2D([], [], **_MARK, color=GREY, markerfacecolor="white", label=words)
    line = bound or Line2D([], [], **_BOUND, label="bound: all snapshots differ")
    legend(figure, [mark, line])
