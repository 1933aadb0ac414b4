"""How curvature classes are drawn, and stacked bars of their shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

from escaping_minima.report.style import BLUE, GREEN, ORANGE, PINK
from escaping_minima.studies.modality.curvature_counts import CLASSES

CLASS_COLOURS: Mapping[str, str] = {
    "convex": GREEN,
    "concave": PINK,
    "saddle": ORANGE,
    "singular": BLUE,
}
#: Classes from the bottom of a bar to its top.
_ORDER = ("convex", "saddle", "singular", "concave")


def class_handles(names: Sequence[str] = CLASSES) -> list[Patch]:
    """Return what a legend says of classes."""
    return [Patch(color=CLASS_COLOURS[name], label=name) for name in names]


def draw_bars(
    axes: Axes,
    places: Sequence[float],
    shares: Sequence[NDArray[np.float64]],
    width: float,
    hatch: str | None = None,
) -> None:
    """Draw the shares of the classes on top of one another.

    Parameters
    ----------
    axes : Axes
    places : sequence of float
        The middles of the bars.
    shares : sequence of ndarray, shape (4,)
        In percent, in the order of CLASSES; where there are no points NaN, and no bar is drawn.
    width : float
    hatch : str, optional
        As matplotlib names it.
    """
    heights = np.nan_to_num(np.reshape(shares, (-1, len(CLASSES))))
    bottom = np.zeros(len(heights))
    for name in _ORDER:
        height = heights[:, CLASSES.index(name)]
        look: dict[str, Any] = {"color": CLASS_COLOURS[name], "hatch": hatch, "edgecolor": "white"}
        if height.any():
            axes.bar(places, height, width, bottom, **look, linewidth=0, label=name)
        bottom += height
