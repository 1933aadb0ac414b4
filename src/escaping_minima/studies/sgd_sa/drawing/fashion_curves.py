"""Figures 1 and 2 of the paper: SSA and SGD on Fashion-MNIST; and the other readings of SSA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY, draw_band, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Sources
from escaping_minima.studies.sgd_sa.drawing.shared import (
    TEST_ACCURACY,
    TEST_LOSS,
    Panel,
    draw_means,
    legend,
    run_handles,
    style_of,
)
from escaping_minima.studies.sgd_sa.run_groups import SSA_READINGS

_RUNS = ("ssa", "sgd")
_VALIDATION = (Panel("test_loss", TEST_LOSS), Panel("test_accuracy", TEST_ACCURACY))
_SPLITS: Mapping[str, tuple[str, Any]] = {
    "train": ("training", "-"),
    "test": ("test", (0, (4, 1.6))),
}


@styled
def figure_1(sources: Sources) -> Figure:
    """Draw test loss and accuracy of SSA and SGD by epoch (Figure 1 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    title = "SSA and SGD on Fashion-MNIST: test loss and accuracy"
    return _validation(sources, title, ())


@styled
def ssa_variants(sources: Sources) -> Figure:
    """Draw test loss and accuracy of SSA under its other readings.

    Parameters
    ----------
    sources : Sources
    """
    title = "SSA under its other readings, Fashion-MNIST: test loss and accuracy"
    return _validation(sources, title, SSA_READINGS)


@styled
def figure_2(sources: Sources) -> Figure:
    """Draw loss and accuracy of SSA and SGD in training and test (Figure 2 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    title = "SSA and SGD on Fashion-MNIST: training against test"
    lines = sources.lines("fashion", "vgg16", _RUNS)
    if lines is None:
        return absent(title)
    figure = titled(3.9, title, lines.detail(), lines.published)
    labels = ("loss\n(mean cross-entropy)", "accuracy\n(percent)")
    for axes, measure, label in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), labels, strict=True
    ):
        for run in lines.cells:
            for split, (_, dashes) in _SPLITS.items():
                style = style_of(run) | {"linestyle": dashes}
                band = lines.band(run, f"{split}_{measure}")
                draw_band(axes, band, "epoch", style, f"{run} {split}", False)
        tidy(axes, "epoch")
        axes.set(xlabel="epoch", ylabel=label)
    splits = [
        Line2D([], [], color=GREY, linestyle=dashes, label=words)
        for words, dashes in _SPLITS.values()
    ]
    methods = run_handles(lines.cells)
    for handle in methods:
        handle.set_linestyle("-")
    legend(figure, [*methods, *splits])
    return figure


def _validation(sources: Sources, title: str, more: tuple[str, ...]) -> Figure:
    lines = sources.lines("fashion", "vgg16", _RUNS, more)
    if lines is None or (more and not set(more) & set(lines.cells)):
        return absent(title)
    figure = titled(3.9, title, lines.detail(), lines.published)
    for axes, panel in zip(figure.subplots(1, 2), _VALIDATION, strict=True):
        draw_means(axes, lines, panel)
    legend(figure, run_handles(lines.cells), columns=3 if more else 4)
    return figure
