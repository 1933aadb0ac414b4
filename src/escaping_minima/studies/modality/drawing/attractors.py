"""Where walks find points of low gradient on XOR, and how many attractors that makes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.modality.attractor_tables import attractor_sensitivity
from escaping_minima.studies.modality.attractors import BINS, THRESHOLDS, Rule
from escaping_minima.studies.modality.curvature_counts import LEVELS
from escaping_minima.studies.modality.drawing.shared import (
    SETTING_COLOURS,
    frame,
    label_rows,
    legend,
    network_panels,
    setting_handles,
)
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.lookup import Lookup, Network, sizes
from escaping_minima.studies.modality.scope import scope_words

#: Bins of the loss that are drawn as one, and the largest loss drawn by itself.
_JOINED, _LARGEST = 10, 1.0
#: Where the axis of counts begins, which has no 0.
_LEAST = 0.5
#: Counts above this have one colour.
_MOST = 5


@styled
def attractors(sources: Sources) -> Figure:
    """Draw losses of the points of low gradient, and attractor counts by threshold.

    Parameters
    ----------
    sources : Sources
    """
    title = "XOR: points of low gradient, and attractors"
    found = sources.having("low.parquet", "walk", "xor")
    if found is None:
        return absent(title)
    lookup = found.lookup
    networks = lookup.networks("walk", "xor")
    heights = (0.8 + 2.3 * len(sizes(networks)[1]), 0.9 + 0.5 * len(networks))
    words = scope_words(lookup.rows("walk", "xor"))
    figure = titled(sum(heights) + 0.4, title, words, found.published)
    parts = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
    _histograms(parts[0], lookup)
    _counts(parts[1], lookup)
    return figure


def _histograms(figure: SubFigure, lookup: Lookup) -> None:
    rule = Rule()
    figure.suptitle(
        f"points with a gradient norm below {rule.threshold:g}, by loss in steps of "
        f"{_JOINED / BINS:g}; dashes: 0, ln2/2, 0.477, ln2; larger losses stand in the last step",
        fontsize=9.5,
    )
    networks = lookup.networks("walk", "xor")
    for network, axes in network_panels(figure, networks, sharex=True, sharey=True):
        _draw_histogram(axes, lookup, network)
    # panels share the axis: fitted once all have their curves
    axes.set_ylim(bottom=_LEAST)
    label_rows(figure, "points (log scale)")
    settings = lookup.settings("walk", "xor")
    legend(figure, setting_handles(settings))


def _draw_histogram(axes: Axes, lookup: Lookup, network: Network) -> None:
    edges = np.arange(0, _LARGEST + 2 * _JOINED / BINS - 1e-9, _JOINED / BINS)
    for setting in lookup.settings("walk", "xor"):
        low = lookup.of("low.parquet", lookup.cell("walk", "xor", network, setting))
        counts = loss_counts(low, len(edges) - 1)
        colour = SETTING_COLOURS[setting]
        axes.stairs(
            counts, edges, color=colour, linewidth=1.1, baseline=_LEAST, label=setting.words
        )
    for level in LEVELS.values():
        axes.axvline(level, color=GREY, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
    axes.set(yscale="log", xlim=(-0.02, edges[-1] + 0.01))
    axes.set_xlabel("loss (mean cross-entropy)")
    axes.label_outer()
    frame(axes)


def loss_counts(low: pd.DataFrame, steps: int) -> NDArray[np.float64]:
    """Return the points of low gradient by loss, the largest losses in the last step.

    Parameters
    ----------
    low : DataFrame
        Of ``low.parquet``.
    steps : int
    """
    rows = low[low["threshold"] == THRESHOLDS.index(Rule().threshold)]
    places = np.minimum(rows["loss_bin"].to_numpy(int) // _JOINED, steps - 1)
    return np.bincount(places, rows["points"], steps).astype(np.float64)


def _counts(figure: SubFigure, lookup: Lookup) -> None:
    rule = Rule()
    figure.suptitle(
        f"attractors (mean over samples of ten blocks): losses at most {rule.gap:g} apart belong "
        f"together, {rule.points} points and {rule.walks} walks are needed",
        fontsize=9.5,
    )
    table = attractor_sensitivity(lookup, (rule.gap,), ((rule.points, rule.walks),))
    networks, settings = lookup.networks("walk", "xor"), lookup.settings("walk", "xor")
    grid = figure.subplots(1, len(settings), squeeze=False, sharey=True)
    for axes, setting in zip(grid[0], settings, strict=True):
        own = table["bound"] == setting.bound
        own &= table["granularity"] == setting.granularity
        wide = table[own].pivot(index=["width", "depth"], columns="threshold", values="total")
        _heat(axes, wide.reindex(index=networks).to_numpy(float))
        axes.set_xticks(range(len(THRESHOLDS)), [f"{t:g}" for t in THRESHOLDS])
        axes.set_yticks(range(len(networks)), [network.words for network in networks])
        axes.set(title=setting.words, xlabel="gradient norm below")


def _heat(axes: Axes, values: NDArray[np.float64]) -> None:
    palette = colors.LinearSegmentedColormap.from_list("counts", ["#F4F8FB", "#0072B2"])
    axes.imshow(values, cmap=palette, vmin=0, vmax=_MOST, aspect="auto", interpolation="none")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = value > 0.6 * _MOST
            axes.text(
                *(column, row, f"{value:.3g}"),
                ha="center",
                va="center",
                color="white" if dark else "black",
                fontsize=8,
            )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
