"""Where trajectories end, by radius."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.style import PRINTED, new_figure, styled
from escaping_minima.studies.stationary_distributions.drawing.shared import (
    ELSE,
    SWEPT,
    describe_runs,
    legend,
    mark_radii,
)
from escaping_minima.studies.stationary_distributions.names import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.outcome_style import (
    OUTCOME_COLOURS,
    OUTCOME_MARKERS,
    OUTCOME_WORDS,
)
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, RADII

#: Outcome groups of the sweep, by function.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "himmelblau": ("GM", "Else", *ELSE),
    "three_hump_camel": ("GM", "LM", "Else", *ELSE),
    "six_hump_camel": ("GM", "pair_f_2.104", "pair_f_-0.215", "Else", *ELSE),
}


@styled
def sweep(shares: pd.DataFrame, printed: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the outcome of every method with a radius, by radius.

    Parameters
    ----------
    shares : DataFrame
        ``sweep.csv``: function, method, k, radius, outcome, share, low, high, ...; in percent.
    printed : DataFrame
        ``table_1.csv``, for the printed levels.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10.5,
        14.5,
        "Where trajectories end, by radius of the perturbation",
        f"{describe_runs(cells, ('main', 'sweep'))}; bands: 95 percent intervals",
    )
    grid = figure.subplots(len(SWEPT), len(FUNCTIONS), sharex="row", sharey=True)
    for row, method in enumerate(SWEPT):
        for column, name in enumerate(FUNCTIONS):
            axes = grid[row, column]
            _sweep_panel(axes, shares, name, method)
            _printed_levels(axes, printed, name, method)
            axes.set_title(f"{METHOD_NAMES[method]}, {FUNCTION_NAMES[name]}", fontsize=9)
            axes.set_xlabel("radius ρ (log scale)")
            if column == 0:
                axes.set_ylabel("share of starts\n(percent)")
    lines = [_line_handle(g) for g in ("GM", "LM", "pair_f_-0.215", "Else", *ELSE)]
    lines[1].set_label("local minima; in the six-hump panels, pair f = 2.104")
    reference = Line2D([], [], color=GREY, linestyle=(0, (1, 1.5)), label="GD (same colours)")
    main = Line2D([], [], color="#BBBBBB", linewidth=5, label="radius of the main run")
    level = Line2D(
        [], [], **{**PRINTED, "markeredgecolor": GREY}, label="printed in the paper (GM, Else)"
    )
    legend(figure, [*lines, reference, main, level], columns=3)
    return figure


def _sweep_panel(axes: Axes, shares: pd.DataFrame, name: str, method: str) -> None:
    part = shares[(shares["function"] == name) & (shares["method"] == method)]
    reference = shares[(shares["function"] == name) & (shares["method"] == "gd")]
    main = part.loc[part["k"] == 0, "radius"].iloc[0]
    axes.axvline(main, color="#DDDDDD", linewidth=5, zorder=0)
    for group in GROUPS[name]:
        line = part[part["outcome"] == group].sort_values("radius")
        colour = OUTCOME_COLOURS[group]
        radius = line["radius"].to_numpy(float)
        axes.fill_between(
            radius,
            line["low"].to_numpy(float),
            line["high"].to_numpy(float),
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        axes.plot(radius, line["share"].to_numpy(float), **_line(group), label=group)
        if group not in ELSE:
            for level in reference.loc[reference["outcome"] == group, "share"]:
                axes.axhline(level, color=colour, linestyle=(0, (1, 1.5)), linewidth=1.1)
    axes.set_xscale("log")
    swept = part.drop_duplicates("k")
    mark_radii(axes, swept["radius"], swept["k"])
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.spines[["top", "right"]].set_visible(False)


def _printed_levels(axes: Axes, printed: pd.DataFrame, name: str, method: str) -> None:
    """Mark what the paper prints at the main radius, where its labels leave no doubt."""
    part = printed[(printed["function"] == name) & (printed["method"] == method)]
    for group in ("GM", "Else"):
        level = part.loc[part["bin"].str.startswith(group), "printed"].sum(min_count=1)
        colour = OUTCOME_COLOURS[group]
        axes.plot(
            [RADII[method] or np.nan],
            [level],
            **PRINTED,
            markeredgecolor=colour,
            zorder=4,
            label="printed",
        )


def _line(group: str) -> dict[str, Any]:
    thin = group in ELSE
    return {
        "color": OUTCOME_COLOURS[group],
        "marker": OUTCOME_MARKERS[group],
        "markersize": {"GM": 8, "halo": 6}.get(group, 4.5),
        "linewidth": 1.0 if thin else 1.8,
        "linestyle": "--" if thin else "-",
    }


def _line_handle(group: str) -> Line2D:
    return Line2D([], [], **_line(group), label=OUTCOME_WORDS[group])
