"""What the paper's Else is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.style import PRINTED, new_figure, styled
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    ELSE,
    describe_runs,
    legend,
    name_methods,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES
from escaping_minima.studies.stationary_distributions.outcome_style import OUTCOME_COLOURS
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, METHODS


@styled
def else_split(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw what the paper's Else is made of, for every method of Table 1.

    Parameters
    ----------
    shares : DataFrame
        ``table_1.csv``; its rows of bin "Else" split it into else_saddle, else_maximum, ...
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10,
        3.8,
        "What the paper's Else is made of",
        f"{describe_runs(cells)}; radius of the main run",
    )
    rows = shares[shares["bin"] == "Else"]
    for axes, name in zip(figure.subplots(1, 3, sharey=True), FUNCTIONS, strict=True):
        part = rows[rows["function"] == name].set_index("method").reindex(METHODS)
        places = np.arange(len(METHODS))
        left = np.zeros(len(METHODS))
        for kind in ELSE:
            width = part[f"else_{kind}"].to_numpy(float)
            axes.barh(places, width, left=left, color=OUTCOME_COLOURS[kind], height=0.7, label=kind)
            left = left + width
        printed = part["printed"].to_numpy(float)
        axes.plot(printed, places, **PRINTED, markeredgecolor=GREY, clip_on=False, zorder=3)
        top = np.nanmax([*left, *printed, 5.0])
        axes.set(
            title=FUNCTION_NAMES[name],
            xlabel="share of starts (percent)",
            xlim=(-0.03 * top, 1.06 * top),
        )
        name_methods(axes)
    level = Line2D([], [], **{**PRINTED, "markeredgecolor": GREY}, label="Else as printed")
    legend(figure, [*(Patch(color=OUTCOME_COLOURS[k], label=k) for k in ELSE), level])
    return figure
