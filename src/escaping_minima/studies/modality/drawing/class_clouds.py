"""Figures 2 and 3 of the paper: loss-gradient clouds of XOR by curvature class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.modality.clouds import window_of
from escaping_minima.studies.modality.drawing.classes import class_handles
from escaping_minima.studies.modality.drawing.panels import (
    AXES_WORDS,
    FLOOR,
    draw_classes,
    mark_levels,
)
from escaping_minima.studies.modality.drawing.shared import label_rows, legend
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.lookup import Lookup, Network, Setting
from escaping_minima.studies.modality.scope import scope_words

_NAME = "class_clouds.parquet"
#: Letters of the panels of the paper: Figure 2 by (width, depth), Figure 3 likewise.
FIGURE_2 = {(2, 1): "a", (2, 2): "b", (4, 1): "c", (4, 2): "d", (20, 1): "e", (20, 2): "f"}
FIGURE_3 = {(2, 1): "a", (4, 1): "b", (2, 2): "c", (4, 2): "d", (2, 3): "e", (4, 3): "f"}


@styled
def figure_2(sources: Sources) -> Figure:
    """Draw the clouds of one and two layers by width, in all settings (Figure 2 of the paper).

    The paper does not say which setting it draws.

    Parameters
    ----------
    sources : Sources
    """
    title = "XOR: loss and gradient norm by width, points by curvature class (main reading)"
    return _draw(sources, title, FIGURE_2, lambda setting: True)


@styled
def figure_3(sources: Sources) -> Figure:
    """Draw the clouds of macro walks by depth, from both ranges (Figure 3 of the paper).

    The paper does not say which range it draws.

    Parameters
    ----------
    sources : Sources
    """
    title = "XOR, macro walks: loss and gradient norm by depth, points by curvature class"
    return _draw(sources, title, FIGURE_3, lambda setting: setting.granularity == "macro")


def _draw(
    sources: Sources,
    title: str,
    letters: dict[tuple[int, int], str],
    wanted: Callable[[Setting], bool],
) -> Figure:
    found = sources.having(_NAME, "curvature", "xor")
    if found is None:
        return absent(title)
    lookup = found.lookup
    there = lookup.networks("curvature", "xor")
    networks = [Network(*size) for size in letters if size in there]
    settings = [s for s in lookup.settings("curvature", "xor") if wanted(s)]
    detail = f"{AXES_WORDS}; {scope_words(lookup.rows('curvature', 'xor'))}"
    figure = titled(0.9 + 2.0 * len(networks), title, detail, found.published)
    grid = figure.subplots(len(networks), len(settings), squeeze=False, sharex="col", sharey="col")
    for column, setting in zip(grid.T, settings, strict=True):
        clouds = _clouds(lookup, networks, setting)
        window = window_of(pd.concat(clouds), FLOOR)
        for axes, network, cloud in zip(column, networks, clouds, strict=True):
            draw_classes(axes, cloud, window)
            mark_levels(axes)
            axes.set_title(f"({letters[network]}) {network.words}", fontsize=8.5)
        column[0].set_title(f"{setting.words}\n{column[0].get_title()}", fontsize=8.5)
    for axes in grid[-1]:
        axes.set_xlabel("loss (log scale)")
    label_rows(figure, "gradient norm (log scale)")
    dashes = (0, (2, 2))
    marked = Line2D([], [], color=GREY, linewidth=0.6, linestyle=dashes, label="ln2/2, 0.477, ln2")
    legend(figure, [*class_handles(), marked], 5)
    return figure


def _clouds(lookup: Lookup, networks: Sequence[Network], setting: Setting) -> list[pd.DataFrame]:
    cells = (lookup.cell("curvature", "xor", network, setting) for network in networks)
    return [lookup.of(_NAME, cell) for cell in cells]
