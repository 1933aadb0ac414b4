"""Which learning rates SGD-SA keeps, and which improve the loss, by epoch."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.studies.sgd_sa.drawing.lines import Lines, Sources
from escaping_minima.studies.sgd_sa.drawing.shared import title_panel
from escaping_minima.studies.sgd_sa.moves import by_rate
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES

#: Columns drawn, in words.
SHARES = {
    "accepted_share": "moves kept (percent)",
    "improved_share": "moves that did not worsen (percent)",
}


@styled
def acceptance(sources: Sources) -> Figure:
    """Draw, by rate and epoch, the share of moves that were kept and that did not worsen.

    Parameters
    ----------
    sources : Sources
    """
    title = "SGD-SA: what becomes of moves, by learning rate and epoch"
    found = sources.several([("main", network) for network in NETWORK_NAMES], ("sgd_sa",))
    if not found:
        return absent(title)
    figure = titled(6.4, title)
    grid = figure.subplots(len(SHARES), len(found), squeeze=False, sharex=True, sharey=True)
    for row, (column, words) in zip(grid, SHARES.items(), strict=True):
        for axes, lines in zip(row, found, strict=True):
            image = draw_shares(axes, lines, column)
            axes.label_outer()
        figure.colorbar(image, ax=list(row), label=words)
    for axes, lines in zip(grid[0], found, strict=True):
        title_panel(axes, lines, len(found), bands=False)
    return figure


def draw_shares(axes: Axes, lines: Lines, column: str) -> AxesImage:
    """Draw a column of `by_rate` of SGD-SA as colours, a row a rate, a column an epoch."""
    shares = by_rate(lines.of("moves.parquet", "sgd_sa"))
    wide = shares.pivot(index="rate", columns="epoch", values=column).sort_index()
    image = axes.imshow(
        np.ma.masked_invalid(wide.to_numpy(float)),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="cividis",
        vmin=0,
        vmax=100,
        extent=(0.5, wide.columns.max() + 0.5, -0.5, len(wide) - 0.5),
    )
    axes.set_facecolor("#D0D0D0")
    axes.set_yticks(range(len(wide)), [f"{rate:g}" for rate in wide.index])
    axes.tick_params(axis="y", labelsize=7)
    axes.set(xlabel="epoch", ylabel="learning rate drawn")
    return image
