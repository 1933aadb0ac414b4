"""What several figures of the study share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator

from escaping_minima.report.tables.words import span_words
from escaping_minima.studies.stationary_distributions.names import METHOD_NAMES
from escaping_minima.studies.stationary_distributions.outcome_style import (
    OUTCOME_COLOURS,
    OUTCOME_MARKERS,
    OUTCOME_WORDS,
)
from escaping_minima.studies.stationary_distributions.plan import METHODS, RADII

#: Parts of the paper's Else, in the order of every figure.
ELSE = ("saddle", "maximum", "halo", "diverged")
#: Methods that have a radius.
SWEPT = tuple(m for m in METHODS if RADII[m] is not None)


def describe_runs(cells: pd.DataFrame, roles: Iterable[str] = ("main",)) -> str:
    """Say on how many starts and steps some cells rest.

    Parameters
    ----------
    cells : DataFrame
        The collected ``cells.csv``.
    roles : iterable of str
        Which cells count.
    """
    chosen = cells[cells["role"].isin(list(roles))]
    starts, steps = span_words(chosen["starts"]), span_words(chosen["steps"])
    return f"{starts} starts a function and method, {steps} steps"


def legend(figure: Figure, handles: Sequence[Line2D | Patch], columns: int = 6) -> None:
    """Name what a figure shows, below it, in at most so many columns."""
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))


def mesh(surfaces: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, y and log10(1 + f - lowest f) of a function, each a square array.

    Parameters
    ----------
    surfaces : DataFrame
        ``surfaces.parquet``: function, x, y, value.
    name : str
        The function.
    """
    part = surfaces[surfaces["function"] == name].sort_values(["y", "x"])
    side = round(len(part) ** 0.5)
    x, y, value = (part[c].to_numpy(float).reshape(side, side) for c in ("x", "y", "value"))
    return x, y, np.log10(1 + value - value.min())


def draw_contours(axes: Axes, surfaces: pd.DataFrame, name: str) -> None:
    """Draw the contours of a function, in the box of its starts; see `mesh`."""
    x, y, height = mesh(surfaces, name)
    levels = np.linspace(0, height.max(), 13)
    axes.contour(x, y, height, levels=levels[1:], colors="#B8B8B8", linewidths=0.6, zorder=1)
    axes.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    axes.xaxis.set_major_locator(MultipleLocator(2))
    axes.yaxis.set_major_locator(MultipleLocator(2 if y.max() > 3 else 1))


def group_of(label: str) -> str:
    """Return the group of a stationary point: ``saddle`` for S3."""
    kinds = {"GM": "GM", "LM": "LM", "MAX": "maximum", "S": "saddle"}
    return kinds.get(label.rstrip("0123456789"), label)


def marker_of(group: str, size: float) -> dict[str, Any]:
    """Return how a point of a group is drawn, ``size`` points wide."""
    return {
        "marker": OUTCOME_MARKERS[group],
        "color": OUTCOME_COLOURS[group],
        "markersize": size,
        "markeredgecolor": "black" if group in ("GM", "LM") else "white",
        "markeredgewidth": 0.6,
        "linestyle": "none",
        "zorder": 3,
    }


def marker_handle(group: str) -> Line2D:
    """Return what a legend says of the points of a group."""
    size = {"GM": 10, "halo": 8}.get(group, 7)
    return Line2D([], [], **marker_of(group, size), label=OUTCOME_WORDS[group])


def name_methods(axes: Axes) -> None:
    """Give each method of Table 1 its row, the first at the top."""
    axes.set_yticks(range(len(METHODS)), [METHOD_NAMES[m] for m in METHODS])
    axes.set_ylim(len(METHODS) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)


def mark_radii(axes: Axes, radii: pd.Series, points: pd.Series) -> None:
    """Put ticks where the runs are, at every second point of the whole grid."""
    chosen = sorted(radii[points % 2 == 0])
    axes.set_xticks(chosen, [f"{float(f'{r:.2g}'):g}" for r in chosen])
    axes.minorticks_off()
