"""Saturated units and idle weights at singular points and at others, XOR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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
from escaping_minima.studies.modality.drawing.sources import Sources
from escaping_minima.studies.modality.lookup import Lookup, Network
from escaping_minima.studies.modality.scope import scope_words

#: Columns of ``saturation.parquet``, in words.
SHARES: Mapping[str, str] = {
    "output_saturated": "output",
    "hidden_saturated_1": "layer 1",
    "hidden_saturated_2": "layer 2",
    "hidden_saturated_3": "layer 3",
    "idle_weights": "idle\nweights",
}
#: Groups of points: the fill of their marks, and which way they are shifted.
_GROUPS: Mapping[str, tuple[Literal["full", "none"], float]] = {
    "singular": ("full", -0.06),
    "other": ("none", 0.06),
}
_SPREAD = 0.2


@styled
def saturation(sources: Sources) -> Figure:
    """Draw shares of saturated units and idle weights, singular points against others.

    Parameters
    ----------
    sources : Sources
    """
    title = "XOR: saturated units and idle weights, at singular points and at others"
    name = "saturation.parquet"
    found = sources.having(name, "curvature", "xor")
    if found is None:
        return absent(title)
    lookup = found.lookup
    words = scope_words(lookup.rows("curvature", "xor"))
    detail = f"means over blocks; singular by the main reading; {words}"
    figure = titled(7.4, title, detail, found.published)
    networks = lookup.networks("curvature", "xor")
    for network, axes in network_panels(figure, networks, sharex=True, sharey=True):
        _panel(axes, lookup, network, name)
    label_rows(figure, "share of units, or of weights (percent)")
    groups = [
        Line2D([], [], color=GREY, marker="o", fillstyle=fill, linestyle="none", label=label)
        for label, (fill, _) in _GROUPS.items()
    ]
    settings = setting_handles(lookup.settings("curvature", "xor"))
    legend(figure, [*settings, *groups], 6)
    return figure


def _panel(axes: Axes, lookup: Lookup, network: Network, name: str) -> None:
    settings = lookup.settings("curvature", "xor")
    for place, setting in enumerate(settings):
        rows = lookup.of(name, lookup.cell("curvature", "xor", network, setting))
        for group, (fill, shift) in _GROUPS.items():
            mean = 100.0 * rows.loc[rows["group"] == group, list(SHARES)].mean()
            left = (place - (len(settings) - 1) / 2) * _SPREAD + shift
            x = [left + column for column in range(len(SHARES))]
            look: dict[str, Any] = {
                "color": SETTING_COLOURS[setting],
                "marker": "o",
                "markersize": 3.8,
            }
            label = f"{group} {setting.words}"
            axes.plot(x, mean, linestyle="none", fillstyle=fill, **look, label=label)
    axes.set_xticks(range(len(SHARES)), list(SHARES.values()))
    axes.set(xlim=(-0.6, len(SHARES) - 0.4), ylim=(-3, 103))
    axes.tick_params(axis="x", length=0, labelsize=7.5)
    frame(axes)
