"""Figure 1 of the paper: curvature classes of the sampled points, XOR."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from escaping_minima.report.style import styled
from escaping_minima.studies.modality.curvature_shares import (
    ALL_CHANGED,
    MAIN,
    READINGS,
    counts_of,
    pooled_shares,
)
from escaping_minima.studies.modality.drawing.classes import class_handles, draw_bar
from escaping_minima.studies.modality.drawing.shared import (
    absent,
    frame,
    legend,
    network_panels,
    outer_labels,
    titled,
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
    outer_labels(figure, "", "share of the points (percent)")
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
    outer_labels(figure, "", "share of the points (percent)")
    legend(figure, class_handles())
    return figure


def _draw_pairs(axes: Axes, lookup: Lookup, network: Network) -> None:
    settings = lookup.settings("curvature", "xor")
    for place, setting in enumerate(settings):
        cell = lookup.cell("curvature", "xor", network, setting)
        if cell is not None:
            for reading, side, hatch in ((MAIN, -1, None), (ALL_CHANGED, 1, _HATCH)):
                shares = pooled_shares(counts_of(lookup, cell, reading))
                draw_bar(axes, place + side * _SHIFT, shares, _WIDTH, hatch)
    axes.set_xticks(range(len(settings)), [s.words.replace("] ", "]\n") for s in settings])
    _finish(axes, len(settings))


def _draw_groups(axes: Axes, lookup: Lookup, network: Network) -> None:
    settings = lookup.settings("curvature", "xor")
    for group, reading in enumerate(READINGS):
        for place, setting in enumerate(settings):
            cell = lookup.cell("curvature", "xor", network, setting)
            if cell is not None:
                x = group + (place - (len(settings) - 1) / 2) * _NARROW
                shares = pooled_shares(counts_of(lookup, cell, reading))
                draw_bar(axes, x, shares, 0.9 * _NARROW)
    axes.set_xticks(range(len(READINGS)), [w.replace(" ", "\n") for w in READINGS.values()])
    _finish(axes, len(READINGS))


def _finish(axes: Axes, groups: int) -> None:
    axes.set(xlim=(-0.6, groups - 0.4), ylim=(0, 100))
    axes.tick_params(axis="x", length=0, labelsize=7.5)
    frame(axes)


def _detail(lookup: Lookup) -> str:
    rows = lookup.rows("walk", "xor")
    return f"points of all blocks together; {scope_words(rows)}"
