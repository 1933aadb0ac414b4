"""Figures 5 to 8 of the paper and what else is drawn of curves: from tables to figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from escaping_minima.claims.grammar import Part
from escaping_minima.claims.records import load_records
from escaping_minima.report.figures.axes import GREY, fit_log, label_log_axis
from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.batch_increase.curves import ConditionCurves, Sources
from escaping_minima.studies.batch_increase.names import PLACES, strategy_at
from escaping_minima.studies.batch_increase.panels import (
    detail_of,
    draw_curves,
    draw_extremes,
    legend,
    style_of,
    title_panel,
)
from escaping_minima.studies.batch_increase.printed import load_printed
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES, SECTION_4_5

CONDITIONS = tuple(FIXED_SIZES)
#: Roles whose runs stand for Figures 5 to 8, for section 4.5, and for the control.
CURVES = ("main", "sample")
SHORTER = ("section_4_5", "main", "sample")
CONTROL = ("main_sgd", "sample_sgd")

_TEST_LOSS = "test loss\n(cross-entropy, log scale)"
_TEST_ERROR = "test error\n(percent, log scale)"
_TRAINING_LOSS = "training loss, inference mode\n(cross-entropy, log scale)"
_RUNNING_LOSS = "loss while training, with dropout\n(cross-entropy, log scale)"
#: What a panel shows: a column of the curves, and the name of its axis.
_Rows = Sequence[tuple[str, str]]


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
        bands=False,
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
    """Draw the training loss by epoch (Figure 8 of the paper), in inference mode and in training.

    The paper does not say which of the two it shows.

    Parameters
    ----------
    sources : Sources
    """
    rows = (("train_loss", _TRAINING_LOSS), ("running_loss", _RUNNING_LOSS))
    return _grid(sources, CURVES, "Training loss by epoch", rows)


@styled
def equal_updates(sources: Sources) -> Figure:
    """Draw test loss and error by the number of updates instead of epochs.

    Parameters
    ----------
    sources : Sources
    """
    figure, panels = _panels(
        sources,
        CURVES,
        "Test loss and error by updates",
        (("test_loss", _TEST_LOSS), ("test_error", _TEST_ERROR)),
        against="updates",
    )
    for axes, arm in panels:
        axes.axvline(arm.updates, color=GREY, linewidth=0.9, zorder=1, label="budget")
        axes.set_xscale("log")
        label_log_axis(axes.xaxis)
    legend(figure, [Line2D([], [], color=GREY, linewidth=0.9, label="all updates of fixed N2")])
    return figure


@styled
def section_4_5(sources: Sources) -> Figure:
    """Draw test and training loss of section 4.5, and where the smoothed test losses are least.

    Where there are none of as many epochs, the longest ones stand for them, and the title says so.

    Parameters
    ----------
    sources : Sources
    """
    arm = sources.arm(SECTION_4_5, SHORTER)
    figure = new_figure(10, 4.4, _section_title(arm), detail_of({SECTION_4_5: arm}))
    for axes, (column, label) in zip(
        figure.subplots(1, 2),
        (("test_loss", _TEST_LOSS), ("train_loss", _TRAINING_LOSS)),
        strict=True,
    ):
        if title_panel(axes, arm, SECTION_4_5) and arm is not None:
            draw_curves(axes, arm, column)
            fit_log([axes], PLACES)
            axes.set(xlabel="epoch", ylabel=label)
            if column == "test_loss":
                _mark_minima(axes, arm)
    words = "least smoothed test loss, a mark a run"
    marks = [Line2D([], [], color=GREY, marker="|", linestyle="none", label=words)]
    low, high = _printed_range()
    if arm is not None and low < arm.epochs:
        words = f"printed, as the claim reads it: epochs {low:g} to {high:g}"
        marks.append(Line2D([], [], color="#DDDDDD", linewidth=6, label=words))
    legend(figure, marks)
    return figure


@styled
def weights(sources: Sources) -> Figure:
    """Draw the extrema of the weights over all seeds, with the interval that the paper prints.

    Parameters
    ----------
    sources : Sources
    """
    arms = {condition: sources.arm(condition, SHORTER) for condition in CONDITIONS}
    title = "Least and largest weight or bias of all seeds, by epoch"
    figure = new_figure(10, 4.4, title, detail_of(arms, bands=False))
    printed = load_printed(load_records("batch_increase").source)
    low, high = printed.least, printed.largest
    shown = _shown(arms)
    grid = figure.subplots(1, len(shown), sharey=True, squeeze=False)
    for axes, (condition, arm) in zip(grid[0], shown.items(), strict=True):
        if title_panel(axes, arm, condition, bands=False) and arm is not None:
            draw_extremes(axes, arm, ("parameter_min", "parameter_max"))
            for end in (low, high):
                axes.axhline(end, color=GREY, linewidth=0.9, zorder=1, label="printed")
            axes.set(xlabel="epoch", ylabel="weight or bias")
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
    rows: _Rows,
    plain: Sequence[str] = (),
    bands: bool = True,
) -> Figure:
    figure, _ = _panels(sources, roles, title, rows, plain=plain, bands=bands)
    legend(figure)
    return figure


def _panels(
    sources: Sources,
    roles: Sequence[str],
    title: str,
    rows: _Rows,
    against: str = "epoch",
    plain: Sequence[str] = (),
    bands: bool = True,
) -> tuple[Figure, list[tuple[Axes, ConditionCurves]]]:
    """Draw a row of panels for each of some columns of the curves, a panel a condition.

    Returns
    -------
    figure : Figure
    panels : list of (Axes, ConditionCurves)
        Those that have curves.
    """
    arms = {condition: sources.arm(condition, roles) for condition in CONDITIONS}
    shown = _shown(arms)
    # where nobody has any, one row of empty panels says it
    rows = rows if any(arms.values()) else rows[:1]
    figure, grid = _lay_out(title, detail_of(arms, bands), len(rows), shown)
    drawn: list[tuple[Axes, ConditionCurves]] = []
    for panels, (column, label) in zip(grid, rows, strict=True):
        for axes, (condition, arm) in zip(panels, shown.items(), strict=True):
            if title_panel(axes, arm, condition, bands) and arm is not None:
                draw_curves(axes, arm, column, against, log=column not in plain)
                words = f"{against}{' (log scale)' if against == 'updates' else ''}"
                axes.set(xlabel=words, ylabel=label)
                drawn.append((axes, arm))
        if column not in plain:
            for alike in _of_the_same_data(panels, shown.values()):
                fit_log(alike, PLACES)
    return figure, drawn


def _of_the_same_data(
    panels: Iterable[Axes], arms: Iterable[ConditionCurves | None]
) -> list[list[Axes]]:
    """Group panels that can be compared: losses on 2,000 images lie far from those on 60,000."""
    groups: dict[str, list[Axes]] = {}
    for axes, arm in zip(panels, arms, strict=True):
        groups.setdefault(arm.data_words() if arm else "", []).append(axes)
    return list(groups.values())


def _shown(arms: Mapping[int, ConditionCurves | None]) -> dict[int, ConditionCurves | None]:
    """Return the conditions that have a panel: all with curves, or all where none has any."""
    return {n2: arm for n2, arm in arms.items() if arm} or dict(arms)


def _lay_out(
    title: str, detail: str, rows: int, shown: Mapping[int, ConditionCurves | None]
) -> tuple[Figure, NDArray[Any]]:
    """Return a figure with a panel for each row and condition, in one line where they fit."""
    flat = rows == 1 or len(shown) == 1
    height = (4.4 if flat else 7.4) if any(shown.values()) else 2.6
    figure = new_figure(10, height, title, detail)
    across = rows * len(shown) if flat else len(shown)
    grid = figure.subplots(1 if flat else rows, across, squeeze=False)
    return figure, grid.reshape(rows, len(shown))


def _section_title(arm: ConditionCurves | None) -> str:
    """Return what the runs are: those of section 4.5, or what there is in their place."""
    wanted = _section_epochs()
    if arm is None or arm.epochs == wanted:
        return "The runs of section 4.5, and the epoch of the least smoothed test loss of each"
    return (
        f"No runs of {wanted:,} epochs here; shown: those of {arm.epochs:,} epochs, and the epoch "
        "of the least smoothed test loss of each"
    )


def _mark_minima(axes: Axes, arm: ConditionCurves) -> None:
    """Mark the epoch of the least smoothed test loss of each run, and where the paper puts it."""
    low, high = _printed_range()
    if low < arm.epochs:
        axes.axvspan(low, high, color="#EDEDED", zorder=0, label="printed")
    for row, place in enumerate(PLACES):
        cell = arm.cells[strategy_at(place, arm.condition)]
        epochs = arm.measures.loc[cell, "smooth_min_epoch"].dropna()
        axes.plot(
            epochs,
            [0.97 - 0.035 * row] * len(epochs),
            marker="|",
            linestyle="none",
            color=style_of(place)["color"],
            transform=axes.get_xaxis_transform(),
            label=f"least, {place}",
        )
    # marks of the last epoch are not to be cut in half
    axes.set_xlim(0, 1.01 * arm.epochs)


def _printed_range() -> tuple[float, float]:
    """Return the epochs between which the paper sees overfitting begin, as its claim reads it."""
    claim = next(c for c in load_records("batch_increase").claims if c.id == "T17")
    (part, *_) = (p for p in claim.readings[0].parts if isinstance(p, Part))
    assert isinstance(part.right, float)
    return part.right - part.margin, part.right + part.margin


def _section_epochs() -> int:
    """Return the epochs of the runs of section 4.5."""
    families = load_records("batch_increase").families
    return int(next(f for f in families if f.id == "section-4.5").needs["epochs"])
