"""The surfaces of the three functions."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.stationary_distributions.drawing.shared import mesh
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS


@styled
def figure_1(surfaces: pd.DataFrame) -> Figure:
    """Draw the surfaces of the three functions (Figure 1 of the paper).

    Parameters
    ----------
    surfaces : DataFrame
        ``surfaces.parquet``: function, x, y, value.
    """
    figure = new_figure(
        10,
        3.9,
        "The three functions",
        "height and colour: log₁₀(1 + Δf), Δf = f − lowest f, as the raw values hide the minima",
    )
    for column, name in enumerate(FUNCTIONS):
        axes = figure.add_subplot(1, 3, column + 1, projection="3d")
        x, y, height = mesh(surfaces, name)
        axes.plot_surface(  # type: ignore[attr-defined]
            x, y, height, cmap="viridis", rcount=50, ccount=50, linewidth=0, antialiased=True
        )
        axes.view_init(elev=38, azim=-58)  # type: ignore[attr-defined]
        axes.set_box_aspect(None, zoom=0.82)  # type: ignore[attr-defined,call-arg]
        axes.tick_params(labelsize=7, pad=-1)
        axes.set(title=FUNCTION_NAMES[name], xlabel="x", ylabel="y")
        axes.set_zlabel("log₁₀(1 + Δf)", fontsize=8, labelpad=0)  # type: ignore[attr-defined]
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):  # type: ignore[attr-defined]
            axis.set_major_locator(MaxNLocator(4))
        axes.patch.set_visible(False)
    return figure
