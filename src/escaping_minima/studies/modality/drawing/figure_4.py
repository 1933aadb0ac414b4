"""Figure 4 of the paper: accuracies of MNIST at the last step of the walks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import BLUE, VERMILION, styled
from escaping_minima.studies.modality.accuracies import accuracies
from escaping_minima.studies.modality.drawing.shared import (
    frame,
    label_rows,
    legend,
    network_panels,
)
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.lookup import Setting
from escaping_minima.studies.modality.scope import scope_words

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "C_t": {"color": BLUE, "marker": "o", "label": "training accuracy"},
    "C_g": {"color": VERMILION, "marker": "s", "label": "generalisation accuracy"},
}
_SHIFTS = {"C_t": -0.13, "C_g": 0.13}


@styled
def figure_4(sources: Sources) -> Figure:
    """Draw the mean accuracies at the last step, with intervals (Figure 4 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    title = "MNIST: mean accuracy at the last step of the walks"
    found = sources.having("last_walks.parquet", "walk", "mnist")
    if found is None:
        return absent(title)
    lookup = found.lookup
    words = scope_words(lookup.rows("walk", "mnist"))
    detail = f"bars: 95 percent, a bootstrap over blocks of walks; {words}"
    figure = titled(7.2, title, detail, found.published)
    table = accuracies(lookup)
    settings = lookup.settings("walk", "mnist")
    for network, axes in network_panels(figure, lookup.networks("walk", "mnist"), sharey=True):
        own = (table["width"] == network.width) & (table["depth"] == network.depth)
        _panel(axes, table[own], settings)
    label_rows(figure, "accuracy (percent)")
    legend(figure, [Line2D([], [], linestyle="none", **style) for style in _STYLES.values()])
    return figure


def _panel(axes: Axes, table: pd.DataFrame, settings: list[Setting]) -> None:
    for measure, style in _STYLES.items():
        part = table[table["measure"] == measure].set_index(["bound", "granularity"])
        part = part.reindex(settings)
        x = [place + _SHIFTS[measure] for place in range(len(settings))]
        axes.plot(x, part["mean"], linestyle="none", **({**style, "label": measure}))
        axes.vlines(x, part["low"], part["high"], color=style["color"])
    axes.set_xticks(range(len(settings)), [s.words.replace("] ", "]\n") for s in settings])
    axes.set(xlim=(-0.5, len(settings) - 0.5), ylim=(0, 100))
    axes.tick_params(axis="x", length=0, labelsize=7.5)
    frame(axes)
