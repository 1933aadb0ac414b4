"""The figures of section 4.2: losses of minibatches around the loss of all images."""

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
from escaping_minima.report.style import BLACK, BLUE, GREEN, ORANGE, PINK, SKY, VERMILION, styled
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.names import PLACES, STRATEGY_NAMES, strategy_at
from escaping_minima.studies.batch_increase.theory import (
    MODES,
    mean_interval,
    noise_windows,
    normal_floor,
    slopes,
)
from escaping_minima.studies.batch_increase.theory_sources import Rows, run_rows, state_rows

_MODE_COLOURS = {"inference": BLUE, "training": ORANGE}
_MODE_WORDS = {
    "inference": "inference mode",
    "training": "training mode: dropout, batch statistics",
}
_STATE_COLOURS = (BLUE, GREEN, ORANGE, VERMILION, PINK, BLACK)
_TRUE = "loss of all images, inference mode"
#: Whether images come back into the draw: mark, and words.
_WAYS = {
    0: ("o", "without replacement, as in an epoch"),
    1: ("x", "with replacement"),
}
_PARTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "noise": ("mean |E − μ|", {"color": BLACK, "linewidth": 2.0}),
    "sigma": ("σ, spread of single losses", {"color": SKY, "linestyle": (0, (5, 1.5))}),
    "size": ("1/√N, the batch size", {"color": BLUE, "linestyle": "-"}),
    "rest": ("the rest", {"color": GREY, "linestyle": (0, (1, 1.2))}),
}


@styled
def figure_4(sources: Sources) -> Figure:
    """Draw losses of minibatches around that of all images (Figure 4 of the paper, with data).

    Above, as (a): weights of one state, minibatches one after another. Below, as (b): along a run.

    Parameters
    ----------
    sources : Sources
    """
    title = "Losses of minibatches around the loss of all images (Figure 4)"
    state, run = state_rows(sources), run_rows(sources)
    if state is None and run is None:
        return absent(title)
    found = [rows for rows in (state, run) if rows is not None]
    detail = "; ".join(dict.fromkeys(rows.words(of_one_run=True) for rows in found))
    published = any(rows.published for rows in found)
    figure = titled(3.1 * len(found) + 1.0, title, detail, published)
    grid = figure.subplots(len(found), 3, squeeze=False, sharey="row")
    if state is not None:
        _draw_state(grid[0], state)
    if run is not None:
        _draw_run(grid[-1], run)
    marks = [
        Line2D([], [], color=c, marker=".", linestyle="none", label=f"minibatch, {_MODE_WORDS[m]}")
        for m, c in _MODE_COLOURS.items()
    ]
    true = Line2D([], [], color=BLACK, linewidth=2.2, label=_TRUE)
    figure.legend(handles=[true, *marks], loc="outside lower center", ncols=3)
    return figure


