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
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

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
#: Between two factors of ten, marks that still leave room for their labels.
_STEPS = (1.0, 2.0, 5.0)
#: Factors of ten of an axis above which it has no room for such marks.
_WIDE = 2.7
_LEGEND_COLUMNS = 5
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


def detail_of(arms: Sequence[Arm | None]) -> str:
    """Return what stands below a figure's title: what the panels of this run rest on."""
    own = [arm for arm in arms if arm and not arm.published]
    words = {arm.condition: f"{arm.describe()}; {arm.data_words()}" for arm in own}
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "\n".join(f"{condition_name(n2)}: {line}" for n2, line in words.items())


def title_panel(axes: Axes, arm: Arm | None, condition: int, what: str = "") -> bool:
    """Name a panel, and say so where its curves are not this run's; return whether it has any.

    Parameters
    ----------
    axes : Axes
    arm : Arm or None
        None where neither this run nor a published one has the condition.
    condition : int
        N2.
    what : str
        What the panel shows, where a figure shows several things.
    """
    words = f"{condition_words(condition)}{f': {what}' if what else ''}"
    if arm is None:
        axes.set_title(words)
        axes.text(
            0.5,
            0.5,
            "not part of this run,\nand no published run has it",
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=GREY,
        )
        axes.set(xticks=[], yticks=[])
        return False
    if arm.published:
        words += f"\nNOT THIS RUN but the published one:\n{arm.describe()}\n"
        words += textwrap.fill(arm.data_words(), _TITLE_WIDTH)
    axes.set_title(words)
    return True


def draw_curves(
    axes: Axes, arm: Arm, column: str, against: str = "epoch", log: bool = True
) -> None:
    """Draw the four strategies with their bands, from the first epoch on.

    Parameters
    ----------
    axes : Axes
    arm : Arm
    column : str
        Of the curves.
    against : {"epoch", "updates"}
    log : bool
        Whether the values are drawn on a logarithmic axis.
    """
    levels = []
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
        levels += [mean.min(), mean.max()]
    if log and levels and min(levels) > 0:
        axes.set_yscale("log")
        axes.set_ylim(min(levels) / 1.3, max(levels) * 1.3)
        label_log_axis(axes.yaxis)
    if against == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def label_log_axis(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, and more than powers of ten where it is short.

    Parameters
    ----------
    axis : Axis
        With its limits set.
    """
    low, high = axis.get_view_interval()
    wide = np.log10(high / low) > _WIDE
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide else _STEPS))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}" if v >= 1 else f"{v:g}"))
    axis.set_minor_formatter(NullFormatter())
