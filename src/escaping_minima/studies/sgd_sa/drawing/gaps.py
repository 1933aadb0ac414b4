"""Training less test accuracy of SSA and SGD: by epoch, and where both train as well."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY, draw_band, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Lines, Sources
from escaping_minima.studies.sgd_sa.drawing.shared import legend, run_handles, style_of
from escaping_minima.studies.sgd_sa.equal_training import equal_training

_GAP = "training − test accuracy\n(points)"
_MARKS = {"ssa": "o", "sgd": "s"}


@styled
def gaps(sources: Sources) -> Figure:
    """Draw the gap between training and test accuracy by epoch and by training accuracy.

    Parameters
    ----------
    sources : Sources
    """
    title = "SSA and SGD on Fashion-MNIST: how far training is ahead of test"
    lines = sources.lines("fashion", "vgg16", tuple(_MARKS))
    if lines is None:
        return absent(title)
    gap = lines.curves["train_accuracy"] - lines.curves["test_accuracy"]
    lines = lines.draw_from(lines.curves.assign(gap=gap))
    figure = titled(3.9, title, lines.detail(), lines.published)
    left, right = figure.subplots(1, 2, sharey=True)
    for run in lines.cells:
        draw_band(left, lines.band(run, "gap"), "epoch", style_of(run), run, False)
        _draw_path(right, lines, run)
    _draw_ends(right, equal_training(lines.runs))
    left.set(xlabel="epoch", ylabel=_GAP, title="by epoch")
    right.set(xlabel="training accuracy (percent)", title="by training accuracy")
    for axes in (left, right):
        tidy(axes, "epoch")
        axes.axhline(0, color=GREY, linewidth=0.9, zorder=1, label="no gap")
    ends = [
        Line2D([], [], **_mark(run), color=GREY, linestyle="none", label=words)
        for run, words in (("ssa", "end of SSA, a seed"), ("sgd", "SGD once it trains as well"))
    ]
    legend(figure, [*run_handles(lines.cells), *ends])
    return figure


def _draw_path(axes: Axes, lines: Lines, run: str) -> None:
    """Draw the mean gap of each epoch at the mean training accuracy of that epoch."""
    gap, train = lines.band(run, "gap"), lines.band(run, "train_accuracy")
    trained = gap.epoch > 0
    axes.plot(train.mean[trained], gap.mean[trained], **style_of(run), label=run, zorder=3)


def _draw_ends(axes: Axes, table: pd.DataFrame) -> None:
    columns = {"ssa": ("train_accuracy", "ssa_gap"), "sgd": ("sgd_train_accuracy", "sgd_gap")}
    for run, (x, y) in columns.items():
        colour = style_of(run)["color"]
        axes.plot(
            table[x],
            table[y],
            **_mark(run),
            color=colour,
            linestyle="none",
            label=f"{run} matched",
            zorder=4,
        )


def _mark(run: str) -> dict[str, Any]:
    return {"marker": _MARKS[run], "markersize": 5, "markerfacecolor": "white"}
