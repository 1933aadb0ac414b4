"""Axes that figures of several studies share: bands, frames and logarithmic scales."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from escaping_minima.report.figures.bands import Band

#: Colour of what belongs to no method and no strategy.
GREY = "#5A5A5A"
#: Marks between two factors of ten, from few to many, and how many marks an axis is to have.
_STEPS = (
    *((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)),
    *(range(1, 10), np.arange(1.0, 10.0, 0.5)),
)
_FEWEST_MARKS = 4
#: Room above and below the curves, as a share of the height that they take.
_ROOM = 0.06


def draw_band(
    axes: Axes, band: Band, against: str, style: Mapping[str, Any], label: str, log: bool
) -> None:
    """Draw a mean with its band, from the first epoch on; see `fit_log` for scales.

    Parameters
    ----------
    axes : Axes
    band : Band
        One without epochs, as every run diverged, draws nothing.
    against : {"epoch", "updates"}
    style : Mapping
        Of the line; its ``color`` is the band's too.
    label : str
        Of the line.
    log : bool
        Whether the values will be shown on a logarithmic axis.
    """
    if not len(band.epoch):
        return
    trained = band.epoch > 0
    x = getattr(band, against)[trained]
    mean, low, high = (v[trained] for v in (band.mean, band.low, band.high))
    axes.plot(x, mean, **style, label=label, zorder=3)
    # on a logarithmic axis an end below 0 has no place
    floor = mean / 10 if log else low
    axes.fill_between(
        x, np.maximum(low, floor), high, color=style["color"], alpha=0.15, linewidth=0
    )


def tidy(axes: Axes, against: str) -> None:
    """Give a panel of curves the marks, the grid and the frame that all panels have."""
    if against == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def fit_log(panels: Sequence[Axes], labels: Collection[str]) -> None:
    """Give panels of one quantity one logarithmic scale, which fits the mean curves of all.

    Parameters
    ----------
    panels : sequence of Axes
        With their curves drawn. They stay as they are where a curve touches 0.
    labels : collection of str
        Those of the curves; other lines do not count.
    """
    curves = [x.get_ydata() for axes in panels for x in axes.lines if x.get_label() in labels]
    levels = np.concatenate([np.asarray(c, float) for c in curves]) if curves else np.array([])
    if not len(levels) or not levels.min() > 0:
        return
    room = max(1.05, (levels.max() / levels.min()) ** _ROOM)
    for axes in panels:
        axes.set_yscale("log")
        axes.set_ylim(levels.min() / room, levels.max() * room)
        label_log_axis(axes.yaxis)


def label_log_axis(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, and more than powers of ten where it is short.

    Parameters
    ----------
    axis : Axis
        With its limits set.
    """
    axis.set_major_locator(FixedLocator(_marks(*axis.get_view_interval())))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.10g}"))
    axis.set_minor_locator(NullLocator())


def _marks(low: float, high: float) -> list[float]:
    """Return round numbers for a logarithmic axis, a few between its ends."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in _STEPS:
        marks = [float(p * step) for p in powers for step in steps if low <= p * step <= high]
        if len(marks) >= _FEWEST_MARKS:
            return marks
    return [float(v) for v in MaxNLocator(_FEWEST_MARKS).tick_values(low, high)]
