"""The batch sizes of the increase in other orders: test loss and error by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.claims.records import load_records
from escaping_minima.report.figures.axes import draw_band, fit_log, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import BLUE, GREEN, PINK, styled
from escaping_minima.studies.batch_increase.curves import ConditionCurves, Sources, curves_at
from escaping_minima.studies.batch_increase.evidence import Tables
from escaping_minima.studies.batch_increase.names import condition_words, strategy_at
from escaping_minima.studies.batch_increase.strategies import FIXED_SIZES

_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "linear": {"color": BLUE, "linestyle": "-", "linewidth": 2.0},
    "random": {"color": PINK, "linestyle": (0, (5, 1.5)), "linewidth": 1.4},
    "decreasing": {"color": GREEN, "linestyle": (0, (1, 1.2)), "linewidth": 1.5},
}
_WORDS = {
    "linear": "increasing",
    "random": "in random order, another one each seed",
    "decreasing": "decreasing",
}
_COLUMNS = {
    "test_loss": "test loss\n(cross-entropy, log scale)",
    "test_error": "test error\n(percent, log scale)",
}


@styled
def orders(sources: Sources) -> Figure:
    """Draw test loss and error by epoch under the same sizes in three orders (claim T23).

    Parameters
    ----------
    sources : Sources
    """
    title = "The batch sizes of the increase in other orders"
    arms = {n2: arm for n2 in FIXED_SIZES if (arm := order_arm(sources, n2)) is not None}
    if not arms:
        return absent(title)
    said = {f"{arm.describe()}; {arm.data_words()}" for arm in arms.values()}
    published = any(arm.published for arm in arms.values())
    figure = titled(3.4 * len(arms) + 0.8, title, "; ".join(sorted(said)), published)
    grid = figure.subplots(len(arms), len(_COLUMNS), squeeze=False)
    for row, (condition, arm) in zip(grid, arms.items(), strict=True):
        for axes, (column, label) in zip(row, _COLUMNS.items(), strict=True):
            for order, look in _LOOKS.items():
                band = arm.band(strategy_at(order, condition), column)
                draw_band(axes, band, "epoch", look, order, log=True)
            tidy(axes, "epoch")
            fit_log([axes], _LOOKS)
            axes.set(title=condition_words(condition), xlabel="epoch", ylabel=label)
    handles = [Line2D([], [], **look, label=_WORDS[order]) for order, look in _LOOKS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def order_arm(sources: Sources, condition: int) -> ConditionCurves | None:
    """Return the longest runs of a condition that have all three orders, None if nobody has any.

    Parameters
    ----------
    sources : Sources
        Main runs come before the sample, published ones after all of this run.
    condition : int
        N2.
    """
    return sources.first(lambda tables, published: _find(tables, condition, published))


def _find(
    tables: Mapping[str, pd.DataFrame], condition: int, published: bool
) -> ConditionCurves | None:
    built = Tables.build(tables, load_records("batch_increase"))
    wanted = [strategy_at(order, condition) for order in _LOOKS]
    for roles in (("main", "main_ladder"), ("sample", "sample_ladder")):
        there = [arm for role in roles for arm in built.arms_of(role)]
        for arm in sorted(there, key=lambda arm: -arm.epochs):
            cells = built.arms[arm] | built.arms.get(built.orders(arm) or arm, {})
            if set(wanted) <= set(cells):
                chosen = {strategy: cells[strategy] for strategy in wanted}
                return curves_at(built, chosen, condition, published)
    return None
