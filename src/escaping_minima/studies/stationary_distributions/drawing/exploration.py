"""In how many basins trajectories were seen, by radius."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.parts.looks import look_of
from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    SWEPT,
    describe_runs,
    legend,
    mark_radii,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, RADII


@styled
def exploration(visits: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw in how many basins trajectories were seen, by radius, beside gradient descent.

    Parameters
    ----------
    visits : DataFrame
        ``exploration.csv``: function, method, k, radius, mean_basins, net_difference, low, high.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10.5,
        7,
        "Basins in which a trajectory was seen, by radius of the perturbation",
        f"{describe_runs(cells, ('main', 'sweep'))}; bars: 95 percent intervals",
    )
    grid = figure.subplots(2, len(FUNCTIONS), sharex=True, sharey="row")
    for column, name in enumerate(FUNCTIONS):
        part = visits[visits["function"] == name]
        top, bottom = grid[:, column]
        for level in part.loc[part["method"] == "gd", "mean_basins"]:
            top.axhline(level, color=look_of("gd").colour, linestyle=(0, (1, 1.5)))
        bottom.axhline(0, color=look_of("gd").colour, linestyle=(0, (1, 1.5)))
        for method in SWEPT:
            line = part[part["method"] == method].sort_values("radius")
            ratio = 10 ** (line["k"].to_numpy(float) / 4)
            style = {
                "color": look_of(method).colour,
                "marker": look_of(method).marker,
                "alpha": 0.9,
            }
            top.plot(ratio, line["mean_basins"].to_numpy(float), **style, label=method)
            net, low, high = (line[c].to_numpy(float) for c in ("net_difference", "low", "high"))
            bottom.plot(ratio, net, **style, label=method)
            bottom.vlines(ratio, low, high, color=look_of(method).colour, linewidth=1, alpha=0.9)
        top.set_title(FUNCTION_NAMES[name])
        bottom.set_xlabel("radius ÷ radius of the main run (log scale)")
        for axes in (top, bottom):
            axes.axvline(1, color="#DDDDDD", linewidth=5, zorder=0)
            axes.set_xscale("log")
            multiples = 10 ** (part["k"].drop_duplicates() / 4)
            mark_radii(axes, multiples, part["k"].drop_duplicates())
            axes.spines[["top", "right"]].set_visible(False)
    grid[0, 0].set_ylabel("mean number of basins\nof a trajectory")
    grid[1, 0].set_ylabel("starts seen in more basins than\nunder GD, minus in fewer (points)")
    handles = [
        Line2D(
            [],
            [],
            color=look_of(m).colour,
            marker=look_of(m).marker,
            label=f"{METHOD_NAMES[m]} (main radius {RADII[m]:g})",
        )
        for m in SWEPT
    ]
    handles.append(Line2D([], [], color="black", linestyle=(0, (1, 1.5)), label="GD"))
    legend(figure, handles, columns=4)
    return figure
