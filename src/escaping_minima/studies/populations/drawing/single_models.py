"""SAM against SGD on one model of each trajectory, by how it is picked, and on SetA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.populations.drawing.lines import Sources
from escaping_minima.studies.populations.drawing.shared import colour_of, frame, legend
from escaping_minima.studies.populations.names import ROLE_NAMES, TASK_NAMES
from escaping_minima.studies.populations.scope import scope_words
from escaping_minima.studies.populations.single_model_orders import (
    RULE_NAMES,
    pairs_of_models,
)

_PANEL_SIZE = 8.5
_ABOVE: Mapping[bool, str] = {True: "SAM is higher", False: "SAM is not higher"}


@styled
def single_models(sources: Sources) -> Figure:
    """Draw the test score of SAM less that of SGD, a mark a pair of trajectories.

    Parameters
    ----------
    sources : Sources
    """
    title = "SAM less SGD: single models, and the mean of SetA"
    found = sources.trajectories()
    pairs = [] if found is None else list(pairs_of_models(found[0]))
    if found is None or not pairs:
        return absent(title)
    height = 1.0 + 2.1 * len(pairs)
    figure = titled(height, title, published=found[1])
    grid = figure.subplots(len(pairs), 1, squeeze=False)[:, 0]
    for axes, arm in zip(grid, pairs, strict=True):
        _panel(axes, arm.differences)
        words = f"{TASK_NAMES[arm.task]}, {ROLE_NAMES[arm.role]}: {scope_words(arm.rows)}"
        axes.set_title(words, fontsize=_PANEL_SIZE, wrap=True)
    grid[-1].set_xlabel("test score of SAM less that of SGD (points)")
    handles = [
        Line2D([], [], marker="o", linestyle="none", color=_colour(above), label=words)
        for above, words in _ABOVE.items()
    ]
    mean = Line2D([], [], color=GREY, marker="|", markersize=11, linestyle="none", label="mean")
    legend(figure, [*handles, mean])
    return figure


def _panel(axes: Axes, differences: Mapping[str, pd.Series]) -> None:
    for place, (rule, values) in enumerate(differences.items()):
        spread = np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else np.zeros(1)
        height = place + spread
        for above in _ABOVE:
            there = (values > 0).to_numpy() == above
            look: dict[str, Any] = {"color": _colour(above), "markersize": 4.5, "linestyle": "none"}
            label = f"{rule} {_ABOVE[above]}"
            axes.plot(values[there], height[there], "o", **look, label=label)
        bar: dict[str, Any] = {"color": GREY, "markersize": 11, "markeredgewidth": 1.6}
        axes.plot([values.mean()], [place], "|", **bar, label=f"{rule} mean")
    axes.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)
    axes.set_yticks(range(len(differences)), [RULE_NAMES[rule] for rule in differences])
    axes.set_ylim(len(differences) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    frame(axes, "x")


def _colour(above: bool) -> str:
    return colour_of("sam" if above else "gd")
