"""Networks with skip connections and without: planes around their ends, and how they got there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY, fit_log, tidy
from escaping_minima.report.figures.bands import Sources, mean_and_band
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import BLUE, VERMILION, styled
from escaping_minima.report.tables.words import spanned
from escaping_minima.studies.escape.skip_cells import ARMS, PLANES, RUNS, THRESHOLDS
from escaping_minima.studies.escape.skip_tables import CURVES, PLANE_LOSSES, SKIPS, paired

NETWORKS: Mapping[str, str] = {"skip_mlp": "MLP on MNIST", "skip_resnet": "ResNet on CIFAR-10"}
_WORDS: Mapping[str, str] = {"with": "with skip connections", "without": "without"}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "with": {"color": BLUE, "linestyle": "-"},
    "without": {"color": VERMILION, "linestyle": (0, (5, 1.5))},
}
#: What is drawn seed by seed beside the planes, with the name of its axis.
_MEASURES: Mapping[str, str] = {
    "negative_share": "points that bend\ndown (percent)",
    "eigenvalue_ratio": "|lowest| / highest\neigenvalue",
}
#: Left of the planes stand the networks without skips, as they are drawn first in the source.
_ORDER = ("without", "with")
_LEVELS = 14


@styled
def skips(sources: Sources) -> Figure:
    """Draw a plane of each network with skips and without, and what all planes come to.

    Parameters
    ----------
    sources : Sources
    """
    title = "Loss around the end of training, with skip connections and without"
    found = sources.first(_with_rows(PLANE_LOSSES, PLANES))
    if found is None:
        return absent(title)
    tables, published = found
    pairs = paired(tables)
    networks = [name for name in NETWORKS if name in set(pairs["problem"])]
    if not networks:
        return absent(title)
    detail = (
        f"{_seeds(pairs)} with the same start with and without; planes: the first seed, filter by "
        "filter as long as the weights; lines: a seed, mean over its planes"
    )
    figure = titled(3.1 * len(networks), title, detail, published)
    grid = figure.subplots(len(networks), 4, squeeze=False, width_ratios=(1, 1, 0.62, 0.62))
    for row, name in zip(grid, networks, strict=True):
        own = pairs[pairs["problem"] == name]
        _draw_planes(figure, row[:2], _first_planes(tables, name, own), name)
        for axes, (measure, label) in zip(row[2:], _MEASURES.items(), strict=True):
            _draw_pairs(axes, own[own["measure"] == measure], label)
    return figure


@styled
def skip_training(sources: Sources) -> Figure:
    """Draw the training loss of each network with skips and without, at the main rate.

    Parameters
    ----------
    sources : Sources
    """
    title = "Training loss with skip connections and without"
    found = sources.first(_with_rows(CURVES, RUNS))
    if found is None:
        return absent(title)
    tables, published = found
    curves = _placed(tables, CURVES, RUNS)
    networks = [name for name in NETWORKS if name in set(curves["problem"])]
    detail = (
        f"{_seeds(curves)}, bands: 95 percent (of two, their range); dotted: the loss that claims "
        "ask a run to come below"
    )
    figure = titled(3.6, title, detail, published)
    grid = figure.subplots(1, len(networks), squeeze=False)[0]
    for axes, name in zip(grid, networks, strict=True):
        _draw_curves(axes, curves[curves["problem"] == name])
        axes.set(title=NETWORKS[name], xlabel="epoch")
        fit_log([axes], list(_WORDS.values()))
        axes.axhline(THRESHOLDS[name][0], color=GREY, linestyle=":", linewidth=1.0)
    grid[0].set_ylabel("loss over all training images\n(cross-entropy, log scale)")
    handles = [Line2D([], [], **_STYLES[arm], label=words) for arm, words in _WORDS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _with_rows(name: str, role: str) -> Any:
    """Return what finds tables of which one has rows of a role."""

    def find(
        tables: Mapping[str, pd.DataFrame], published: bool
    ) -> tuple[Mapping[str, pd.DataFrame], bool] | None:
        there = len(tables.get(name, ())) and len(tables.get(SKIPS, ()))
        return (tables, published) if there and len(_placed(tables, name, role)) else None

    return find


def _placed(tables: Mapping[str, pd.DataFrame], name: str, role: str) -> pd.DataFrame:
    """Return the rows of a table at the main rate, with the network and the arm of each."""
    cells = tables["cells.csv"]
    own = cells[(cells["role"] == role) & (cells["point"].fillna("") == "")]
    return tables[name].merge(own[["cell", "problem", "arm"]], on="cell")


def _seeds(rows: pd.DataFrame) -> str:
    return spanned(rows.groupby("problem")["block"].nunique(), "seed")


def _first_planes(
    tables: Mapping[str, pd.DataFrame], name: str, pairs: pd.DataFrame
) -> Mapping[str, pd.DataFrame]:
    """Return the losses of the first plane of the first seed that has both arms, by arm."""
    rows = _placed(tables, PLANE_LOSSES, PLANES)
    first = rows[
        (rows["problem"] == name)
        & (rows["block"] == pairs["block"].min())
        & (rows["direction"] == 0)
    ]
    return {
        str(arm): plane.pivot(index="beta", columns="alpha", values="loss")
        for arm, plane in first.groupby("arm")
    }


def _draw_planes(
    figure: Figure, panels: Sequence[Axes], planes: Mapping[str, pd.DataFrame], name: str
) -> None:
    """Draw the planes of a network on one scale, which is logarithmic."""
    values = np.concatenate([plane.to_numpy(float).ravel() for plane in planes.values()])
    seen = values[np.isfinite(values) & (values > 0)]
    norm = LogNorm(seen.min(), seen.max())
    levels = np.geomspace(seen.min(), seen.max(), _LEVELS)
    for axes, arm in zip(panels, _ORDER, strict=True):
        plane = planes[arm]
        drawn = axes.pcolormesh(
            plane.columns, plane.index, plane, norm=norm, cmap="viridis", rasterized=True
        )
        axes.contour(
            plane.columns, plane.index, plane, levels, colors="white", linewidths=0.5, alpha=0.8
        )
        axes.plot(0, 0, "+", color="white", markersize=8)
        axes.set_title(f"{NETWORKS[name]},\n{_WORDS[arm]}")
        axes.set(xlabel="first direction", aspect="equal")
        axes.set_yticks(axes.get_xticks()[1:-1])
    panels[0].set_ylabel("second direction")
    figure.colorbar(drawn, ax=list(panels), label="training loss (log scale)", shrink=0.8)


def _draw_pairs(axes: Axes, rows: pd.DataFrame, label: str) -> None:
    """Draw a line a seed from without to with, and the means."""
    for _, row in rows.iterrows():
        axes.plot([0, 1], [row[arm] for arm in _ORDER], color=GREY, linewidth=0.9, alpha=0.6)
    for place, arm in enumerate(_ORDER):
        colour = _STYLES[arm]["color"]
        axes.plot([place] * len(rows), rows[arm], ".", color=colour, markersize=6, alpha=0.8)
        axes.plot(place, rows[arm].mean(), "_", color=colour, markersize=22, markeredgewidth=2.4)
    axes.set_xticks([0, 1], _ORDER)
    axes.set(xlim=(-0.4, 1.4))
    axes.set_title(label, fontsize=8.5)
    top = float(np.nanmax(rows[list(_ORDER)].to_numpy(float), initial=0.0))
    axes.set_ylim(0, 1.1 * top or 1.0)
    tidy(axes, "arm")


def _draw_curves(axes: Axes, curves: pd.DataFrame) -> None:
    trained = curves[curves["epoch"] > 0]
    for arm in ARMS:
        own = trained[trained["arm"] == arm]
        wide = own.pivot(index="epoch", columns="block", values="train_loss").astype(float)
        # a run that diverged ends early; its seed is left out
        wide = wide.dropna(axis=1)
        mean, low, high = mean_and_band(wide.to_numpy())
        if not len(mean):
            continue
        style = _STYLES[arm]
        axes.plot(wide.index, mean, **style, label=_WORDS[arm])
        low = np.maximum(low, mean / 10)
        axes.fill_between(wide.index, low, high, color=style["color"], alpha=0.15, linewidth=0)
    tidy(axes, "epoch")
