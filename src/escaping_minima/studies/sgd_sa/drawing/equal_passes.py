"""Test loss and accuracy against the forward passes made, in place of epochs."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Lines, Sources
from escaping_minima.studies.sgd_sa.drawing.shared import (
    TEST_ACCURACY,
    TEST_LOSS,
    legend,
    run_handles,
    shade_between,
    style_of,
    title_panel,
)
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES

#: Forward passes over the training set in an epoch: SGD-SA looks at the loss twice more.
PASSES = {"scheduled_sgd": 1, "sgd_sa": 3}
_ARMS = (*(("main", network) for network in NETWORK_NAMES), ("small", "vgg16"))
_ROWS = {"test_loss": TEST_LOSS, "test_accuracy": TEST_ACCURACY}


@styled
def equal_passes(sources: Sources) -> Figure:
    """Draw test loss and accuracy of both methods by forward passes.

    Parameters
    ----------
    sources : Sources
    """
    title = "Scheduled-SGD and SGD-SA by forward passes in place of epochs"
    found = sources.several(_ARMS, tuple(PASSES))
    if not found:
        return absent(title)
    figure = titled(7.2, title)
    grid = figure.subplots(len(_ROWS), len(found), squeeze=False, sharex="col")
    for row, (column, label) in zip(grid, _ROWS.items(), strict=True):
        for axes, lines in zip(row, found, strict=True):
            _panel(axes, lines, column)
            axes.set_ylabel(label)
    for axes, lines in zip(grid[0], found, strict=True):
        title_panel(axes, lines, len(found))
    for axes in grid[-1]:
        axes.set_xlabel("forward passes over the training set")
    budget = Line2D([], [], color=GREY, linewidth=0.9, label="all passes of Scheduled-SGD")
    legend(figure, [*run_handles(PASSES), budget])
    return figure


def _panel(axes: Axes, lines: Lines, column: str) -> None:
    for run, passes in PASSES.items():
        band = lines.band(run, column)
        trained = band.epoch > 0
        x = passes * band.epoch[trained]
        style = style_of(run)
        axes.plot(x, band.mean[trained], **style, label=run, zorder=3)
        shade_between(axes, x, band.low[trained], band.high[trained], style["color"])
    axes.axvline(lines.epochs, color=GREY, linewidth=0.9, zorder=1, label="budget")
    tidy(axes, "epoch")
