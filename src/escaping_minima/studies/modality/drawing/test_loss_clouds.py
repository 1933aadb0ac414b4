"""Figures 5 and 6 of the paper: loss-gradient clouds of MNIST by generalisation error."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.modality.bins import LOG_PARTS
from escaping_minima.studies.modality.clouds import window_of
from escaping_minima.studies.modality.drawing.panels import AXES_WORDS, FLOOR, draw_test_loss
from escaping_minima.studies.modality.drawing.shared import label_rows, network_panels
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.lookup import Network, Setting
from escaping_minima.studies.modality.scope import scope_words

_NAME = "clouds.parquet"
#: Colours that stay apart for colour-blind readers, without their palest end.
_COLOURS = colors.LinearSegmentedColormap.from_list(
    "plasma_without_its_end", mpl.colormaps["plasma"](np.linspace(0, 0.88, 256))
)
#: Shares of the points whose mean test loss lies beyond the ends of the colours.
_TAILS = (0.01, 0.99)
#: Test losses that the bar of colours may mark.
_MARKS = [float(f"{step}e{power}") for power in range(-9, 10) for step in (1, 3)]


@styled
def figure_5(sources: Sources) -> Figure:
    """Draw the clouds of micro walks from [-1, 1] (Figure 5 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    return _draw(sources, Setting(1.0, "micro"))


@styled
def figure_6(sources: Sources) -> Figure:
    """Draw the clouds of micro walks from [-10, 10] (Figure 6 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    return _draw(sources, Setting(10.0, "micro"))


def _draw(sources: Sources, setting: Setting) -> Figure:
    title = f"MNIST, {setting.words}: loss and gradient norm, points by generalisation error"
    found = sources.having(_NAME, "walk", "mnist")
    if found is None:
        return absent(title)
    lookup = found.lookup
    clouds = {
        network: lookup.of(_NAME, cell)
        for network in lookup.networks("walk", "mnist")
        if (cell := lookup.cell("walk", "mnist", network, setting)) is not None
    }
    window = window_of(pd.concat(clouds.values()), FLOOR)
    norm = _norm(clouds)
    detail = f"{AXES_WORDS}; {scope_words(lookup.rows('walk', 'mnist'))}"
    figure = titled(8.0, title, detail, found.published)
    panels = []
    for network, axes in network_panels(figure, list(clouds), sharex=True, sharey=True):
        draw_test_loss(axes, clouds[network], window, norm, _COLOURS)
        axes.set_xlabel("loss (mean cross-entropy, log scale)")
        axes.label_outer()
        panels.append(axes)
    label_rows(figure, "gradient norm (log scale)")
    bar = figure.colorbar(ScalarMappable(norm, _COLOURS), ax=panels, shrink=0.5, extend="both")
    marks = [m for m in _MARKS if norm.vmin <= np.log10(m) <= norm.vmax]
    bar.set_ticks([float(np.log10(m)) for m in marks], labels=[f"{m:,g}" for m in marks])
    bar.set_label("test loss (mean cross-entropy, geometric mean of a bin, log scale)")
    return figure


def _norm(clouds: Mapping[Network, pd.DataFrame]) -> colors.Normalize:
    """Return colours from the first to the last percentile of the points' test losses."""
    table = pd.concat(clouds.values())
    mean = (table["test_log"] / (LOG_PARTS * table["count"])).to_numpy(float)
    order = np.argsort(mean)
    share = np.cumsum(table["count"].to_numpy(float)[order])
    low, high = np.interp(_TAILS, share / share[-1], mean[order])
    return colors.Normalize(low, max(high, low + 1e-6))
