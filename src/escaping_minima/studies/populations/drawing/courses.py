"""Training loss and test score by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from escaping_minima.report.figures.axes import draw_band, fit_log, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.populations.drawing.lines import Lines, Sources
from escaping_minima.studies.populations.drawing.shared import (
    legend,
    method_handles,
    score_words,
    style_of,
    title_panel,
)

#: What is drawn of each task, and whether on a logarithmic axis.
ROWS: Mapping[str, bool] = {"train_loss": True, "test_score": False}


@styled
def courses(sources: Sources) -> Figure:
    """Draw training loss (inference mode) and test score of every method by epoch.

    Parameters
    ----------
    sources : Sources
    """
    return _draw("Training loss and test score by epoch", sources.epochs())


@styled
def monotonic(sources: Sources) -> Figure:
    """Draw the same of monotonic basin hopping, beside basin hopping and SGD at base settings.

    Parameters
    ----------
    sources : Sources
    """
    return _draw("Monotonic basin hopping beside basin hopping and SGD", sources.monotonic())


def _draw(title: str, found: Sequence[Lines]) -> Figure:
    if not found:
        return absent(title)
    figure = titled(1.0 + 3.0 * len(found), title)
    grid = figure.subplots(len(found), len(ROWS), squeeze=False)
    for row, lines in zip(grid, found, strict=True):
        for axes, (column, log) in zip(row, ROWS.items(), strict=True):
            for method in lines.cells:
                band = lines.band(method, column)
                draw_band(axes, band, "epoch", style_of(method), method, log)
            tidy(axes, "epoch")
            axes.set_xlabel("epoch")
        fit_log([row[0]], list(lines.cells))
        row[0].set_ylabel("training loss\n(mean, log scale)")
        row[1].set_ylabel(f"test {score_words(lines.task)}")
        title_panel(row[0], lines, 1)
    legend(figure, method_handles({method for lines in found for method in lines.cells}))
    return figure
