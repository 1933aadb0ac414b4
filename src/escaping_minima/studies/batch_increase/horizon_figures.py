"""What each claim measures as a function of the horizon T, each a whole schedule of its own."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from escaping_minima.claims.records import load_records
from escaping_minima.report.figures.axes import GREY, label_log_axis
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.ratios import RATIO
from escaping_minima.report.style import BLUE, ORANGE, styled
from escaping_minima.studies.batch_increase.horizon_words import DATA_NAMES
from escaping_minima.studies.batch_increase.names import condition_name

#: Families of claims that are no figure of curves by epoch.
_BATCHES = ("figure-4", "noise", "flatness", "order-of-sizes")
_MESH = ("figure-9", "figure-10", "figure-11", "figure-12", "search-range")
#: What parts that share a panel have in common.
_PANEL = ["claim", "unit", "direction", "threshold", "margin"]
_COLOURS = {100: ORANGE, 500: BLUE}
#: How versions of the data are drawn.
_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "full": {"marker": "o", "linestyle": "-"},
    "sample": {"marker": "s", "linestyle": (0, (5, 1.5)), "markerfacecolor": "white"},
    "generated": {"marker": "^", "linestyle": (0, (1, 1.2)), "markerfacecolor": "white"},
}
_ACROSS = 3
#: A panel's height, in inches; letters in a line of its title, and lines of it.
_HEIGHT, _LETTERS, _LINES = 2.75, 46, 2
#: Letters that lines lose where words end.
_SLACK = 10
_CLAIMED = "#E7EEF4"
#: How far beyond means and what is claimed an axis reaches, as a share of what these take.
_ROOM = 0.35
#: A line's points stand beside those of others by this factor.
_ASIDE = 1.05
#: Largest |logarithm| of a ratio that is drawn.
_LARGEST = 50.0
_DETAIL = (
    "of each claim the part that speaks least for it at the longest horizon; bars: 95 percent, "
    "longer than the panel where they reach its edge"
)


@styled
def horizon_curves(horizons: pd.DataFrame) -> Figure:
    """Draw what claims about curves by epoch and weights measure, by horizon.

    Parameters
    ----------
    horizons : DataFrame
        ``horizons.csv``.
    """
    rows = horizons[~_of_families(horizons, (*_BATCHES, *_MESH))]
    return _draw(rows, "Claims about curves and weights, by horizon")


@styled
def horizon_batches(horizons: pd.DataFrame) -> Figure:
    """Draw what claims about batches, flatness and the order of sizes measure, by horizon.

    Parameters
    ----------
    horizons : DataFrame
        ``horizons.csv``.
    """
    rows = horizons[_of_families(horizons, _BATCHES)]
    return _draw(rows, "Claims about batches, flatness and the order of the sizes, by horizon")


@styled
def horizon_mesh(horizons: pd.DataFrame) -> Figure:
    """Draw what claims about the cells of a mesh measure, by horizon.

    Parameters
    ----------
    horizons : DataFrame
        ``horizons.csv``.
    """
    rows = horizons[_of_families(horizons, _MESH)]
    return _draw(rows, "Claims about cells visited, by horizon")


def _of_families(horizons: pd.DataFrame, families: Sequence[str]) -> pd.Series[bool]:
    known = {c.id for c in load_records("batch_increase").claims if c.family in families}
    return horizons["claim"].isin(known)


def _draw(rows: pd.DataFrame, title: str) -> Figure:
    shown = rows[rows["weakest"].astype(bool)]
    if shown.empty:
        return absent(title)
    panels = list(shown.groupby(_PANEL, sort=True))
    down = math.ceil(len(panels) / _ACROSS)
    figure = titled(_HEIGHT * down + 1.0, title, _DETAIL, width=12.0)
    grid = figure.subplots(down, _ACROSS, squeeze=False).flatten()
    statements = {c.id: c.statement for c in load_records("batch_increase").claims}
    for axes, (_, part) in zip(grid, panels, strict=False):
        claim = part["claim"].iloc[0]
        _draw_panel(axes, part)
        axes.set_title(_title(claim, statements[claim]), fontsize=8.5)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    figure.legend(handles=_handles(shown), loc="outside lower center", ncols=6)
    return figure


def _title(claim: str, statement: str) -> str:
    words = textwrap.shorten(f"{claim}: {statement}", _LETTERS * _LINES - _SLACK, placeholder=" …")
    return "\n".join(textwrap.wrap(words, _LETTERS))


def _draw_panel(axes: Axes, part: pd.DataFrame) -> None:
    """Draw the effects of one claim whose parts have one unit and one claimed side."""
    first, is_ratio = part.iloc[0], part["unit"].iloc[0] == RATIO
    for index, line in enumerate(_lines(part)):
        look = {**_LOOKS[line["data"].iloc[0]], "color": _COLOURS[line["condition"].iloc[0]]}
        x = line["horizon"].to_numpy(float) * _ASIDE**index
        mean, low, high = (_shown(line[c], is_ratio) for c in ("effect", "low", "high"))
        axes.plot(x, mean, **look, markersize=4.5, label="effect", zorder=3)
        known = np.isfinite(line["low"].to_numpy(float))
        axes.vlines(x[known], low[known], high[known], color=look["color"], linewidth=1.2)
    ends = _claimed(first)
    _fit(axes, part["effect"].to_numpy(float), ends, is_ratio)
    bottom, top = axes.get_ylim()
    low_end, high_end = (_shown(np.array([end]), is_ratio)[0] for end in ends)
    axes.axhspan(max(low_end, bottom), min(high_end, top), color=_CLAIMED, zorder=0)
    axes.axhline(1.0 if is_ratio else 0.0, color=GREY, linewidth=0.9, zorder=1)
    unit = "left / right (log scale)" if is_ratio else f"left − right\n({first['unit']})"
    axes.set(xscale="log", xlabel="horizon T (epochs, log scale)", ylabel=unit)
    _horizon_axis(axes, sorted(part["horizon"].unique()))


def _lines(part: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the rows of each line: the same part, condition and data at several horizons."""
    for _, line in part.groupby(["data", "images", "condition", "part"], sort=True):
        yield line.sort_values("horizon")


