"""How much worse the moves were that SGD-SA kept, and those that it rejected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from escaping_minima.report.figures.axes import tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Lines, Sources
from escaping_minima.studies.sgd_sa.drawing.shared import (
    KEPT,
    REJECTED,
    legend,
    shade_between,
    title_panel,
)
from escaping_minima.studies.sgd_sa.moves import QUANTILES, worsening_quantiles
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "accepted": {"color": KEPT, "linestyle": "-", "linewidth": 1.8},
    "rejected": {"color": REJECTED, "linestyle": (0, (4, 1.5)), "linewidth": 1.8},
}
_WORDS = {"accepted": "kept, median", "rejected": "rejected, median"}


@styled
def worsenings(sources: Sources) -> Figure:
    """Draw quantiles of the worsening of accepted and rejected moves by epoch.

    Parameters
    ----------
    sources : Sources
    """
    title = "SGD-SA: by how much moves worsened the loss of their minibatch"
    found = sources.several([("main", network) for network in NETWORK_NAMES], ("sgd_sa",))
    if not found:
        return absent(title)
    figure = titled(4.3, title)
    grid = figure.subplots(1, len(found), squeeze=False, sharey=True)
    for axes, lines in zip(grid[0], found, strict=True):
        draw_quantiles(axes, lines)
        axes.label_outer()
        title_panel(axes, lines, len(found), bands=False)
    legend(figure, quantile_handles())
    return figure


def draw_quantiles(axes: Axes, lines: Lines) -> None:
    """Draw median and outer quantiles of both kinds of worsening moves of SGD-SA."""
    table = worsening_quantiles(lines.of("worsenings.parquet", "sgd_sa"))
    low, middle, high = QUANTILES
    for outcome, style in _STYLES.items():
        part = table[table["outcome"] == outcome]
        shade_between(axes, part["epoch"], part[low], part[high], style["color"])
        axes.plot(part["epoch"], part[middle], **style, label=outcome)
    axes.set_yscale("log")
    tidy(axes, "epoch")
    axes.set(xlabel="epoch", ylabel="worsening of the loss\n(mean cross-entropy, log scale)")


def quantile_handles() -> list[Line2D | Patch]:
    """Return what a legend says of the quantiles."""
    low, _, high = QUANTILES
    lines = [Line2D([], [], **style, label=_WORDS[name]) for name, style in _STYLES.items()]
    words = f"{100 * low:g} to {100 * high:g} percent of them"
    return [*lines, Patch(color="#C8C8C8", label=words)]
