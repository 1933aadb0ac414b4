"""What the figures of the study share: how strategies are drawn, and a panel of curves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from escaping_minima.report.style import BLACK, BLUE, ORANGE, VERMILION
from escaping_minima.studies.batch_increase.curves import Arm
from escaping_minima.studies.batch_increase.names import (
    condition_name,
    condition_words,
    strategy_at,
)
from escaping_minima.studies.batch_increase.plan import FIXED_SIZES, N1

PLACES = ("N1", "mean", "N2", "linear")
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "N1": {"color": BLACK, "linestyle": (0, (1, 1.2)), "linewidth": 1.5},
    "mean": {"color": ORANGE, "linestyle": (0, (5, 1.2, 1, 1.2)), "linewidth": 1.4},
    "N2": {"color": VERMILION, "linestyle": (0, (5, 1.5)), "linewidth": 1.4},
    "linear": {"color": BLUE, "linestyle": "-", "linewidth": 2.0},
}
GREY = "#5A5A5A"
#: Marks between two factors of ten, from few to many, and how many marks an axis is to have.
_STEPS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), range(1, 10), np.arange(1.0, 10.0, 0.5))
_FEWEST_MARKS = 4
#: Room above and below the curves, as a share of the height that they take.
_ROOM = 0.06
_LEGEND_COLUMNS = 5
_ABSENT = "not part of this run, and no published run has it"
#: Letters in a line of a panel's title.
_TITLE_WIDTH = 50


def style_of(place: str) -> dict[str, Any]:
    """Return colour and line of a place in a condition, the same in every figure."""
    return dict(_STYLES[place])


def legend(figure: Figure, extra: Sequence[Line2D] = ()) -> None:
    """Name the four strategies below a figure, and whatever else it marks."""
    sizes = ["; ".join(str(s[place]) for s in FIXED_SIZES.values()) for place in range(3)]
    words = {
        "N1": f"fixed N1 ({N1})",
        "mean": f"fixed mean ({sizes[1]})",
        "N2": f"fixed N2 ({sizes[2]})",
        "linear": "linear increase N1 → N2",
    }
    handles = [Line2D([], [], **style_of(place), label=words[place]) for place in PLACES]
    entries = [*handles, *extra]
    columns = len(entries) if len(entries) <= _LEGEND_COLUMNS else (len(entries) + 1) // 2
    figure.legend(handles=entries, loc="outside lower center", ncols=columns)


def detail_of(arms: Mapping[int, Arm | None], bands: bool = True) -> str:
    """Return what stands below a figure's title: what the panels of this run rest on.

    Parameters
    ----------
    arms : Mapping
        By condition (N2); None where no run has it, which is said where others are drawn.
    bands : bool
        Whether the figure has bands, which are then explained.
    """
    own = {n2: arm for n2, arm in arms.items() if arm and not arm.published}
    words = {n2: f"{arm.describe(bands)}; {arm.data_words()}" for n2, arm in own.items()}
    lines = [f"{condition_name(n2)}: {line}" for n2, line in words.items()]
    if len(set(words.values())) == 1:
        lines = [next(iter(words.values()))]
    absent = [n2 for n2, arm in arms.items() if arm is None] if any(arms.values()) else []
    return "\n".join([*lines, *(f"{condition_name(n2)}: {_ABSENT}" for n2 in absent)])


def title_panel(axes: Axes, arm: Arm | None, condition: int, bands: bool = True) -> bool:
    """Name a panel, and say so where its curves are not this run's; return whether it has any.

    Parameters
    ----------
    axes : Axes
    arm : Arm or None
        None where neither this run nor a published one has the condition.
    condition : int
        N2.
    bands : bool
        As in `detail_of`.
    """
    words = condition_words(condition)
    if arm is None:
        axes.set_title(words)
        axes.text(
            0.5,
            0.5,
            _ABSENT.replace(", ", ",\n"),
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=GREY,
        )
        axes.set(xticks=[], yticks=[])
        return False
    if arm.published:
        lines = (
            words,
            "NOT THIS RUN but the published one:",
            arm.describe(bands),
            arm.data_words(),
        )
        words = "\n".join(textwrap.fill(line, _TITLE_WIDTH) for line in lines)
    axes.set_title(words)
    return True


def draw_curves(
    axes: Axes, arm: Arm, column: str, against: str = "epoch", log: bool = True
) -> None:
    """Draw the four strategies with their bands, from the first epoch on; see `fit_log` for scales.

    Parameters
    ----------
    axes : Axes
    arm : Arm
    column : str
        Of the curves.
    against : {"epoch", "updates"}
    log : bool
        Whether the values will be shown on a logarithmic axis.
    """
    for place in PLACES:
        band = arm.band(strategy_at(place, arm.condition), column)
        if not len(band.epoch):
            # every run diverged
            continue
        trained = band.epoch > 0
        x = getattr(band, against)[trained]
        mean, low, high = (v[trained] for v in (band.mean, band.low, band.high))
        style = style_of(place)
        axes.plot(x, mean, **style, label=place, zorder=3)
        # on a logarithmic axis an end below 0 has no place
        floor = mean / 10 if log else low
        axes.fill_between(
            x, np.maximum(low, floor), high, color=style["color"], alpha=0.15, linewidth=0
        )
    tidy(axes, against)


def draw_extremes(axes: Axes, arm: Arm, columns: Sequence[str]) -> None:
    """Draw the least or the largest value over seeds of some columns, as their names say.

    Parameters
    ----------
    axes : Axes
    arm : Arm
    columns : sequence of str
        Of the curves; they end in ``_min`` or ``_max``.
    """
    for place in PLACES:
        for column in columns:
            values = arm.extreme(strategy_at(place, arm.condition), column)
            trained = values[values.index > 0]
            axes.plot(trained.index, trained, **style_of(place), label=place, zorder=3)
    tidy(axes, "epoch")


def tidy(axes: Axes, against: str) -> None:
    """Give a panel the marks, the grid and the frame that all panels have."""
    if against == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def fit_log(panels: Sequence[Axes]) -> None:
    """Give panels of one quantity one logarithmic scale, which fits the mean curves of all.

    Parameters
    ----------
    panels : sequence of Axes
        With their curves drawn. They stay as they are where a curve touches 0.
    """
    curves = [x.get_ydata() for axes in panels for x in axes.lines if x.get_label() in PLACES]
    levels = np.concatenate([np.asarray(c, float) for c in curves]) if curves else np.array([])
    if not len(levels) or not levels.min() > 0:
        return
    room = max(1.05, (levels.max() / levels.min()) ** _ROOM)
    for axes in panels:
        axes.set_yscale("log")
        axes.set_ylim(levels.min() / room, levels.max() * room)
        label_log_axis(axes.yaxis)


def label_log_axis(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, and more than powers of ten where it is short.

    Parameters
    ----------
    axis : Axis
        With its limits set.
    """
    axis.set_major_locator(FixedLocator(_marks(*axis.get_view_interval())))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.10g}"))
    axis.set_minor_locator(NullLocator())


def _marks(low: float, high: float) -> list[float]:
    """Return round numbers for a logarithmic axis, a few between its ends."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in _STEPS:
        marks = [float(p * step) for p in powers for step in steps if low <= p * step <= high]
        if len(marks) >= _FEWEST_MARKS:
            return marks
    return [float(v) for v in MaxNLocator(_FEWEST_MARKS).tick_values(low, high)]
