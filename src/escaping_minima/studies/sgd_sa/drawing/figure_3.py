"""Figure 3 of the paper: how likely SGD-SA keeps a move, and the training accuracy of all seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import draw_band, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Lines, Sources
from escaping_minima.studies.sgd_sa.drawing.shared import (
    TRAINING_ACCURACY,
    Panel,
    draw_seeds,
    legend,
    run_handles,
    style_of,
)
from escaping_minima.studies.sgd_sa.moves import by_epoch

#: Over which moves the mean is taken: the released code's reading, and the text's.
_MEANS: Mapping[str, tuple[str, Any]] = {
    "probability_worse": ("over worsening moves", "-"),
    "probability_all": ("over all moves (1 if improving)", (0, (4, 1.6))),
}


@styled
def figure_3(sources: Sources) -> Figure:
    """Draw the mean acceptance probability and the training accuracy (Figure 3 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    title = "VGG16 on CIFAR-10: acceptance by epoch, and training accuracy of every seed"
    lines = sources.lines("main", "vgg16", ("sgd_sa", "scheduled_sgd"))
    if lines is None:
        return absent(title)
    figure = titled(3.9, title, lines.detail(), lines.published)
    left, right = figure.subplots(1, 2)
    handles = draw_probability(left, lines)
    left.set_title("(a) SGD-SA")
    draw_seeds(right, lines, Panel("train_accuracy", TRAINING_ACCURACY, "(b)"))
    legend(figure, [*handles, *run_handles(lines.cells)])
    return figure


def draw_probability(axes: Axes, lines: Lines) -> list[Line2D]:
    """Draw both means of SGD-SA's acceptance probability; return what a legend says of them."""
    means = lines.draw_from(by_epoch(lines.of("moves.parquet", "sgd_sa")))
    handles = []
    for column, (words, dashes) in _MEANS.items():
        style = style_of("sgd_sa") | {"linestyle": dashes}
        draw_band(axes, means.band("sgd_sa", column), "epoch", style, column, False)
        handles.append(Line2D([], [], **style, label=f"mean probability {words}"))
    tidy(axes, "epoch")
    axes.set(xlabel="epoch", ylabel="mean probability\nof keeping a move", ylim=(-0.03, 1.03))
    return handles
