"""Flat and sharp minima: the sketches of the paper, computed, and what was measured at states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import GREY, label_log_axis, tidy
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import BLUE, VERMILION, new_figure, styled
from escaping_minima.report.tables.means import mean_columns
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.flat_example import SHIFT, curves, minima
from escaping_minima.studies.batch_increase.flatness_sources import (
    FLATNESS,
    SLICES,
    Probed,
    place_of,
    probed,
)
from escaping_minima.studies.batch_increase.names import (
    PLACES,
    STRATEGY_NAMES,
    condition_words,
    strategy_at,
)
from escaping_minima.studies.batch_increase.panels import legend, style_of

#: What is drawn of a state: a column, and the name of its axis.
_MEASURES: Mapping[str, str] = {
    "eigenvalue_1": "largest eigenvalue",
    "trace": "trace of the Hessian",
    "sharpness": "ε-sharpness (percent)",
    "relative_flatness": "relative flatness, last layer",
    "loss": "training loss",
}
_LOSSES: Mapping[str, tuple[str, Any]] = {
    "training": (BLUE, "-"),
    "test": (VERMILION, (0, (5, 1.5))),
}


@styled
def figure_1(sources: Sources) -> Figure:
    """Draw a flat and a sharp minimum with the test loss moved aside (Figure 1, computed).

    Parameters
    ----------
    sources : Sources
        Not read: the example is computed.
    """
    return _example("A flat and a sharp minimum (Figure 1, a computed example)", ("w",))


@styled
def figure_2(sources: Sources) -> Figure:
    """Draw the same losses by w and by another weight of the same network (Figure 2, computed).

    Parameters
    ----------
    sources : Sources
        Not read: the example is computed.
    """
    title = "The same losses by another weight: sharp is flat, nothing else changes (Figure 2)"
    return _example(title, ("w", "v"))


def _example(title: str, weights: Sequence[str]) -> Figure:
    figure = new_figure(
        10, 4.0, title, f"two wells of one depth; the test loss lies {SHIFT:g} to the right in w"
    )
    found, line = minima(), curves()
    columns = {"w": "curvature", "v": "other_curvature"}
    grid = figure.subplots(1, len(weights), squeeze=False, sharey=True)[0]
    for axes, weight in zip(grid, weights, strict=True):
        for name, (colour, style) in _LOSSES.items():
            axes.plot(line[weight], line[name], color=colour, linestyle=style, label=name)
        for name, row in found.iterrows():
            place = [row[weight]] * 2
            axes.plot(place, [row["training"], row["test"]], color=GREY, marker="o", markersize=4)
            words = (
                f"{name} in w\ncurvature {row[columns[weight]]:.3g}\n"
                f"test − training {row['test'] - row['training']:.2f}"
            )
            axes.annotate(
                words, (row[weight], 1.04), ha="center", va="bottom", fontsize=8.5, color=GREY
            )
        axes.margins(x=0.12)
        axes.set(xlabel=f"weight {weight}", ylim=(-0.06, 1.35), yticks=[0, 0.5, 1])
        tidy(axes, "weight")
    grid[0].set_ylabel("loss")
    handles = [
        Line2D([], [], color=c, linestyle=s, label=f"{n} loss") for n, (c, s) in _LOSSES.items()
    ]
    gap = Line2D([], [], color=GREY, marker="o", markersize=4, label="at a minimum of training")
    figure.legend(handles=[*handles, gap], loc="outside lower center", ncols=3)
    return figure


@styled
def flatness(sources: Sources) -> Figure:
    """Draw what was measured at the last states, strategy by strategy.

    Parameters
    ----------
    sources : Sources
    """
    title = "Flatness at the end of each strategy"
    found = probed(sources, FLATNESS)
    if found is None:
        return absent(title)
    detail = f"{found.words()}; a line a seed, between two sets of images; bars: mean, 95 percent"
    figure = titled(6.4, title, detail, found.published)
    panels = figure.subplots(2, 3).flatten()
    as_found = found.table[found.table["rescaled"] == 1]
    for axes, (column, label) in zip(panels, _MEASURES.items(), strict=False):
        for place, strategy in enumerate(found.strategies):
            rows = as_found[as_found["strategy"] == strategy]
            _draw_strategy(axes, place, rows, column, style_of(place_of(strategy))["color"])
        _frame(axes, found.strategies, f"{label}\n(log scale)")
    _draw_eigenvalues(panels[-1], found, as_found)
    return figure


def _draw_strategy(axes: Axes, place: int, rows: pd.DataFrame, column: str, colour: str) -> None:
    """Draw the range over sets of images of every seed, and the mean of seeds with its interval."""
    seeds = rows.groupby("seed")[column]
    ends, means = seeds.agg(["min", "max"]).astype(float), seeds.mean().astype(float)
    aside = place + np.linspace(-0.3, 0.1, len(ends))
    axes.vlines(aside, ends["min"], ends["max"], color=colour, linewidth=1.2, alpha=0.7)
    axes.plot(aside, means, ".", color=colour, markersize=4, alpha=0.7)
    mean = mean_columns(means.tolist())
    # on a logarithmic axis an end below 0 has no place
    low = max(mean["low"], mean["mean"] / 10)
    axes.plot([place + 0.28] * 2, [low, mean["high"]], color=colour, linewidth=2.2)
    axes.plot(place + 0.28, mean["mean"], "o", color=colour, markersize=5)


def _frame(axes: Axes, strategies: Sequence[str], label: str) -> None:
    axes.set_yscale("log")
    label_log_axis(axes.yaxis)
    words = [STRATEGY_NAMES[name].replace(" ", "\n", 1) for name in strategies]
    axes.set_xticks(range(len(words)), words, fontsize=7.5)
    axes.set_xlim(-0.6, len(words) - 0.4)
    axes.set_ylabel(label)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_eigenvalues(axes: Axes, found: Probed, table: pd.DataFrame) -> None:
    """Draw the largest eigenvalues by rank, the mean over seeds and sets of images."""
    columns = [name for name in table if str(name).startswith("eigenvalue_")]
    ranks = range(1, len(columns) + 1)
    for strategy in found.strategies:
        rows = table[table["strategy"] == strategy]
        style = style_of(place_of(strategy))
        axes.plot(ranks, rows[columns].mean(), **style, marker=".", label=STRATEGY_NAMES[strategy])
    axes.set(yscale="log", xlabel="rank", xticks=ranks, ylabel="eigenvalues, mean\n(log scale)")
    label_log_axis(axes.yaxis)
    axes.legend(fontsize=7.5)
    tidy(axes, "epoch")


@styled
def rescaling(sources: Sources) -> Figure:
    """Draw what weights of the same function do to each measure, and to the order of strategies.

    Parameters
    ----------
    sources : Sources
    """
    title = "The same functions with other weights"
    found = probed(sources, FLATNESS)
    if found is None or not (found.table["rescaled"] != 1).any():
        return absent(title)
    first = found.table[found.table["image_set"] == 1]
    factors = sorted(first.loc[first["rescaled"] != 1, "rescaled"].unique())
    change = first["output_change"].max()
    detail = f"{found.words()}; largest change of an output: {change:.0e} of the largest output"
    figure = titled(4.4, title, detail, found.published)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    _draw_ratios(left, first, factors)
    _draw_order(right, found, first, factors)
    return figure


def _draw_ratios(axes: Axes, table: pd.DataFrame, factors: Sequence[float]) -> None:
    keys = ["strategy", "seed"]
    before = table[table["rescaled"] == 1].set_index(keys)
    for index, factor in enumerate(factors):
        after = table[table["rescaled"] == factor].set_index(keys)
        for place, column in enumerate(_MEASURES):
            ratios = (after[column] / before[column].reindex(after.index)).astype(float)
            style = _FACTORS[index % len(_FACTORS)]
            axes.plot([place] * len(ratios), ratios, **style, label=f"× {factor:g}")
    axes.axhline(1, color=GREY, linewidth=0.9, zorder=1)
    axes.set_yscale("log")
    label_log_axis(axes.yaxis)
    axes.set_xticks(range(len(_MEASURES)), [w.replace(" ", "\n") for w in _MEASURES.values()])
    axes.tick_params(axis="x", labelsize=7.5)
    axes.set_ylabel("rescaled / as found (log scale)")
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("what changes, a mark a run")


def _draw_order(axes: Axes, found: Probed, table: pd.DataFrame, factors: Sequence[float]) -> None:
    """Draw the largest eigenvalue of every run as found, and with each factor."""
    marks: list[Mapping[str, Any]] = [{"marker": "o", "color": GREY, "linestyle": "none"}]
    marks += [_FACTORS[i % len(_FACTORS)] for i in range(len(factors))]
    for place, strategy in enumerate(found.strategies):
        rows = table[table["strategy"] == strategy]
        for style, factor in zip(marks, (1.0, *factors), strict=True):
            values = rows.loc[rows["rescaled"] == factor, "eigenvalue_1"]
            axes.plot(place + np.linspace(-0.2, 0.2, len(values)), values, **style, alpha=0.8)
    _frame(axes, found.strategies, "largest eigenvalue\n(log scale)")
    axes.set_title("beside the differences between strategies, a mark a run")
    words = ["as found", *(f"weights × {factor:g} before batch norm" for factor in factors)]
    handles = [Line2D([], [], **s, label=w) for s, w in zip(marks, words, strict=True)]
    axes.legend(handles=handles, fontsize=7.5)


_FACTORS: Sequence[Mapping[str, Any]] = (
    {"marker": "^", "color": VERMILION, "linestyle": "none"},
    {"marker": "v", "color": BLUE, "linestyle": "none"},
)


@styled
def loss_slices(sources: Sources) -> Figure:
    """Draw the training loss along filter-normalised directions from the last states.

    Parameters
    ----------
    sources : Sources
    """
    title = "Training loss along random directions, filter by filter as long as the weights"
    found = probed(sources, SLICES)
    if found is None or not found.conditions:
        return absent(title)
    detail = f"{found.words()}; thick: geometric mean, thin: each seed and direction"
    figure = titled(4.4, title, detail, found.published)
    grid = figure.subplots(1, len(found.conditions), sharey=True, squeeze=False)[0]
    for axes, condition in zip(grid, found.conditions, strict=True):
        for place in PLACES:
            rows = found.table[found.table["strategy"] == strategy_at(place, condition)]
            wide = rows.pivot(index="alpha", columns=["seed", "direction"], values="loss")
            style = style_of(place)
            axes.plot(wide.index, wide, color=style["color"], linewidth=0.5, alpha=0.5)
            mean = np.exp(np.log(wide.astype(float)).mean(axis=1))
            axes.plot(wide.index, mean, **style, label=place)
        axes.set(yscale="log", title=condition_words(condition))
        axes.set_xlabel("step, as a share of each filter's length")
        label_log_axis(axes.yaxis)
        tidy(axes, "step")
    grid[0].set_ylabel("training loss\n(cross-entropy, log scale)")
    legend(figure)
    return figure
