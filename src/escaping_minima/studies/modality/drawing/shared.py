"""What the figures of the study share: titles, legends, panels by width and depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from escaping_minima.report.style import BLUE, ORANGE, SKY, VERMILION
from escaping_minima.studies.modality.lookup import Network, Setting, sizes

_LEGEND_COLUMNS = 4
GRID: Mapping[str, Any] = {"color": "#E4E4E4", "linewidth": 0.6}
#: Settings: blue near the origin, red far from it, dark for small steps.
SETTING_COLOURS: Mapping[Setting, str] = {
    Setting(1.0, "micro"): BLUE,
    Setting(1.0, "macro"): SKY,
    Setting(10.0, "micro"): VERMILION,
    Setting(10.0, "macro"): ORANGE,
}
SETTING_MARKERS: Mapping[Setting, str] = {
    Setting(1.0, "micro"): "o",
    Setting(1.0, "macro"): "s",
    Setting(10.0, "micro"): "^",
    Setting(10.0, "macro"): "D",
}


def legend(
    figure: Figure | SubFigure, handles: Sequence[Any], columns: int = _LEGEND_COLUMNS
) -> None:
    """Name what a figure shows, below it."""
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))


def setting_handles(settings: Sequence[Setting], **style: Any) -> list[Line2D]:
    """Return what a legend says of settings."""
    return [
        Line2D([], [], color=SETTING_COLOURS[s], label=s.words, **({"linewidth": 2.2} | style))
        for s in settings
    ]


def network_panels(
    figure: Figure | SubFigure, networks: Sequence[Network], **shared: Any
) -> Iterator[tuple[Network, Axes]]:
    """Yield a panel for each network: columns by width, rows by depth; others stay empty.

    Parameters
    ----------
    figure : Figure or SubFigure
    networks : sequence of Network
    **shared
        ``sharex`` and ``sharey`` of the panels.
    """
    widths, depths = sizes(networks)
    grid = figure.subplots(len(depths), len(widths), squeeze=False, **shared)
    for depth, row in zip(depths, grid, strict=True):
        for width, axes in zip(widths, row, strict=True):
            network = Network(width, depth)
            if network in networks:
                axes.set_title(network.words)
                yield network, axes
            else:
                axes.set_visible(False)


def label_rows(figure: Figure | SubFigure, y: str) -> None:
    """Name the vertical axis of a grid of panels once, at its edge."""
    figure.supylabel(y, fontsize=9.5)


def frame(axes: Axes, grid: str = "y") -> None:
    """Give a panel the grid and the frame that all panels have."""
    axes.grid(axis=grid, **GRID)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
