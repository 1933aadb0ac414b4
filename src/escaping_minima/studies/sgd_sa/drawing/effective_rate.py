"""The learning rate that SGD-SA has in effect, beside that of Scheduled-SGD."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.parts.registry import make_part
from escaping_minima.report.figures.axes import draw_band, label_log_axis, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Lines, Sources
from escaping_minima.studies.sgd_sa.drawing.shared import (
    legend,
    mark_level,
    run_handles,
    style_of,
    title_panel,
)
from escaping_minima.studies.sgd_sa.layout import RATES
from escaping_minima.studies.sgd_sa.moves import by_epoch
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES

_ARMS = (*(("main", network) for network in NETWORK_NAMES), ("small", "vgg16"))


@styled
def effective_rate(sources: Sources) -> Figure:
    """Draw the mean of rate times kept by epoch, and the rate of Scheduled-SGD.

    Parameters
    ----------
    sources : Sources
    """
    title = "The learning rate that SGD-SA has in effect, beside Scheduled-SGD's"
    found = sources.several(_ARMS, ("sgd_sa", "scheduled_sgd"))
    if not found:
        return absent(title)
    figure = titled(4.6, title)
    level: list[Line2D] = []
    for axes, lines in zip(
        figure.subplots(1, len(found), sharey=True, squeeze=False)[0], found, strict=True
    ):
        _panel(axes, lines)
        level = [mark_level(axes, float(np.mean(RATES)), "mean of all rates, every move kept")]
        axes.set_yscale("log")
        label_log_axis(axes.yaxis)
        title_panel(axes, lines, len(found))
    legend(figure, [*run_handles(["sgd_sa", "scheduled_sgd"]), *level])
    return figure


def rate_by_epoch(row: pd.Series) -> pd.Series:
    """Return the learning rate of a cell with one schedule of it, by epoch.

    Parameters
    ----------
    row : Series
        Of ``cells.csv``: ``settings``, the cell's record as JSON, and ``epochs``.
    """
    record, epochs = json.loads(row["settings"]), int(row["epochs"])
    part = record["rate"]
    schedule = make_part("schedules", part["name"], part["settings"])
    first = record["method_settings"]["learning_rate"]
    whole = range(1, epochs + 1)
    return pd.Series([first * schedule.factor(e, epochs, 0.0) for e in whole], index=whole)


def _panel(axes: Axes, lines: Lines) -> None:
    means = lines.draw_from(by_epoch(lines.of("moves.parquet", "sgd_sa")))
    band = means.band("sgd_sa", "effective_rate")
    draw_band(axes, band, "epoch", style_of("sgd_sa"), "sgd_sa", True)
    rates = rate_by_epoch(lines.runs.row(lines.cells["scheduled_sgd"]))
    style = style_of("scheduled_sgd") | {"drawstyle": "steps-mid"}
    axes.plot(rates.index, rates, **style, label="scheduled_sgd")
    tidy(axes, "epoch")
    axes.set(xlabel="epoch", ylabel="mean learning rate, 0 if rejected\n(log scale)")
    axes.label_outer()
