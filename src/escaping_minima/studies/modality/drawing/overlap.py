"""The two clusters of MNIST by width and depth: overlap, separation, weight of the steep one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import BLUE, GREEN, ORANGE, styled
from escaping_minima.studies.modality.drawing.shared import frame, legend
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.lookup import Lookup
from escaping_minima.studies.modality.mixtures import mixtures
from escaping_minima.studies.modality.scope import scope_words

#: What is drawn, with the name and unit of its axis.
MEASURES: Mapping[str, str] = {
    "overlap": "overlap of the clusters\n(0 to 1)",
    "separation": "separation of the clusters\n(Ashman's D)",
    "steep_weight": "points in the steep cluster\n(percent)",
}
#: Which walks, by role and range.
_WALKS: Mapping[tuple[str, float], str] = {
    ("walk", 1.0): "[−1, 1] micro (steps to 0.02)",
    ("walk", 10.0): "[−10, 10] micro (steps to 0.2)",
    ("long_steps", 1.0): "[−1, 1], steps to 0.2",
}
_STYLES = {1: (BLUE, "o", -0.12), 2: (ORANGE, "s", 0.0), 3: (GREEN, "^", 0.12)}


@styled
def overlap(sources: Sources) -> Figure:
    """Draw what two fitted components say of the clusters, by width and depth.

    Parameters
    ----------
    sources : Sources
    """
    title = "MNIST: the steep and the shallow cluster, as two Gaussians fitted to each block"
    found = sources.having("measures.parquet", "walk", "mnist")
    table = None if found is None else mixtures(found.lookup)
    if found is None or table is None or table.empty:
        return absent(title)
    figure = titled(7.4, title, _detail(found.lookup), found.published)
    there = [key for key in _WALKS if len(_of(table, key))]
    grid = figure.subplots(len(MEASURES), len(there), squeeze=False, sharex=True, sharey="row")
    widths = sorted(set(table["width"]))
    for column, key in zip(grid.T, there, strict=True):
        own = _of(table, key)
        for axes, measure in zip(column, MEASURES, strict=True):
            _panel(axes, own[own["measure"] == measure], widths)
        column[0].set_title(_WALKS[key])
        column[-1].set_xlabel("units a layer")
    for axes, label in zip(grid[:, 0], MEASURES.values(), strict=True):
        axes.set_ylabel(label)
    depths = sorted(set(table["depth"]))
    legend(figure, [_handle(depth) for depth in depths])
    return figure


def _of(table: pd.DataFrame, key: tuple[str, float]) -> pd.DataFrame:
    role, bound = key
    return table[
        (table["role"] == role) & (table["bound"] == bound) & (table["granularity"] == "micro")
    ]


def _panel(axes: Axes, table: pd.DataFrame, widths: list[int]) -> None:
    for depth, part in table.groupby("depth"):
        colour, marker, shift = _STYLES[int(depth)]
        x = [widths.index(width) + shift for width in part["width"]]
        label = f"{depth}"
        axes.plot(x, part["mean"], color=colour, marker=marker, linewidth=0.9, label=label)
        axes.vlines(x, part["low"], part["high"], color=colour)
    axes.set_xticks(range(len(widths)), [str(width) for width in widths])
    axes.set_xlim(-0.4, len(widths) - 0.6)
    frame(axes)


def _handle(depth: int) -> Line2D:
    colour, marker, _ = _STYLES[depth]
    words = f"{depth} layer{'s' if depth > 1 else ''}"
    return Line2D([], [], color=colour, marker=marker, linewidth=0.9, label=words)


def _detail(lookup: Lookup) -> str:
    words = scope_words(lookup.rows("walk", "mnist"))
    return f"means over blocks of 25 walks; bars: 95 percent, of two blocks their range; {words}"
