"""Figure 4 of the paper: the smoothed loss against gradient evaluations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escaping_minima.report.figures.axes import draw_band, fit_log, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.populations.drawing.lines import Lines, Sources
from escaping_minima.studies.populations.drawing.shared import (
    legend,
    method_handles,
    style_of,
    title_panel,
)

#: The methods that the paper draws.
PRINTED = ("gd", "sam", "nim_bh")
_COLUMNS = 2
_LABELS = {
    "xlabel": "gradient evaluations",
    "ylabel": "loss of minibatches, mean\nof a window (log scale)",
}


@styled
def figure_4(sources: Sources) -> Figure:
    """Draw one trajectory of SGD, SAM and NiM-BH on each task, as the paper does on one.

    Parameters
    ----------
    sources : Sources
    """
    title = "One trajectory: loss against gradient evaluations"
    return _draw(title, sources.windows(PRINTED), _draw_first, bands=False)


@styled
def figure_4_all(sources: Sources) -> Figure:
    """Draw the means of all trajectories of every method, with their bands.

    Parameters
    ----------
    sources : Sources
    """
    title = "All trajectories: loss against gradient evaluations"
    return _draw(title, sources.windows(), _draw_means, bands=True)


def _draw(
    title: str, found: Sequence[Lines], draw: Callable[[Axes, Lines], Sequence[str]], bands: bool
) -> Figure:
    if not found:
        return absent(title)
    rows = -(-len(found) // _COLUMNS)
    detail = (
        "SAM evaluates two gradients a step; those of local searches and of steps with noise are "
        "counted"
    )
    figure = titled(0.6 + 3.8 * rows, title, detail)
    grid = figure.subplots(rows, min(_COLUMNS, len(found)), squeeze=False)
    drawn: set[str] = set()
    for axes, lines in zip(grid.flat, found, strict=False):
        methods = draw(axes, lines)
        drawn |= set(methods)
        fit_log([axes], methods)
        tidy(axes, "updates")
        axes.set(**_LABELS)
        more = window_words(lines) if bands else f"{window_words(lines)}; one of them is drawn"
        title_panel(axes, lines, grid.shape[1], more, bands)
    for axes in grid.flat[len(found) :]:
        axes.set_visible(False)
    legend(figure, method_handles(drawn))
    return figure


def _draw_first(axes: Axes, lines: Lines) -> Sequence[str]:
    """Draw the first trajectory that all three methods have; the others share its start."""
    of_method = {m: lines.curves[lines.curves["cell"] == lines.cells[m]] for m in PRINTED}
    block = min(set.intersection(*(set(rows["seed"]) for rows in of_method.values())), default=None)
    for method, rows in of_method.items():
        own = rows[rows["seed"] == block].sort_values("epoch")
        evaluations, loss = own["gradient_evaluations"], own["loss"].astype(float)
        axes.plot(evaluations, loss, **style_of(method), label=method)
    return PRINTED


def _draw_means(axes: Axes, lines: Lines) -> Sequence[str]:
    for method in lines.cells:
        draw_band(axes, lines.band(method, "loss"), "updates", style_of(method), method, True)
    return tuple(lines.cells)


def window_words(lines: Lines) -> str:
    """Say over how many updates the loss is averaged."""
    runs = lines.curves.sort_values("epoch").groupby(["cell", "seed"])["updates_made"]
    sizes = pd.concat([runs.diff(), runs.head(1)]).dropna()
    return f"windows of {spanned(sizes, 'update')}"
