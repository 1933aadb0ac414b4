"""Mean loss by step: gradient walks against random walks of the same step lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.modality.drawing.shared import (
    SETTING_COLOURS,
    frame,
    label_rows,
    legend,
    network_panels,
    setting_handles,
)
from escaping_minima.studies.modality.drawing.sources import Found, Sources
from escaping_minima.studies.modality.lookup import Network
from escaping_minima.studies.modality.names import DATA_NAMES
from escaping_minima.studies.modality.scope import scope_words

_LINES: Mapping[str, Any] = {"walk": "-", "random": (0, (3, 1.5))}
_WORDS = {"walk": "gradient walk", "random": "random walk, as long steps"}
_NAME = "courses.parquet"


@styled
def courses(sources: Sources) -> Figure:
    """Draw the mean loss by step of both kinds of walks, XOR above MNIST.

    Parameters
    ----------
    sources : Sources
    """
    title = "Mean loss by step of gradient walks and of random walks"
    found = {data: sources.having(_NAME, "walk", data) for data in DATA_NAMES}
    there = {data: one for data, one in found.items() if one is not None}
    if not there:
        return absent(title)
    figure = titled(0.8 + 6.2 * len(there), title, "means over all walks of all blocks")
    parts = figure.subfigures(len(there), 1, squeeze=False)[:, 0]
    for part, (data, one) in zip(parts, there.items(), strict=True):
        _draw(part, data, one)
    settings = next(iter(there.values())).lookup.settings("walk", next(iter(there)))
    lines = [
        Line2D([], [], color=GREY, linestyle=style, label=_WORDS[role])
        for role, style in _LINES.items()
    ]
    legend(parts[-1], [*setting_handles(settings), *lines], 3)
    return figure


def _draw(figure: SubFigure, data: str, found: Found) -> None:
    lookup = found.lookup
    words = f"{DATA_NAMES[data]}: {scope_words(lookup.rows('walk', data))}"
    published = "NOT THIS RUN but the published one: " if found.published else ""
    figure.suptitle(published + words, fontsize=9.5)
    networks = lookup.networks("walk", data)
    for network, axes in network_panels(figure, networks, sharex=True, sharey=True):
        _panel(axes, data, network, found)
    label_rows(figure, "mean loss (mean cross-entropy, log scale)")


def _panel(axes: Axes, data: str, network: Network, found: Found) -> None:
    for role, style in _LINES.items():
        for setting in found.lookup.settings(role, data):
            rows = found.lookup.of(_NAME, found.lookup.cell(role, data, network, setting))
            mean = rows.groupby("step")["loss"].mean()
            if len(mean):
                share = 100 * mean.index / mean.index.max()
                colour = SETTING_COLOURS[setting]
                label = f"{role} {setting.words}"
                axes.plot(share, mean, color=colour, linestyle=style, linewidth=1.2, label=label)
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("share of the walk (percent)")
    axes.label_outer()
    frame(axes)
