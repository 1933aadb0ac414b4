"""What the figures of the study share: how runs are drawn, titles, legends, panels of curves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.parts.looks import look_of
from escaping_minima.report.figures.axes import GREY, draw_band, fit_log, tidy
from escaping_minima.report.figures.titled import PUBLISHED
from escaping_minima.report.style import BLUE, GREEN, ORANGE, PINK, SKY
from escaping_minima.studies.sgd_sa.drawing.lines import Lines
from escaping_minima.studies.sgd_sa.names import RUN_NAMES
from escaping_minima.studies.sgd_sa.scope import scope_words

#: Letters in a line above all panels of a row, and their size in points.
_ROW_LETTERS, _PANEL_SIZE = 114, 8.5
_LEGEND_COLUMNS = 4
_SGD = {"color": look_of("gd").colour, "linestyle": (0, (5, 1.5)), "linewidth": 1.5}
_SSA = look_of("ssa").colour
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "scheduled_sgd": _SGD,
    "sgd": _SGD,
    "sgd_sa": {"color": look_of("sgd_sa").colour, "linestyle": "-", "linewidth": 1.9},
    "accept_off": {"color": BLUE, "linestyle": (0, (5, 1.2, 1, 1.2)), "linewidth": 1.5},
    "ssa": {"color": _SSA, "linestyle": "-", "linewidth": 2.2},
    "ssa_shortened": {"color": ORANGE, "linestyle": (0, (5, 1.2, 1, 1.2)), "linewidth": 1.6},
    "ssa_refreshed": {"color": BLUE, "linestyle": (0, (3, 1)), "linewidth": 1.6},
    "ssa_cooled_each_minibatch": {"color": GREEN, "linestyle": (0, (1, 1)), "linewidth": 1.8},
    "ssa_error": {"color": PINK, "linestyle": (0, (7, 2)), "linewidth": 1.6},
}
#: Colours of what was kept and what was not.
KEPT, REJECTED = BLUE, ORANGE
#: Another colour for what is random beside what follows a gradient.
RANDOM = SKY
TEST_LOSS = "test loss\n(mean cross-entropy)"
TEST_ACCURACY = "test accuracy\n(percent)"
TRAINING_ACCURACY = "training accuracy\n(percent)"


@dataclass(frozen=True)
class Panel:
    """What a panel of curves shows.

    Attributes
    ----------
    column : str
        Of the curves.
    label : str
        Of its axis, with the unit.
    title : str
    log : bool
        Whether the axis is logarithmic.
    """

    column: str
    label: str
    title: str = ""
    log: bool = False


def style_of(run: str) -> dict[str, Any]:
    """Return colour and line of a run, the same in every figure."""
    return dict(_STYLES[run])


def title_panel(axes: Axes, lines: Lines, panels: int, bands: bool = True) -> None:
    """Say above a panel, one of some in a row, what it rests on and whose runs it shows."""
    words = [*scope_words(lines.rows).split("; "), lines.describe(bands)]
    if lines.published:
        words.insert(0, f"{PUBLISHED}:")
    wrapped = (textwrap.fill(line, _ROW_LETTERS // panels) for line in words)
    axes.set_title("\n".join(wrapped), fontsize=_PANEL_SIZE)


def legend(figure: Figure, handles: Sequence[Any], columns: int = _LEGEND_COLUMNS) -> None:
    """Name what a figure shows, below it."""
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))


def run_handles(runs: Iterable[str]) -> list[Line2D]:
    """Return what a legend says of runs."""
    return [Line2D([], [], **style_of(run), label=RUN_NAMES[run]) for run in runs]


def draw_means(axes: Axes, lines: Lines, panel: Panel) -> None:
    """Draw the mean of each run with its band, from the first epoch on."""
    for run in lines.cells:
        draw_band(axes, lines.band(run, panel.column), "epoch", style_of(run), run, panel.log)
    _finish(axes, panel, list(lines.cells))


def draw_seeds(axes: Axes, lines: Lines, panel: Panel) -> None:
    """Draw every run by itself, from the first epoch on."""
    for run in lines.cells:
        wide = lines.seeds(run, panel.column)
        for seed in wide:
            line = wide.loc[wide.index > 0, seed]
            thin = style_of(run) | {"linewidth": 0.9, "alpha": 0.75}
            axes.plot(line.index, line, **thin, label=run, zorder=3)
    _finish(axes, panel, list(lines.cells))


def _finish(axes: Axes, panel: Panel, runs: Sequence[str]) -> None:
    tidy(axes, "epoch")
    if panel.log:
        fit_log([axes], runs)
    axes.set(xlabel="epoch", ylabel=panel.label, title=panel.title)


def mark_level(axes: Axes, level: float, words: str) -> Line2D:
    """Draw a level across a panel, and return what a legend says of it."""
    style: dict[str, Any] = {"color": GREY, "linewidth": 0.9, "linestyle": (0, (1, 1.5))}
    axes.axhline(level, **style, zorder=1, label=words)
    return Line2D([], [], **style, label=words)


def shade_between(axes: Axes, x: Any, low: Any, high: Any, colour: str) -> None:
    """Fill what lies between two curves."""
    axes.fill_between(x, np.asarray(low), np.asarray(high), color=colour, alpha=0.15, linewidth=0)
