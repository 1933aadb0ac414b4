"""The figures of the study: from tables to matplotlib figures, nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.claims.records import REFERENCE, load_records
from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.batch_increase.curves import Arm, Sources
from escaping_minima.studies.batch_increase.names import strategy_at
from escaping_minima.studies.batch_increase.panels import (
    GREY,
    PLACES,
    detail_of,
    draw_curves,
    label_log_axis,
    legend,
    style_of,
    title_panel,
)
from escaping_minima.studies.batch_increase.plan import FIXED_SIZES, SECTION_4_5

CONDITIONS = tuple(FIXED_SIZES)
#: Roles whose runs stand for Figures 5 to 8, for section 4.5, and for the control.
CURVES = ("main", "sample")
SHORTER = ("section_4_5", "main", "sample")
CONTROL = ("main_sgd", "sample_sgd")

_TEST_LOSS = "test loss\n(cross-entropy, log scale)"
_TEST_ERROR = "test error\n(percent, log scale)"
_TRAINING_LOSS = "training loss\n(cross-entropy, log scale)"


@styled
def figure_5(sources: Sources) -> Figure:
    """Draw the batch size and the updates made by epoch (Figure 5 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    return _grid(
        sources,
        CURVES,
        "Batch size, and updates made so far",
        (("batch_size", "batch size (images)"), ("updates", "updates\n(log scale)")),
        plain=("batch_size",),
    )


@styled
def figure_6(sources: Sources) -> Figure:
    """Draw the test loss by epoch (Figure 6 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    return _grid(sources, CURVES, "Test loss by epoch", (("test_loss", _TEST_LOSS),))


@styled
def figure_7(sources: Sources) -> Figure:
    """Draw the test error by epoch (Figure 7 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    return _grid(sources, CURVES, "Test error by epoch", (("test_error", _TEST_ERROR),))


@styled
def figure_8(sources: Sources) -> Figure:
    """Draw the training loss by epoch (Figure 8 of the paper).

    Parameters
    ----------
    sources : Sources
    """
    title = "Training loss by epoch, in inference mode over all training images"
    return _grid(sources, CURVES, title, (("train_loss", _TRAINING_LOSS),))


@styled
def equal_updates(sources: Sources) -> Figure:
    """Draw test loss and error by the number of updates instead of epochs.

    Parameters
    ----------
    sources : Sources
    """
    figure, arms = _panels(
        sources,
        CURVES,
        "Test loss and error by updates",
        (("test_loss", _TEST_LOSS), ("test_error", _TEST_ERROR)),
        against="updates",
    )
    for axes, arm in zip(figure.axes, [*arms, *arms], strict=True):
        if arm is not None:
            axes.axvline(arm.updates, color=GREY, linewidth=0.9, zorder=1, label="budget")
            axes.set_xscale("log")
            label_log_axis(axes.xaxis)
    legend(figure, [Line2D([], [], color=GREY, linewidth=0.9, label="all updates of fixed N2")])
    return figure


@styled
def section_4_5(sources: Sources) -> Figure:
    """Draw test and training loss of the runs of section 4.5, and where test losses are least.

    Parameters
    ----------
    sources : Sources
    """
    arm = sources.arm(SECTION_4_5, SHORTER)
    figure = new_figure(
        10,
        4.4,
        "The runs of section 4.5, and the epoch of the least test loss of each",
        detail_of([arm]),
    )
    for axes, (column, label) in zip(
        figure.subplots(1, 2),
        (("test_loss", _TEST_LOSS), ("train_loss", _TRAINING_LOSS)),
        strict=True,
    ):
        if title_panel(axes, arm, SECTION_4_5) and arm is not None:
            draw_curves(axes, arm, column)
            axes.set(xlabel="epoch", ylabel=label)
            if column == "test_loss":
                _mark_minima(axes, arm)
    words = f"printed: about epoch {_printed_minimum()[0]:g}, give or take the margin"
    printed = Line2D([], [], color="#DDDDDD", linewidth=6, label=words)
    words = "least test loss, a mark a run"
    ticks = Line2D([], [], color=GREY, marker="|", linestyle="none", label=words)
    legend(figure, [ticks, printed])
    return figure


@styled
def weights(sources: Sources) -> Figure:
    """Draw the extrema of the weights by epoch, with the interval that the paper prints.

    Parameters
    ----------
    sources : Sources
    """
    arms = [sources.arm(condition, SHORTER) for condition in CONDITIONS]
    figure = new_figure(10, 4.4, "Least and largest weight by epoch", detail_of(arms))
    low, high = _printed_interval()
    for axes, arm, condition in zip(
        figure.subplots(1, 2, sharey=True), arms, CONDITIONS, strict=True
    ):
        if title_panel(axes, arm, condition) and arm is not None:
            for column in ("weight_min", "weight_max"):
                draw_curves(axes, arm, column, log=False)
            for end in (low, high):
                axes.axhline(end, color=GREY, linewidth=0.9, zorder=1, label="printed")
            axes.set(xlabel="epoch", ylabel="weight")
    words = f"printed interval [{low:g}, {high:g}]".replace("-", "−")
    legend(figure, [Line2D([], [], color=GREY, linewidth=0.9, label=words)])
    return figure


@styled
def sgd_control(sources: Sources) -> Figure:
    """Draw test and training loss under plain SGD, whose step does not shrink with updates.

    Parameters
    ----------
    sources : Sources
    """
    return _grid(
        sources,
        CONTROL,
        "The same strategies under plain SGD",
        (("test_loss", _TEST_LOSS), ("train_loss", _TRAINING_LOSS)),
    )


def _grid(
    sources: Sources,
    roles: Sequence[str],
    title: str,
    rows: Sequence[tuple[str, str]],
    plain: Sequence[str] = (),
) -> Figure:
    figure, _ = _panels(sources, roles, title, rows, plain=plain)
    legend(figure)
    return figure


def _panels(
    sources: Sources,
    roles: Sequence[str],
    title: str,
    rows: Sequence[tuple[str, str]],
    against: str = "epoch",
    plain: Sequence[str] = (),
) -> tuple[Figure, list[Arm | None]]:
    """Draw a row of panels for each of some columns of the curves, a panel a condition."""
    arms = [sources.arm(condition, roles) for condition in CONDITIONS]
    if not any(arms):
        # one row of empty panels says it
        rows = rows[:1]
    height = (4.4 if len(rows) == 1 else 7.4) if any(arms) else 2.6
    figure = new_figure(10, height, title, detail_of(arms))
    grid = figure.subplots(len(rows), len(CONDITIONS), squeeze=False)
    for row, (column, label) in enumerate(rows):
        for axes, arm, condition in zip(grid[row], arms, CONDITIONS, strict=True):
            if title_panel(axes, arm, condition) and arm is not None:
                draw_curves(axes, arm, column, against, log=column not in plain)
                words = f"{against}{' (log scale)' if against == 'updates' else ''}"
                axes.set(xlabel=words, ylabel=label)
    return figure, arms


def _mark_minima(axes: Axes, arm: Arm) -> None:
    """Mark the epoch of the least test loss of each run, and where the paper puts it."""
    printed, margin = _printed_minimum()
    axes.axvspan(printed - margin, printed + margin, color="#EDEDED", zorder=0, label="printed")
    for row, place in enumerate(PLACES):
        cell = arm.cells[strategy_at(place, arm.condition)]
        epochs = arm.measures.loc[cell, "min_test_loss_epoch"].dropna()
        axes.plot(
            epochs,
            [0.97 - 0.035 * row] * len(epochs),
            marker="|",
            linestyle="none",
            color=style_of(place)["color"],
            transform=axes.get_xaxis_transform(),
            label=f"least, {place}",
        )
    axes.set_xlim(0, arm.epochs)


def _printed_minimum() -> tuple[float, float]:
    """Return the epoch from which on the paper sees overfitting, and the margin of that claim."""
    claim = next(c for c in load_records("batch_increase").claims if c.id == "T17")
    return float(claim.readings[0].parts[0]["right"]), claim.margin


def _printed_interval() -> tuple[float, float]:
    """Return the interval in which the paper finds all weights."""
    source = load_records("batch_increase").source
    table = pd.read_csv(REFERENCE / source / "experiment_settings.csv", dtype=str)
    value = table.set_index("quantity")["value"]["observed_weight_range"]
    low, high = json.loads(value)
    return low, high
