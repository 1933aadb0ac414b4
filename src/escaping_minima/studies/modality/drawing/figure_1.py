"""Figure 1 of the paper: curvature classes of the sampled points, XOR."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.modality.curvature_shares import (
    ALL_CHANGED,
    MAIN,
    READINGS,
    Reading,
    counts_of,
    pooled_shares,
)
from escaping_minima.studies.modality.drawing.classes import class_handles, draw_bars
from escaping_minima.studies.modality.drawing.shared import (
    frame,
    label_rows,
    legend,
    network_panels,
)
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.lookup import Lookup, Network
from escaping_minima.studies.modality.scope import scope_words

#: Width of a bar, how far its middle is from that of its pair, and the hatch of the second one.
_WIDTH, _SHIFT, _HATCH = 0.38, 0.2, "////"
#: Width of a bar where all readings stand side by side.
_NARROW = 0.2


@styled
def figure_1(sources: Sources) -> Figure:
    """Draw the shares of the classes, a bar a setting (Figure 1 of the paper).

    Beside each bar of the main reading stands one with all three choices changed.

    Parameters
    ----------
    sources : Sources
    """
    title = "XOR: curvature of the sampled points"
    found = sources.having("curvature.parquet", "curvature", "xor")
    if found is None:
        return absent(title)
    lookup = found.lookup
    figure = titled(7.6, title, _detail(lookup), found.published)
    for network, axes in network_panels(figure, lookup.networks("curvature", "xor"), sharey=True):
        _draw_pairs(axes, lookup, network)
    label_rows(figure, "share of the points (percent)")
    pair = [
        Patch(facecolor="#8C8C8C", label="one Hessian a tensor, zero exactly, float32"),
        Patch(
            facecolor="#8C8C8C",
            edgecolor="white",
            hatch=_HATCH,
            label="whole Hessian, zero to 1e-6, float64",
        ),
    ]
    legend(figure, [*class_handles(), *pair])
    return figure


@styled
def zero_rules(sources: Sources) -> Figure:
    """Draw the shares of the classes under every reading, a bar a setting.

    Parameters
    ----------
    sources : Sources
    """
    title = "XOR: what the Hessian, the zero rule and the precision do to the classes"
    found = sources.having("curvature.parquet", "curvature", "xor")
    if found is None:
        return absent(title)
    lookup = found.lookup
    settings = lookup.settings("curvature", "xor")
    order = f"bars of a group: {', '.join(s.words for s in settings)}"
    figure = titled(8.0, title, f"{order}; {_detail(lookup)}", found.published)
    for network, axes in network_panels(figure, lookup.networks("curvature", "xor"), sharey=True):
        _draw_groups(axes, lookup, network)
    label_rows(figure, "share of the points (percent)")
    legend(figure, class_handles())
    return figure


def _draw_pairs(axes: Axes, lookup: Lookup, network: Network) -> None:
    settings = lookup.settings("curvature", "xor")
    for reading, side, hatch in ((MAIN, -1, None), (ALL_CHANGED, 1, _HATCH)):
        places = [place + side * _SHIFT for place in range(len(settings))]
        draw_bars(axes, places, _shares(lookup, network, reading), _WIDTH, hatch)
    axes.set_xticks(range(len(settings)), [s.words.replace("] ", "]\n") for s in settings])
    _finish(axes, len(settings))


def _draw_groups(axes: Axes, lookup: Lookup, network: Network) -> None:
    settings = len(lookup.settings("curvature", "xor"))
    places = [
        group + (place - (settings - 1) / 2) * _NARROW
        for group in range(len(READINGS))
        for place in range(settings)
    ]
    shares = [one for reading in READINGS for one in _shares(lookup, network, reading)]
    draw_bars(axes, places, shares, 0.9 * _NARROW)
    axes.set_xticks(range(len(READINGS)), [w.replace(" ", "\n") for w in READINGS.values()])
    _finish(axes, len(READINGS))


def _shares(lookup: Lookup, network: Network, reading: Reading) -> list[NDArray[np.float64]]:
    """Return the shares of the classes in each setting."""
    cells = (
        lookup.cell("curvature", "xor", network, setting)
        for setting in lookup.settings("curvature", "xor")
    )
    return [pooled_shares(counts_of(lookup, cell, reading)) for cell in cells]


def _finish(axes: Axes, groups: int) -> None:
    axes.set(xlim=(-0.6, groups - 0.4), ylim=(0, 100))
    axes.tick_params(axis="x", length=0, labelsize=7.5)
    frame(axes)


def _detail(lookup: Lookup) -> str:
    rows = lookup.rows("curvature", "xor")
    return f"points of all blocks together; {scope_words(rows)}"
