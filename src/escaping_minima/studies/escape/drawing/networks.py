"""Small networks: how far above the best loss their ends lie, and what sources of noise do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.drawing.shared import (
    bars,
    describe_runs,
    frame,
    legend,
    number_of,
    percent_axis,
    style_of,
)
from escaping_minima.studies.escape.layout import SOURCES, STRENGTHS
from escaping_minima.studies.escape.names import PROBLEM_NAMES, SOURCE_NAMES

_WIDE = ("xor_2", "xor_4", "xor_8", "xor_16", "mnist_wide_5", "mnist_1", "mnist_wide_20")
#: What "almost" is read as, in percent of the height.
_ALMOST = 10


@styled
def widths(gaps: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw how far above the lowest loss gradient descent ends, by network.

    Parameters
    ----------
    gaps : DataFrame
        ``gaps.csv``.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        9,
        4.8,
        "Are local minima nearly as good as the global one?",
        f"gradient descent, tuned; {describe_runs(cells, ['network'])}",
    )
    axes = figure.subplots()
    own = gaps[gaps["role"].isin(["arena", "network"]) & (gaps["arm"] == "gd")]
    there = [problem for problem in _WIDE if problem in set(own["problem"])]
    rows = own.set_index("problem").reindex(there)
    for index, name in enumerate(("gap", "worst")):
        label = {"gap": "mean of all ends", "worst": "worst tenth"}[name]
        values = rows[name].astype(float)
        axes.plot(range(len(there)), values, linestyle="none", label=label, **style_of(index))
    axes.axhline(_ALMOST, color="#555555", linestyle="--", linewidth=0.9)
    names = [PROBLEM_NAMES[problem] for problem in there]
    axes.set_xticks(range(len(there)), names, rotation=20, ha="right")
    axes.set_ylabel("loss above the global minimum\n(percent of the height of starts)")
    frame(axes)
    axes.legend()
    return figure


@styled
def sources(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the share of starts at a global minimum with one source of noise at a time.

    Parameters
    ----------
    shares : DataFrame
        ``shares.csv``.
    cells : DataFrame
        ``cells.csv``.
    """
    best = shares[(shares["measure"] == "best") & (shares["arm"] == "gd")]
    problems = [p for p in ("xor_2", "mnist_1") if p in set(best["problem"])] or ["xor_2"]
    figure = new_figure(
        4.5 + 3.5 * len(problems),
        4.8,
        "Do other sources of noise than batches avoid local minima?",
        f"full batches, tuned; {describe_runs(cells, ['source'])}",
    )
    for axes, problem in zip(np.ravel(figure.subplots(1, len(problems))), problems, strict=True):
        own = best[best["problem"] == problem]
        noisy = own[own["role"] == "source"]
        for index, strength in enumerate(STRENGTHS):
            rows = noisy[number_of(noisy["point"], "strength") == strength]
            named = rows.set_index(rows["point"].str.extract(r"source (\w+)", expand=False))
            part = named.reindex(SOURCES)[["share", "low", "high"]].astype(float)
            places = np.arange(len(SOURCES)) + 0.15 * (2 * index - 1)
            style = style_of(index) | {"linestyle": "none", "capsize": 2}
            label = f"strength {strength:g}"
            axes.errorbar(places, part["share"], bars(part, "share"), label=label, **style)
        for row in own[own["role"].isin(["arena", "network"])].itertuples():
            axes.axhspan(row.low, row.high, color="#BBBBBB", alpha=0.5, label="no noise")
        axes.set_title(PROBLEM_NAMES[problem])
        names = [SOURCE_NAMES[source] for source in SOURCES]
        axes.set_xticks(range(len(SOURCES)), names, rotation=20, ha="right")
        percent_axis(axes, "at a global minimum (percent)")
        frame(axes)
    legend(figure, axes.get_legend_handles_labels()[0])
    return figure
