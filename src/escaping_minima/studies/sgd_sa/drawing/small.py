"""The small runs: a VGG16 of an eighth of the width, 5,000 images."""

from __future__ import annotations

from matplotlib.figure import Figure

from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.collect import CHANNELS
from escaping_minima.studies.sgd_sa.drawing.acceptance import SHARES, draw_shares
from escaping_minima.studies.sgd_sa.drawing.figure_3 import draw_probability
from escaping_minima.studies.sgd_sa.drawing.lines import Sources
from escaping_minima.studies.sgd_sa.drawing.shared import (
    TEST_ACCURACY,
    TEST_LOSS,
    TRAINING_ACCURACY,
    Panel,
    draw_seeds,
    legend,
    run_handles,
)
from escaping_minima.studies.sgd_sa.drawing.worsenings import draw_quantiles, quantile_handles
from escaping_minima.studies.sgd_sa.layout import SMALL, SMALL_DIVISOR
from escaping_minima.studies.sgd_sa.scope import network_words

_NEEDED, _MORE = ("sgd_sa", "scheduled_sgd"), ("accept_off",)
_PANELS = (
    Panel("train_accuracy", TRAINING_ACCURACY),
    Panel("test_accuracy", TEST_ACCURACY),
    Panel("test_loss", TEST_LOSS.replace(")", ", log scale)"), log=True),
)


def small_words() -> str:
    """Return what the small runs are: ``VGG16 of an eighth of the width, 5,000 images``."""
    network = network_words("vgg16", CHANNELS // SMALL_DIVISOR)
    return f"{network}, {SMALL['train_images']:,} images"


@styled
def small(sources: Sources) -> Figure:
    """Draw training accuracy, test accuracy and loss of every seed of the small runs.

    Parameters
    ----------
    sources : Sources
    """
    title = f"{small_words()}: every seed"
    lines = sources.lines("small", "vgg16", _NEEDED, _MORE)
    if lines is None:
        return absent(title)
    figure = titled(3.7, title, lines.detail(bands=False), lines.published)
    for axes, panel in zip(figure.subplots(1, 3), _PANELS, strict=True):
        draw_seeds(axes, lines, panel)
    legend(figure, run_handles(lines.cells))
    return figure


@styled
def small_moves(sources: Sources) -> Figure:
    """Draw what becomes of the moves of SGD-SA in the small runs.

    Parameters
    ----------
    sources : Sources
    """
    title = f"{small_words()}: the moves of SGD-SA"
    lines = sources.lines("small", "vgg16", ("sgd_sa",))
    if lines is None:
        return absent(title)
    figure = titled(6.6, title, lines.detail(), lines.published)
    (first, second), maps = figure.subplots(2, 2)
    handles = draw_probability(first, lines)
    draw_quantiles(second, lines)
    for axes, (column, words) in zip(maps, SHARES.items(), strict=True):
        image = draw_shares(axes, lines, column)
        figure.colorbar(image, ax=axes, label=words)
    legend(figure, [*handles, *quantile_handles()], columns=3)
    return figure