def _shown(values: Any, is_ratio: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = np.asarray(values, float)
    return np.exp(np.clip(found / 100.0, -_LARGEST, _LARGEST)) if is_ratio else found


def _claimed(row: Any) -> tuple[float, float]:
    """Return the ends of what is claimed of an effect."""
    threshold, margin = float(row["threshold"]), float(row["margin"])
    ends = {
        "greater": (threshold, np.inf),
        "less": (-np.inf, threshold),
        "equal": (-margin, margin),
    }
    return ends[row["direction"]]


def _fit(
    axes: Axes, effects: np.ndarray[Any, Any], ends: tuple[float, float], is_ratio: bool
) -> None:
    """Let an axis show all means, no effect, and the nearest end of what is claimed."""
    levels = np.array([0.0, *effects, *(end for end in ends if math.isfinite(end))])
    low, high = float(levels.min()), float(levels.max())
    room = _ROOM * ((high - low) or 1.0)
    limits = _shown(np.array([low - room, high + room]), is_ratio)
    if is_ratio:
        axes.set_yscale("log")
    axes.set_ylim(*limits)
    if is_ratio:
        label_log_axis(axes.yaxis)


def _horizon_axis(axes: Axes, horizons: Sequence[int]) -> None:
    axes.set_xticks(horizons, [f"{horizon:,}" for horizon in horizons])
    axes.minorticks_off()
    axes.set_xlim(horizons[0] / 1.4, horizons[-1] * 1.6)
    axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _handles(shown: pd.DataFrame) -> list[Line2D | Patch]:
    """Return what names colours, marks and the side that is claimed."""
    conditions = [
        Line2D([], [], color=colour, label=condition_name(n2))
        for n2, colour in _COLOURS.items()
        if n2 in set(shown["condition"])
    ]
    versions = [
        Line2D([], [], color=GREY, **_LOOKS[data], label=name)
        for data, name in DATA_NAMES.items()
        if data in set(shown["data"])
    ]
    return [*conditions, *versions, Patch(color=_CLAIMED, label="what is claimed")]
