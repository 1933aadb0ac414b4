"""Loss against gradient norm along paths: who stands still above the global minimum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from escaping_minima.parts.registry import make_problem
from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.contestants import CONTESTANTS, SMALL_GRADIENT
from escaping_minima.studies.escape.drawing.shared import describe_runs, frame, legend, look
from escaping_minima.studies.escape.terrain import TERRAIN

#: The problem that is drawn: every contestant is another method there, as it has items; its global
#: minimum has the loss 0, and it has one poor minimum.
DRAWN = "scattered"
#: Ends of the axes; what lies beyond one stands at it, as does what is no number any more.
LOSSES, GRADIENTS = (1e-4, 1e0), (1e-6, 1e1)
#: A loss is high from this share of the height above the global minimum on.
HIGH = 0.01
_COLUMNS = 6
_BEHIND, _STUCK = "#DADADA", "#FBDDCF"
#: Bins of a decade in which the points of all methods together are drawn.
_BINS = 10
_POINTS: Mapping[str, Any] = {"linestyle": "none", "markersize": 3.5, "alpha": 0.6, "zorder": 3}
_END: Mapping[str, Any] = {
    "marker": "o",
    "markersize": 7,
    "markerfacecolor": "none",
    "markeredgecolor": "black",
}
_LEVEL: Mapping[str, Any] = {"color": GREY, "linewidth": 0.8, "linestyle": (0, (2, 2)), "zorder": 2}


@styled
def clouds(points: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw loss and gradient norm along the paths of each method on the scattered sum.

    Parameters
    ----------
    points : DataFrame
        ``clouds.parquet``.
    cells : DataFrame
        ``cells.csv``.
    """
    own = _within(points[points["problem"] == DRAWN])
    arms = [arm for arm in CONTESTANTS if arm in set(own["arm"])]
    rows = max(1, -(-len(arms) // _COLUMNS))
    runs = describe_runs(cells[cells["problem"] == DRAWN], ["arena"])
    count = own["start"].nunique()
    figure = new_figure(
        11,
        1.7 + 1.75 * rows,
        "Who stands still above the global minimum? Paths on the scattered sum, a panel a method",
        f"{runs}; paths of {count} of them, the same for each method"
        if arms
        else "this run has no paths there",
    )
    grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
    for axes in grid[len(arms) :]:
        axes.set_visible(False)
    behind = _binned(own)
    for axes, arm in zip(grid, arms, strict=False):
        _panel(axes, arm, own[own["arm"] == arm], behind)
    for axes in grid[: len(arms)][-_COLUMNS:]:
        # where the last row is not full, those above it have no panel below
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("loss (log scale)")
    if arms:
        figure.supylabel("gradient norm (log scale)", fontsize=9.5)
        legend(figure, _handles())
    return figure


def _within(points: pd.DataFrame) -> pd.DataFrame:
    """Return points with what lies beyond an end of an axis at that end."""
    ends = {"loss": LOSSES, "gradient": GRADIENTS}
    placed = {n: points[n].astype(float).fillna(np.inf).clip(*ends[n]) for n in ends}
    return points.assign(**placed)


def _binned(points: pd.DataFrame) -> pd.DataFrame:
    """Return the middles of the bins in which there are points, each once."""
    logs = np.log10(points[["loss", "gradient"]])
    return 10.0 ** ((logs * _BINS).round().drop_duplicates() / _BINS)


def _panel(axes: Axes, arm: str, rows: pd.DataFrame, behind: pd.DataFrame) -> None:
    terrain = TERRAIN[DRAWN]
    (left, right), (bottom, top) = LOSSES, GRADIENTS
    still = SMALL_GRADIENT * terrain.slope
    corner = ([HIGH * terrain.height, 2 * right], [bottom / 2] * 2, [still] * 2)
    axes.fill_between(*corner, color=_STUCK, linewidth=0, zorder=0)
    axes.axvline(_level(), **_LEVEL)
    axes.plot(behind["loss"], behind["gradient"], "s", color=_BEHIND, markersize=2, zorder=1)
    style = look(arm)
    axes.plot(rows["loss"], rows["gradient"], **_POINTS, **style)
    ends = rows.groupby("start").tail(1)
    axes.plot(ends["loss"], ends["gradient"], linestyle="none", zorder=4, **_END)
    axes.set(xscale="log", yscale="log", title=style["label"])
    axes.set(xlim=(left / 2, 2 * right), ylim=(bottom / 2, 2 * top))
    axes.set_xticks(*_marks(left, right))
    axes.set_yticks(*_marks(bottom, top))
    axes.minorticks_off()
    frame(axes)


def _level() -> float:
    """Return the loss of the poor minimum."""
    terrain = TERRAIN[DRAWN]
    return float(make_problem(terrain.problem, terrain.settings).levels[1])


def _marks(low: float, high: float) -> tuple[Sequence[float], Sequence[str]]:
    """Return marks of an axis, about every other decade, and what they say."""
    powers = np.arange(round(np.log10(low)), round(np.log10(high)) + 1)
    chosen = sorted({int(powers[0]), int(powers[-1]), *map(int, powers[powers % 2 == 0])})
    signs = {chosen[0]: r"\leq", chosen[-1]: r"\geq"}
    return [10.0**p for p in chosen], [f"${signs.get(p, '')}10^{{{p}}}$" for p in chosen]


def _handles() -> list[Line2D | Patch]:
    return [
        Line2D([], [], linestyle="none", label="ends of paths", **_END),
        Line2D([], [], label="loss of the local minimum", **_LEVEL),
        Patch(color=_STUCK, label="small gradient at a high loss: stuck"),
        Line2D([], [], linestyle="none", marker="s", color=_BEHIND, label="all methods together"),
    ]
