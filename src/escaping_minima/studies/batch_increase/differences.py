"""The figure of the linear increase against every fixed size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import label_log_axis
from escaping_minima.report.figures.bands import FEWEST
from escaping_minima.report.ratios import RATIO
from escaping_minima.report.style import BLACK, ORANGE, new_figure, styled
from escaping_minima.studies.batch_increase.names import STRATEGY_NAMES, condition_name
from escaping_minima.studies.batch_increase.summaries import COMPARED

#: Measures drawn, with the name and unit of their axis.
_MEASURES = {
    "final_test_loss": "test loss at the end\n(linear / fixed, log scale)",
    "min_test_loss": "least test loss\n(linear / fixed, log scale)",
    "final_test_error": "test error at the end\n(linear − fixed, points)",
    "min_test_error": "least test error\n(linear − fixed, points)",
}
#: How runs under the two optimisers are drawn.
_OPTIMISERS = {"": (BLACK, "o", "AdaGrad"), "_sgd": (ORANGE, "s", "SGD")}


@styled
def differences(paired: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the linear increase against every fixed size: ratios of losses, differences of errors.

    Parameters
    ----------
    paired : DataFrame
        ``paired.csv``.
    cells : DataFrame
        ``cells.csv``.
    """
    there = set(paired["role"])
    base = "main" if "main" in there else "sample"
    rows = cells[cells["role"] == base]
    bars = "95 percent intervals" if rows["seeds"].min() >= FEWEST else "range of the seeds"
    figure = new_figure(
        10.5,
        4.2,
        "Linear increase against fixed batch sizes, seed by seed",
        f"{rows['seeds'].min()} seeds a strategy, {rows['epochs'].max():,} epochs; "
        f"{'; '.join(dict.fromkeys(rows['data_words']))}; bars: {bars}",
    )
    shown = {suffix: entry for suffix, entry in _OPTIMISERS.items() if base + suffix in there}
    shifts = (-0.13, 0.13) if len(shown) > 1 else (0.0,)
    order = paired.loc[paired["role"] == base, ["condition", "strategy"]].drop_duplicates()
    keys = list(order.itertuples(index=False, name=None))
    for axes, (measure, label) in zip(
        figure.subplots(1, len(_MEASURES), sharey=True), _MEASURES.items(), strict=True
    ):
        ratio = COMPARED[measure]
        for shift, (suffix, look) in zip(shifts, shown.items(), strict=True):
            chosen = (paired["role"] == base + suffix) & (paired["measure"] == measure)
            _draw(axes, paired[chosen], keys, shift, look)
        _name_rows(axes, keys, 1.0 if ratio else 0.0)
        if ratio:
            axes.set_xscale("log")
            label_log_axis(axes.xaxis)
        axes.set_xlabel(label)
    handles = [
        Line2D(
            [], [], color=colour, marker=marker, label=f"{name} (left of the line: linear is lower)"
        )
        for colour, marker, name in shown.values()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _draw(
    axes: Axes,
    rows: pd.DataFrame,
    keys: Sequence[tuple[int, str]],
    shift: float,
    look: tuple[str, str, str],
) -> None:
    """Draw one measure under one optimiser, each comparison in the line of its key."""
    colour, marker, name = look
    found = rows.set_index(["condition", "strategy"])
    ends = ["mean", "low", "high"]
    found[ends] = found[ends].where(found["unit"] != RATIO, np.exp(found[ends] / 100.0), axis=0)
    for place, key in enumerate(keys):
        if key in found.index:
            row, y = found.loc[key], place + shift
            axes.plot([row["low"], row["high"]], [y, y], color=colour)
            axes.plot(row["mean"], y, marker, color=colour, label=name)


def _name_rows(axes: Axes, keys: Sequence[tuple[int, str]], alike: float) -> None:
    """Name the fixed sizes on the left, and mark where two strategies do not differ."""
    axes.axvline(alike, color="#9A9A9A", linewidth=0.9, zorder=0)
    names = [f"{condition_name(n2)}: {STRATEGY_NAMES[strategy]}" for n2, strategy in keys]
    axes.set_yticks(range(len(keys)), names)
    axes.set_ylim(len(keys) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
