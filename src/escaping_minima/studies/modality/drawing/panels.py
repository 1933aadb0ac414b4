"""Panels of clouds: counts as shades, on axes that are logarithmic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from escaping_minima.report.figures.axes import GREY
from escaping_minima.studies.modality.bins import LOG_PARTS
from escaping_minima.studies.modality.clouds import Window, fill, strength
from escaping_minima.studies.modality.curvature_counts import CLASSES, LEVELS
from escaping_minima.studies.modality.drawing.classes import CLASS_COLOURS

#: What is smaller than ten to this power stands in the first bins.
FLOOR = -4
#: What is said of the axes below a title.
AXES_WORDS = "darker: more points, by the logarithm of their number in a bin of a tenth of a decade"

_Values = NDArray[np.float64]


def draw_classes(axes: Axes, cloud: pd.DataFrame, window: Window) -> None:
    """Draw a cloud in the colours of the most frequent class of each bin.

    Parameters
    ----------
    axes : Axes
    cloud : DataFrame
        Of ``class_clouds.parquet``.
    window : Window
    """
    counts = np.array(
        [fill(cloud[cloud["class"] == number], "count", window) for number in range(len(CLASSES))]
    )
    palette = np.array([colors.to_rgb(CLASS_COLOURS[name]) for name in CLASSES])
    _show(axes, palette[counts.argmax(axis=0)], counts.sum(axis=0), window)


def draw_test_loss(
    axes: Axes, cloud: pd.DataFrame, window: Window, norm: colors.Normalize, cmap: colors.Colormap
) -> None:
    """Draw a cloud in the colours of the mean log10 test loss of the points of each bin.

    Parameters
    ----------
    axes : Axes
    cloud : DataFrame
        Of ``clouds.parquet``.
    window : Window
    norm : Normalize
        From log10 test losses to the ends of the colours.
    cmap : Colormap
    """
    counts = fill(cloud, "count", window)
    mean = fill(cloud, "test_log", window) / (LOG_PARTS * np.maximum(counts, 1))
    _show(axes, cmap(norm(mean))[..., :3], counts, window)


def _show(axes: Axes, colour: _Values, counts: _Values, window: Window) -> None:
    shade = strength(counts)[..., None]
    picture = 1 - shade * (1 - colour)
    # one pixel a bin: small in the file, sharp at any size
    axes.imshow(
        picture, origin="lower", extent=window.extent, aspect="auto", interpolation="none", zorder=1
    )
    for axis, low in ((axes.xaxis, window.loss_low), (axes.yaxis, window.gradient_low)):
        axis.set_major_locator(MaxNLocator(5, integer=True))
        axis.set_major_formatter(FuncFormatter(_power(low)))
    axes.spines[["top", "right"]].set_visible(False)


def mark_levels(axes: Axes) -> None:
    """Draw the levels of XOR above 0 on a logarithmic axis of the loss."""
    for level in filter(None, LEVELS.values()):
        axes.axvline(np.log10(level), color=GREY, linewidth=0.6, linestyle=(0, (2, 2)), zorder=2)


def _power(low: int) -> Callable[[float, int], str]:
    def said(value: float, _: int) -> str:
        words = f"$10^{{{value:g}}}$"
        return f"≤{words}" if value == low and low == FLOOR else words

    return said
