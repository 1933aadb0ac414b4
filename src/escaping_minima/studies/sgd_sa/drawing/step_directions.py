"""A step down the gradient beside a random one as long, by rate and state of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.report.tables.words import span_words
from escaping_minima.studies.sgd_sa.directions import directions
from escaping_minima.studies.sgd_sa.drawing.lines import Sources
from escaping_minima.studies.sgd_sa.drawing.shared import RANDOM, legend, shade_between, style_of
from escaping_minima.studies.sgd_sa.runs import Runs
from escaping_minima.studies.sgd_sa.scope import scope_words

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "gradient": {"color": style_of("sgd_sa")["color"], "linestyle": "-", "marker": "o"},
    "random": {"color": RANDOM, "linestyle": (0, (4, 1.5)), "marker": "s"},
}
_WORDS = {
    "gradient": "down the gradient of the minibatch",
    "random": "a random direction of the same length",
}
#: Changes of the loss smaller than this are drawn on a linear scale.
_LINEAR = 1e-3


@styled
def step_directions(sources: Sources) -> Figure:
    """Draw how often and by how much steps of both kinds lower the loss of their minibatch.

    Parameters
    ----------
    sources : Sources
    """
    title = "A step down the gradient, and a random one of the same length"
    found = sources.runs_with("directions.parquet")
    if found is None:
        return absent(title)
    runs, published = found
    table = directions(runs)
    epochs = sorted(set(table["epoch"]))
    figure = titled(5.6, title, _detail(runs, table), published)
    grid = figure.subplots(2, len(epochs), squeeze=False, sharex=True, sharey="row")
    for column, epoch in zip(grid.T, epochs, strict=True):
        part = table[table["epoch"] == epoch]
        _draw_share(column[0], part)
        _draw_change(column[1], part)
        column[0].set_title("at the start" if epoch == 0 else f"after epoch {epoch}")
        column[1].set_xlabel("learning rate (log scale)")
    grid[0, 0].set_ylabel("steps that do not raise the loss\n(percent)")
    grid[1, 0].set_ylabel("median change of the loss\n(mean cross-entropy)")
    handles = [
        Line2D([], [], **style, markersize=4, label=_WORDS[name]) for name, style in _STYLES.items()
    ]
    legend(figure, handles)
    return figure


def _draw_share(axes: Axes, table: pd.DataFrame) -> None:
    for name, style in _STYLES.items():
        part = table[table["direction"] == name]
        axes.plot(part["rate"], part["lowers"], **style, markersize=4, label=name)
    axes.set(xscale="log", ylim=(-4, 104))
    _frame(axes)


def _draw_change(axes: Axes, table: pd.DataFrame) -> None:
    for name, style in _STYLES.items():
        part = table[table["direction"] == name]
        axes.plot(part["rate"], part["median"], **style, markersize=4, label=name)
        shade_between(axes, part["rate"], part["low"], part["high"], style["color"])
    axes.axhline(0, color=GREY, linewidth=0.9, zorder=1, label="no change")
    axes.set_yscale("symlog", linthresh=_LINEAR)
    _frame(axes)


def _frame(axes: Axes) -> None:
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _detail(runs: Runs, table: pd.DataFrame) -> str:
    rows = runs.cells[runs.cells["role"] == "directions"]
    steps = f"{span_words(table['n'])} minibatches of all seeds; bands: quartiles"
    return f"{steps}; {scope_words(rows)}" if len(rows) else steps