def _draw_state(panels: Sequence[Axes], rows: Rows) -> None:
    """Draw the first minibatches of the state in the middle of those that were kept."""
    table = rows.table[(rows.table["replacement"] == 0) & (rows.table["losses"].str.len() > 0)]
    table = table[table["seed"] == table["seed"].min()]
    states = sorted(table["state"].unique())
    chosen = states[len(states) // 2]
    table = table[table["state"] == chosen]
    sizes = sorted(table["size"].unique())
    few = [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    for axes, size in zip(panels, few, strict=True):
        for _, row in table[table["size"] == size].iterrows():
            losses = np.frombuffer(row["losses"], np.float32)
            colour = _MODE_COLOURS[row["mode"]]
            place = np.arange(1, len(losses) + 1)
            axes.plot(place, losses, color=colour, marker=".", linewidth=0.7, label=row["mode"])
            axes.axhline(row["full_loss"], color=BLACK, linewidth=2.2, label="true")
        axes.set(title=f"(a) weights after epoch {chosen}, N = {size}", xlabel="minibatch")
        tidy(axes, "minibatch")
    panels[0].set_ylabel(f"loss (cross-entropy)\n{STRATEGY_NAMES[table['strategy'].iloc[0]]}")


def _draw_run(panels: Sequence[Axes], rows: Rows) -> None:
    """Draw what the updates of one run saw, for the fixed ends and the increase."""
    table = rows.table[rows.table["seed"] == rows.table["seed"].min()]
    for axes, place in zip(panels, ("N1", "N2", "linear"), strict=True):
        strategy = strategy_at(place, rows.condition)
        run = table[table["strategy"] == strategy].sort_values("epoch", kind="stable")
        # each stands in the middle of its part of the epoch
        epochs = run.groupby("epoch")
        x = run["epoch"] - 1 + (epochs.cumcount() + 0.5) / epochs["epoch"].transform("size")
        for mode, colour in _MODE_COLOURS.items():
            losses = run["full_loss"] + run[f"{mode}_deviation"]
            axes.plot(x, losses, ".", color=colour, markersize=3.5, label=mode)
        axes.plot(x, run["full_loss"], color=BLACK, linewidth=2.2, label="true", zorder=3)
        axes.set(title=f"(b) along a run, {STRATEGY_NAMES[strategy]}", yscale="log")
        axes.set_xlabel("epoch")
        tidy(axes, "epoch")
    for axes in panels:
        label_log_axis(axes.yaxis)
    panels[0].set_ylabel("loss (cross-entropy, log scale)")


@styled
def variance_by_size(sources: Sources) -> Figure:
    """Draw the variance of the minibatch loss against N, with sigma^2 / N and the slopes found.

    Parameters
    ----------
    sources : Sources
    """
    title = "Variance of the minibatch loss against the batch size"
    found = state_rows(sources)
    if found is None:
        return absent(title)
    figure = titled(4.6, title, found.words(), found.published)
    for axes, mode in zip(figure.subplots(1, 2, sharey=True), MODES, strict=True):
        part = found.table[found.table["mode"] == mode]
        handles = []
        for state, colour in _states(part).items():
            there = part[part["state"] == state]
            _draw_ways(axes, there, "variance", colour, log=True)
            _draw_expected(axes, there, "expected_variance", colour, log=True)
            label = f"epoch {state}: slope {_slope_words(there)}"
            handles.append(Line2D([], [], color=colour, marker="o", linestyle="none", label=label))
        axes.set(xscale="log", yscale="log", title=_MODE_WORDS[mode], xlabel="batch size N")
        _size_axis(axes, part)
        axes.legend(handles=handles, fontsize=7.5, loc="lower left")
    figure.axes[0].set_ylabel("variance of E(N)\n(log scale)")
    line = Line2D([], [], color=GREY, linestyle=(0, (1, 1.2)), label="σ²/N · (M − N)/(M − 1)")
    figure.legend(handles=[*_way_handles(), line], loc="outside lower center", ncols=3)
    return figure


@styled
def normality_by_size(sources: Sources) -> Figure:
    """Draw skewness and the distance to the normal distribution against N.

    Parameters
    ----------
    sources : Sources
    """
    title = "How far the minibatch loss is from normal, against the batch size"
    found = state_rows(sources)
    if found is None:
        return absent(title)
    figure = titled(6.6, title, found.words(), found.published)
    grid = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, mode in zip(grid.T, MODES, strict=True):
        part = found.table[found.table["mode"] == mode]
        for state, colour in _states(part).items():
            there = part[part["state"] == state]
            _draw_ways(column[0], there, "skewness", colour)
            _draw_ways(column[1], there, "normal_distance", colour)
            if mode == "inference":
                _draw_expected(column[0], there, "expected_skewness", colour)
        column[0].axhline(0, color=GREY, linewidth=0.9, zorder=1)
        for draws in sorted(set(part["draws"])):
            column[1].axhline(normal_floor(draws), color=GREY, linewidth=0.9, zorder=1)
        column[0].set_title(_MODE_WORDS[mode])
        column[1].set(xscale="log", xlabel="batch size N")
        for axes in column:
            _size_axis(axes, part)
    grid[0, 0].set_ylabel("skewness")
    grid[1, 0].set_ylabel("largest gap to the fitted\nnormal distribution")
    words = "normal distribution; below: mean gap of as many draws of it"
    normal = Line2D([], [], color=GREY, linewidth=0.9, label=words)
    line = Line2D([], [], color=GREY, linestyle=(0, (1, 1.2)), label="expected of single losses")
    states = [
        Line2D([], [], color=colour, linewidth=1.4, label=f"epoch {state}")
        for state, colour in _states(found.table).items()
    ]
    handles = [*states, *_way_handles(), line, normal]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


@styled
def noise_split(sources: Sources) -> Figure:
    """Draw what the falling spread of the losses and what the growing batch do to the noise.

    Parameters
    ----------
    sources : Sources
    """
    title = "The noise |E − μ| along the schedule, and what makes it fall"
    found = run_rows(sources)
    if found is None:
        return absent(title)
    windows = noise_windows(found.table, found.horizons())
    figure = titled(6.6, title, found.words(), found.published)
    grid = figure.subplots(2, 4, sharex=True, sharey=True)
    for axes_of_mode, mode in zip(grid, MODES, strict=True):
        for axes, place in zip(axes_of_mode, PLACES, strict=True):
            strategy = strategy_at(place, found.condition)
            part = windows[windows["cell"].isin(found.cells_of(strategy))]
            _draw_parts(axes, part[part["mode"] == mode])
            axes.set_title(STRATEGY_NAMES[strategy])
            tidy(axes, "share")
        axes_of_mode[0].set_ylabel(f"change of the logarithm,\n{mode} mode")
    for axes in grid[-1]:
        axes.set(xlabel="share of the epochs", xlim=(0, 1))
    handles = [Line2D([], [], **style, label=words) for words, style in _PARTS.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _draw_parts(axes: Axes, windows: pd.DataFrame) -> None:
    """Draw the mean over seeds of each part, from its first window on, and every seed thinly."""
    axes.axhline(0, color="#E4E4E4", linewidth=0.9, zorder=0)
    for name, (_, style) in _PARTS.items():
        wide = windows.pivot(index="done", columns="seed", values=name)
        change = wide - wide.iloc[0]
        axes.plot(change.index, change.mean(axis=1), **style, label=name, zorder=3)
        axes.plot(change.index, change, color=style["color"], linewidth=0.5, alpha=0.35)


def _states(table: pd.DataFrame) -> dict[int, str]:
    return dict(zip(sorted(set(table["state"])), _STATE_COLOURS, strict=False))


def _over_seeds(table: pd.DataFrame, column: str, log: bool) -> pd.Series[float]:
    """Return the mean over seeds by size: the geometric one on a logarithmic axis."""
    values = table[column].astype(float)
    if not log:
        return values.groupby(table["size"]).mean()
    return np.exp(np.log(values).groupby(table["size"]).mean())


def _draw_ways(
    axes: Axes, table: pd.DataFrame, column: str, colour: str, log: bool = False
) -> None:
    for way, (mark, _) in _WAYS.items():
        mean = _over_seeds(table[table["replacement"] == way], column, log)
        line = "-" if not log and way == 0 else "none"
        marks: dict[str, Any] = {"marker": mark, "linestyle": line, "markersize": 4.5}
        axes.plot(mean.index, mean, color=colour, **marks, linewidth=1.0, label=column, zorder=3)


def _draw_expected(
    axes: Axes, table: pd.DataFrame, column: str, colour: str, log: bool = False
) -> None:
    mean = _over_seeds(table[table["replacement"] == 0], column, log)
    axes.plot(mean.index, mean, color=colour, linestyle=(0, (1, 1.2)), label="expected")


def _slope_words(table: pd.DataFrame) -> str:
    """Return the slope without replacement, the mean over seeds with its interval if it has one."""
    found = slopes(table[table["replacement"] == 0])
    mean, low, high = mean_interval(found.groupby("seed")["slope"].mean())
    ends = f" [{low:.2f}, {high:.2f}]" if np.isfinite(low) else ""
    return f"{mean:.2f}{ends}".replace("-", "−")


def _way_handles() -> list[Line2D]:
    return [
        Line2D([], [], color=GREY, marker=mark, linestyle="none", label=words)
        for mark, words in _WAYS.values()
    ]


def _size_axis(axes: Axes, table: pd.DataFrame) -> None:
    sizes = sorted(set(table["size"]))
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
