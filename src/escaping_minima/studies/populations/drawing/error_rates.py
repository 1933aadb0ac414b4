"""How often the paper's tests reject where nothing differs, by intraclass correlation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.claims.source import ALPHA
from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import titled
from escaping_minima.report.style import BLUE, ORANGE, styled
from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.populations.drawing.shared import frame, legend
from escaping_minima.studies.populations.show_words import TEST_NAMES

#: By test, its colour.
TESTS: Mapping[str, str] = {"t": BLUE, "mann_whitney": ORANGE}
#: By whether both sets are of the same trajectories, what a panel is about.
DESIGNS: Mapping[bool, str] = {
    False: "two sets of trajectories (Table 6)",
    True: "two sets of the same trajectories (Tables 2, 3 and 5)",
}
_LINES: tuple[Any, ...] = ("-", (0, (4, 1.5)))


@styled
def error_rates(curves: pd.DataFrame, measured: pd.DataFrame) -> Figure:
    """Draw the false positive rates of both tests, and where the measured correlations lie.

    Parameters
    ----------
    curves : DataFrame
        ``error_curves.csv``.
    measured : DataFrame
        ``error_rates.csv``; may be empty.
    """
    designs = list(dict.fromkeys(zip(curves["trajectories"], curves["models"], strict=True)))
    said = "no correlation was measured"
    if len(measured):
        marks = spanned([len(measured)], "mark")
        said = f"{marks}: the comparisons of this run, at their own correlation and size"
    title = "How often the paper's tests reject where nothing differs"
    figure = titled(4.4, title, f"Simulated; {said}")
    grid = figure.subplots(1, len(DESIGNS), sharey=True)
    for axes, (shared, words) in zip(grid, DESIGNS.items(), strict=True):
        _panel(axes, curves[curves["shared"] == shared], designs)
        _measured(axes, measured[measured["shared"].astype(bool) == shared])
        axes.axhline(100 * ALPHA, color=GREY, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
        axes.set(xlabel="intraclass correlation of models of one trajectory", title=words)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(bottom=-2)
        frame(axes)
    grid[0].set_ylabel("rejected at p < 0.05 (percent)")
    legend(figure, _handles(designs, len(measured) > 0), columns=3)
    return figure


def _panel(axes: Axes, curves: pd.DataFrame, designs: list[tuple[int, int]]) -> None:
    for test, colour in TESTS.items():
        for design, line in zip(designs, _LINES, strict=False):
            size = (curves["trajectories"] == design[0]) & (curves["models"] == design[1])
            own = curves[(curves["test"] == test) & size]
            style: dict[str, Any] = {"color": colour, "linestyle": line}
            axes.plot(own["icc"], 100 * own["rate"], **style, label=f"{test} {design}")
            ends = (100 * own["low"], 100 * own["high"])
            axes.fill_between(own["icc"], *ends, color=colour, alpha=0.15, linewidth=0)


def _measured(axes: Axes, measured: pd.DataFrame) -> None:
    for test, colour in TESTS.items():
        own = measured[measured["test"] == test]
        look: dict[str, Any] = {
            "color": colour,
            "markersize": 4,
            "alpha": 0.6,
            "markeredgewidth": 0,
        }
        axes.plot(
            own["icc"], 100 * own["rate"], "o", **look, linestyle="none", label=f"{test} measured"
        )


def _handles(designs: list[tuple[int, int]], measured: bool) -> list[Line2D]:
    handles = [Line2D([], [], color=colour, label=TEST_NAMES[t]) for t, colour in TESTS.items()]
    for (count, models), line in zip(designs, _LINES, strict=False):
        words = f"{count} trajectories of {spanned([models], 'model')}"
        handles.append(Line2D([], [], color=GREY, linestyle=line, label=words))
    if measured:
        look: dict[str, Any] = {"color": GREY, "marker": "o", "linestyle": "none", "markersize": 4}
        handles.append(Line2D([], [], **look, label="measured correlations"))
    level: dict[str, Any] = {"color": GREY, "linewidth": 0.9, "linestyle": (0, (1, 1.5))}
    return [*handles, Line2D([], [], **level, label="what it should be")]
