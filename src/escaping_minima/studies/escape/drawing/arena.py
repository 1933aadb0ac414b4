"""The summary: which method ends at a global minimum of which problem."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.drawing.shared import describe_runs, legend
from escaping_minima.studies.escape.names import PROBLEM_NAMES, arm_name
from escaping_minima.studies.escape.terrain import ARENA

_OFF = "#F2F2F2"
#: Shares from here on are written in white.
_DARK = 55


@styled
def arena(
    shares: pd.DataFrame, order: pd.DataFrame, off: pd.DataFrame, cells: pd.DataFrame
) -> Figure:
    """Draw the share of starts at a global minimum, contestants by problems.

    Parameters
    ----------
    shares, order, off : DataFrame
        The derived tables.
    cells : DataFrame
        ``cells.csv``.
    """
    arms = list(order["arm"])
    own = shares[(shares["role"] == "arena") & (shares["measure"] == "best")]
    wide = own.pivot(index="arm", columns="problem", values="share").astype(float)
    wide = wide.reindex(index=arms, columns=list(ARENA))
    figure = new_figure(
        10,
        1.8 + 0.3 * max(6, len(arms)),
        "Who ends at the global minimum? Percent of starts, each method tuned alike",
        f"{describe_runs(cells, ['arena'])}; who beats most comes first",
    )
    axes = figure.subplots()
    picture = np.ma.masked_invalid(wide.to_numpy())
    axes.imshow(picture, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    axes.set_facecolor("white")
    silent = set(zip(off.loc[off["off"], "arm"], off.loc[off["off"], "problem"], strict=True))
    for row, arm in enumerate(arms):
        for column, problem in enumerate(ARENA):
            _write(axes, row, column, wide.iloc[row, column], (arm, problem) in silent)
    axes.set_yticks(range(len(arms)), [arm_name(arm) for arm in arms])
    axes.set_xticks(range(len(ARENA)), [_short(p) for p in ARENA], rotation=30, ha="right")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    legend(figure, [Patch(color=_OFF, label="does what gradient descent does: not ranked")])
    return figure


def _write(axes: Axes, row: int, column: int, share: float, silent: bool) -> None:
    if silent:
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=_OFF))
    text = "=" if silent else "" if np.isnan(share) else f"{share:.0f}"
    colour = "#555555" if silent else "white" if share >= _DARK else "black"
    axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8.5)


def _short(problem: str) -> str:
    return PROBLEM_NAMES[problem].replace("The curve of the question", "Curve of the question")
