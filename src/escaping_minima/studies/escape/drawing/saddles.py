"""Critical points of random functions, how they are left, and the attractors of XOR."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from escaping_minima.report.style import BLUE, VERMILION, new_figure, styled
from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.escape.drawing.shared import (
    frame,
    line_with_ends,
    name_lines,
    percent_axis,
    style_of,
)
from escaping_minima.studies.escape.names import PROBLEM_NAMES

_LINES = {"saddle": "-", "minimum": "--"}


@styled
def saddles(critical: pd.DataFrame, leaving: pd.DataFrame) -> Figure:
    """Draw what critical points are, by dimension, and how soon perturbed descent leaves them.

    Parameters
    ----------
    critical, leaving : DataFrame
        The derived tables.
    """
    functions = spanned(critical["functions"], "random function")
    figure = new_figure(
        10,
        5,
        "Are saddles more common than minima, and easier to leave?",
        f"{functions} of each dimension",
    )
    left, right = figure.subplots(1, 2)
    for index, (kind, rows) in enumerate(critical.groupby("kind", sort=False)):
        line_with_ends(left, rows, "dimension", "share", label=str(kind), **style_of(index))
    left.set(xscale="log", xlabel="dimension")
    dimensions = sorted({int(dimension) for dimension in critical["dimension"]})
    left.set_xticks(dimensions, [str(dimension) for dimension in dimensions])
    left.minorticks_off()
    percent_axis(left, "of the critical points found (percent)")
    for index, (dimension, rows) in enumerate(leaving.groupby("dimension")):
        for kind, part in rows.groupby("kind"):
            style = style_of(index) | {"linestyle": _LINES[str(kind)]}
            label = f"{kind}, {dimension} dimensions"
            right.plot(part["steps"], part["share"], label=label, **style)
    right.set(xscale="log", xlabel="steps of perturbed gradient descent")
    percent_axis(right, "still beside the point (percent)")
    for axes in (left, right):
        frame(axes)
        name_lines(axes)
    return figure


@styled
def attractors(ends: pd.DataFrame) -> Figure:
    """Draw the ends of descents on XOR by loss, and the lowest barrier to a lower one.

    Parameters
    ----------
    ends : DataFrame
        ``attractors.csv``.
    """
    problems = list(dict.fromkeys(ends["problem"])) or ["xor_2"]
    figure = new_figure(
        4.8 * max(2, len(problems)),
        4.6,
        "Attractors of XOR, and how high the way to a lower one leads",
        f"{len(ends)} descents; a line from each end up to its lowest barrier",
    )
    grid = figure.subplots(1, len(problems), squeeze=False)[0]
    for axes, problem in zip(grid, problems, strict=True):
        own = ends[ends["problem"] == problem].sort_values("loss").reset_index(drop=True)
        for way, colour in (("straight", VERMILION), ("bent", BLUE)):
            # the lowest end has no way to a lower one
            found = own.dropna(subset=[way])
            places = found.index + (0.15 if way == "bent" else -0.15)
            for place, loss, height in zip(places, found["loss"], found[way], strict=True):
                axes.plot([place, place], [loss, loss + height], color=colour, label=f"{way} ways")
        axes.plot(own.index, own["loss"], "o", color="black", label="ends")
        axes.set(title=PROBLEM_NAMES[problem], xlabel="ends, by loss", ylabel="loss")
        frame(axes)
        named = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        axes.legend(named.values(), named.keys())
    return figure
