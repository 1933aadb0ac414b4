"""What the figures of the study share: how strategies are drawn, and a panel of curves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY, draw_band, tidy
from escaping_minima.report.style import BLACK, BLUE, ORANGE, VERMILION
from escaping_minima.studies.batch_increase.curves import ConditionCurves
from escaping_minima.studies.batch_increase.names import (
    PLACES,
    condition_name,
    condition_words,
    strategy_at,
)
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES, N1

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "N1": {"color": BLACK, "linestyle": (0, (1, 1.2)), "linewidth": 1.5},
    "mean": {"color": ORANGE, "linestyle": (0, (5, 1.2, 1, 1.2)), "linewidth": 1.4},
    "N2": {"color": VERMILION, "linestyle": (0, (5, 1.5)), "linewidth": 1.4},
    "linear": {"color": BLUE, "linestyle": "-", "linewidth": 2.0},
}
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


def detail_of(arms: Mapping[int, ConditionCurves | None], bands: bool = True) -> str:
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


def title_panel(
    axes: Axes, arm: ConditionCurves | None, condition: int, bands: bool = True
) -> bool:
    """Name a panel, and say so where its curves are not this run's; return whether it has any.

    Parameters
    ----------
    axes : Axes
    arm : ConditionCurves or None
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
    axes: Axes, arm: ConditionCurves, column: str, against: str = "epoch", log: bool = True
) -> None:
    """Draw the four strategies with their bands, from the first epoch on.

    Parameters
    ----------
    axes : Axes
    arm : ConditionCurves
    column : str
        Of the curves.
    against : {"epoch", "updates"}
    log : bool
        Whether the values will be shown on a logarithmic axis.
    """
    for place in PLACES:
        band = arm.band(strategy_at(place, arm.condition), column)
        draw_band(axes, band, against, style_of(place), place, log)
    tidy(axes, against)


def draw_extremes(axes: Axes, arm: ConditionCurves, columns: Sequence[str]) -> None:
    """Draw the least or the largest value over seeds of some columns, as their names say.

    Parameters
    ----------
    axes : Axes
    arm : ConditionCurves
    columns : sequence of str
        Of the curves; they end in ``_min`` or ``_max``.
    """
    for place in PLACES:
        for column in columns:
            values = arm.extreme(strategy_at(place, arm.condition), column)
            trained = values[values.index > 0]
            axes.plot(trained.index, trained, **style_of(place), label=place, zorder=3)
    tidy(axes, "epoch")
