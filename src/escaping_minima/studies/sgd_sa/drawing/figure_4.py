"""Figure 4 of the paper: test loss and accuracy of all seeds."""

from __future__ import annotations

from matplotlib.figure import Figure

from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Sources
from escaping_minima.studies.sgd_sa.drawing.shared import (
    TEST_ACCURACY,
    TEST_LOSS,
    Panel,
    draw_seeds,
    legend,
    run_handles,
)
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES

_PANELS = (
    Panel("test_loss", TEST_LOSS.replace(")", ", log scale)"), log=True),
    Panel("test_accuracy", TEST_ACCURACY),
)


@styled
def figure_4(sources: Sources) -> Figure:
    """Draw test loss and accuracy of all seeds with ResNet34 (Figure 4 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    return _curves(sources, "resnet34")


@styled
def figure_4_vgg16(sources: Sources) -> Figure:
    """Draw the same with VGG16, which the paper calls very similar and does not print.

    Parameters
    ----------
    sources : Sources
    """
    return _curves(sources, "vgg16")


def _curves(sources: Sources, network: str) -> Figure:
    title = f"{NETWORK_NAMES[network]} on CIFAR-10: test loss and accuracy of every seed"
    lines = sources.lines("main", network, ("sgd_sa", "scheduled_sgd"))
    if lines is None:
        return absent(title)
    figure = titled(3.9, title, lines.detail(bands=False), lines.published)
    for axes, panel in zip(figure.subplots(1, 2), _PANELS, strict=True):
        draw_seeds(axes, lines, panel)
    legend(figure, run_handles(lines.cells))
    return figure
