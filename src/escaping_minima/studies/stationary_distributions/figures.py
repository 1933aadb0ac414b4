"""The figures of the study: from tables to matplotlib figures, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, MultipleLocator

from escaping_minima.report.style import (
    METHOD_COLOURS,
    METHOD_MARKERS,
    PRINTED,
    new_figure,
    styled,
)
from escaping_minima.studies.stationary_distributions.collect import FIGURE_3_METHODS
from escaping_minima.studies.stationary_distributions.evidence import FUNCTION_NAMES, METHOD_NAMES
from escaping_minima.studies.stationary_distributions.outcome_style import (
    OUTCOME_COLOURS,
    OUTCOME_MARKERS,
    OUTCOME_WORDS,
)
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS, METHODS, RADII

#: Parts of the paper's Else, in the order of every figure.
ELSE = ("saddle", "maximum", "halo", "diverged")
#: Methods that have a radius.
SWEPT = tuple(m for m in METHODS if RADII[m] is not None)
#: Outcome groups of the sweep, by function.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "himmelblau": ("GM", "Else", *ELSE),
    "three_hump_camel": ("GM", "LM", "Else", *ELSE),
    "six_hump_camel": ("GM", "pair_f_2.104", "pair_f_-0.215", "Else", *ELSE),
}
_GREY = "#5A5A5A"


def describe_runs(cells: pd.DataFrame, roles: Iterable[str] = ("main",)) -> str:
    """Say on how many starts and steps some cells rest.

    Parameters
    ----------
    cells : DataFrame
        The collected ``cells.csv``.
    roles : iterable of str
        Which cells count.
    """
    chosen = cells[cells["role"].isin(list(roles))]
    return (
        f"{_range(chosen['starts'])} starts a function and method, {_range(chosen['steps'])} steps"
    )


@styled
def figure_1(surfaces: pd.DataFrame) -> Figure:
    """Draw the surfaces of the three functions (Figure 1 of the paper).

    Parameters
    ----------
    surfaces : DataFrame
        ``surfaces.parquet``: function, x, y, value.
    """
    figure = new_figure(
        10,
        3.9,
        "The three functions",
        "height and colour: log₁₀(1 + Δf), Δf = f − lowest f, as the raw values hide the minima",
    )
    for column, name in enumerate(FUNCTIONS):
        axes = figure.add_subplot(1, 3, column + 1, projection="3d")
        x, y, height = _mesh(surfaces, name)
        axes.plot_surface(  # type: ignore[attr-defined]
            x, y, height, cmap="viridis", rcount=50, ccount=50, linewidth=0, antialiased=True
        )
        axes.view_init(elev=38, azim=-58)  # type: ignore[attr-defined]
        axes.set_box_aspect(None, zoom=0.82)  # type: ignore[attr-defined,call-arg]
        axes.tick_params(labelsize=7, pad=-1)
        axes.set(title=FUNCTION_NAMES[name], xlabel="x", ylabel="y")
        axes.set_zlabel("log₁₀(1 + Δf)", fontsize=8, labelpad=0)  # type: ignore[attr-defined]
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):  # type: ignore[attr-defined]
            axis.set_major_locator(MaxNLocator(4))
        axes.patch.set_visible(False)
    return figure


@styled
def figure_2(surfaces: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Draw the contours with every stationary point (Figure 2 of the paper).

    Parameters
    ----------
    surfaces : DataFrame
        ``surfaces.parquet``.
    points : DataFrame
        ``points.csv``: function, variant, label, kind, x, y, value, ...
    """
    figure = new_figure(
        10,
        4.3,
        "Contours and stationary points of the three functions",
        "the frame is the box of the starts; minima are numbered global first, then flatter first",
    )
    points = _own_points(points)
    for axes, name in zip(figure.subplots(1, 3), FUNCTIONS, strict=True):
        _contours(axes, surfaces, name)
        for row in points[points["function"] == name].itertuples():
            group = _point_group(row.label)
            axes.plot(row.x, row.y, **_marker(group, 11 if group == "GM" else 7))
            if row.kind == "minimum":
                _tag(axes, row.label, row.x, row.y)
        axes.set(title=FUNCTION_NAMES[name], xlabel="x", ylabel="y")
    _legend(figure, [_handle(g) for g in ("GM", "LM", "saddle", "maximum")])
    return figure


@styled
def figure_3(surfaces: pd.DataFrame, end_points: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw a sample of end points over the contours (Figure 3 of the paper).

    Parameters
    ----------
    surfaces, end_points, cells : DataFrame
        ``surfaces.parquet``, ``end_points.csv`` and ``cells.csv``.
    """
    sample = end_points.groupby(["function", "method"]).size()
    figure = new_figure(
        10,
        8.6,
        "Where trajectories end",
        f"{_range(sample)} of {describe_runs(cells)}; the same starts in each row",
    )
    grid = figure.subplots(len(FUNCTIONS), len(FIGURE_3_METHODS), sharey="row")
    for row, name in enumerate(FUNCTIONS):
        for column, method in enumerate(FIGURE_3_METHODS):
            axes = grid[row, column]
            chosen = (end_points["function"] == name) & (end_points["method"] == method)
            _contours(axes, surfaces, name)
            _end_points(axes, end_points[chosen])
            axes.set_title(f"{METHOD_NAMES[method]}, {FUNCTION_NAMES[name]}", fontsize=9)
            axes.set_xlabel("x" if row == len(FUNCTIONS) - 1 else "")
            axes.set_ylabel("" if column else "y")
    _legend(figure, [_handle(g) for g in ("GM", "LM", *ELSE)])
    return figure


@styled
def table_1(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the shares of Table 1 with their intervals, beside the printed ones.

    Parameters
    ----------
    shares : DataFrame
        ``table_1.csv``: function, method, bin, share, low, high, printed, ...; shares in percent.
    cells : DataFrame
        ``cells.csv``.
    """
    columns = max(shares[shares["function"] == f]["bin"].nunique() for f in FUNCTIONS)
    figure = new_figure(
        10.5,
        7.6,
        "Table 1: share of starts by where they end, ours beside the printed one",
        f"{describe_runs(cells)}; bars: intervals of a row, jointly 95 percent",
    )
    grid = figure.subplots(len(FUNCTIONS), columns, sharex="row", sharey=True, squeeze=False)
    for row, name in enumerate(FUNCTIONS):
        part = shares[shares["function"] == name]
        bins = list(dict.fromkeys(part["bin"]))
        for column, axes in enumerate(grid[row]):
            if column >= len(bins):
                axes.set_visible(False)
                continue
            _share_panel(axes, part[part["bin"] == bins[column]])
            axes.set_title(bins[column])
            if column == 0:
                axes.set_ylabel(FUNCTION_NAMES[name], fontweight="bold")
        top = np.nanmax(part[["high", "printed"]].to_numpy(float))
        grid[row, 0].set_xlim(-0.05 * top, 1.08 * top)
        grid[row, (len(bins) - 1) // 2].set_xlabel("share of starts (percent)")
    ours = Line2D([], [], color=_GREY, marker="o", linewidth=1.4, label="ours, one colour a method")
    printed = Line2D([], [], **{**PRINTED, "markeredgecolor": _GREY}, label="printed in the paper")
    _legend(figure, [ours, printed])
    return figure


@styled
def sweep(shares: pd.DataFrame, printed: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the outcome of every method with a radius, by radius.

    Parameters
    ----------
    shares : DataFrame
        ``sweep.csv``: function, method, k, radius, outcome, share, low, high, ...; in percent.
    printed : DataFrame
        ``table_1.csv``, for the printed levels.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10.5,
        14.5,
        "Where trajectories end, by radius of the perturbation",
        f"{describe_runs(cells, ('main', 'sweep'))}; bands: 95 percent intervals",
    )
    grid = figure.subplots(len(SWEPT), len(FUNCTIONS), sharex="row", sharey=True)
    for row, method in enumerate(SWEPT):
        for column, name in enumerate(FUNCTIONS):
            axes = grid[row, column]
            _sweep_panel(axes, shares, name, method)
            _printed_levels(axes, printed, name, method)
            axes.set_title(f"{METHOD_NAMES[method]}, {FUNCTION_NAMES[name]}", fontsize=9)
            axes.set_xlabel("radius ρ (log scale)")
            if column == 0:
                axes.set_ylabel("share of starts\n(percent)")
    lines = [_line_handle(g) for g in ("GM", "LM", "pair_f_-0.215", "Else", *ELSE)]
    lines[1].set_label("local minima; in the six-hump panels, pair f = 2.104")
    reference = Line2D([], [], color=_GREY, linestyle=(0, (1, 1.5)), label="GD (same colours)")
    main = Line2D([], [], color="#BBBBBB", linewidth=5, label="radius of the main run")
    level = Line2D(
        [], [], **{**PRINTED, "markeredgecolor": _GREY}, label="printed in the paper (GM, Else)"
    )
    _legend(figure, [*lines, reference, main, level], columns=3)
    return figure


@styled
def else_split(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw what the paper's Else is made of, for every method of Table 1.

    Parameters
    ----------
    shares : DataFrame
        ``table_1.csv``; its rows of bin "Else" split it into else_saddle, else_maximum, ...
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10,
        3.8,
        "What the paper's Else is made of",
        f"{describe_runs(cells)}; radius of the main run",
    )
    rows = shares[shares["bin"] == "Else"]
    for axes, name in zip(figure.subplots(1, 3, sharey=True), FUNCTIONS, strict=True):
        part = rows[rows["function"] == name].set_index("method").reindex(METHODS)
        places = np.arange(len(METHODS))
        left = np.zeros(len(METHODS))
        for kind in ELSE:
            width = part[f"else_{kind}"].to_numpy(float)
            axes.barh(places, width, left=left, color=OUTCOME_COLOURS[kind], height=0.7, label=kind)
            left = left + width
        printed = part["printed"].to_numpy(float)
        axes.plot(printed, places, **PRINTED, markeredgecolor=_GREY, clip_on=False, zorder=3)
        top = np.nanmax([*left, *printed, 5.0])
        axes.set(
            title=FUNCTION_NAMES[name],
            xlabel="share of starts (percent)",
            xlim=(-0.03 * top, 1.06 * top),
        )
        _method_axis(axes)
    level = Line2D([], [], **{**PRINTED, "markeredgecolor": _GREY}, label="Else as printed")
    _legend(figure, [*(Patch(color=OUTCOME_COLOURS[k], label=k) for k in ELSE), level])
    return figure


@styled
def exploration(visits: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw in how many basins trajectories were seen, by radius, beside gradient descent.

    Parameters
    ----------
    visits : DataFrame
        ``exploration.csv``: function, method, k, radius, mean_basins, net_difference, low, high.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10.5,
        7,
        "Basins in which a trajectory was seen, by radius of the perturbation",
        f"{describe_runs(cells, ('main', 'sweep'))}; bars: 95 percent intervals",
    )
    grid = figure.subplots(2, len(FUNCTIONS), sharex=True, sharey="row")
    for column, name in enumerate(FUNCTIONS):
        part = visits[visits["function"] == name]
        top, bottom = grid[:, column]
        for level in part.loc[part["method"] == "gd", "mean_basins"]:
            top.axhline(level, color=METHOD_COLOURS["gd"], linestyle=(0, (1, 1.5)))
        bottom.axhline(0, color=METHOD_COLOURS["gd"], linestyle=(0, (1, 1.5)))
        for method in SWEPT:
            line = part[part["method"] == method].sort_values("radius")
            ratio = 10 ** (line["k"].to_numpy(float) / 4)
            style = {
                "color": METHOD_COLOURS[method],
                "marker": METHOD_MARKERS[method],
                "alpha": 0.9,
            }
            top.plot(ratio, line["mean_basins"].to_numpy(float), **style, label=method)
            net, low, high = (line[c].to_numpy(float) for c in ("net_difference", "low", "high"))
            bottom.plot(ratio, net, **style, label=method)
            bottom.vlines(ratio, low, high, color=METHOD_COLOURS[method], linewidth=1, alpha=0.9)
        top.set_title(FUNCTION_NAMES[name])
        bottom.set_xlabel("radius ÷ radius of the main run (log scale)")
        for axes in (top, bottom):
            axes.axvline(1, color="#DDDDDD", linewidth=5, zorder=0)
            axes.set_xscale("log")
            multiples = 10 ** (part["k"].drop_duplicates() / 4)
            _radius_ticks(axes, multiples, part["k"].drop_duplicates())
            axes.spines[["top", "right"]].set_visible(False)
    grid[0, 0].set_ylabel("mean number of basins\nof a trajectory")
    grid[1, 0].set_ylabel("starts seen in more basins than\nunder GD, minus in fewer (points)")
    handles = [
        Line2D(
            [],
            [],
            color=METHOD_COLOURS[m],
            marker=METHOD_MARKERS[m],
            label=f"{METHOD_NAMES[m]} (main radius {RADII[m]:g})",
        )
        for m in SWEPT
    ]
    handles.append(Line2D([], [], color="black", linestyle=(0, (1, 1.5)), label="GD"))
    _legend(figure, handles, columns=4)
    return figure


@styled
def paired(pairs: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw how many starts end elsewhere than under gradient descent.

    Parameters
    ----------
    pairs : DataFrame
        ``paired.csv``: function, method, starts, other_outcome_share, low, high,
        else_only_method, else_only_gd.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10,
        6.6,
        "The same starts under gradient descent and under another method",
        f"{describe_runs(cells)}; radius of the main run; bars: 95 percent intervals",
    )
    grid = figure.subplots(2, len(FUNCTIONS), sharex="row", sharey=True)
    for column, name in enumerate(FUNCTIONS):
        part = pairs[pairs["function"] == name].set_index("method").reindex(SWEPT)
        top, bottom = grid[:, column]
        places = np.arange(len(SWEPT))
        for place, method in enumerate(SWEPT):
            row, colour = part.loc[method], METHOD_COLOURS[method]
            top.plot([row["low"], row["high"]], [place, place], color=colour)
            top.plot(row["other_outcome_share"], place, METHOD_MARKERS[method], color=colour)
        ours, theirs = (
            100 * part[c].to_numpy(float) / part["starts"].to_numpy(float)
            for c in ("else_only_method", "else_only_gd")
        )
        bottom.barh(places, ours, color=OUTCOME_COLOURS["saddle"], height=0.65)
        bottom.barh(places, -theirs, color="#9A9A9A", height=0.65)
        bottom.axvline(0, color="black", linewidth=0.8)
        top.set(title=FUNCTION_NAMES[name], xlabel="other end than under GD (percent)")
        bottom.set_xlabel("Else under one of them only (percent)")
        for axes in (top, bottom):
            axes.set_yticks(places, [METHOD_NAMES[m] for m in SWEPT])
            axes.set_ylim(len(SWEPT) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="x", color="#E4E4E4", linewidth=0.6)
    handles = [
        Patch(color=OUTCOME_COLOURS["saddle"], label="outside every minimum under the method only"),
        Patch(color="#9A9A9A", label="under GD only (to the left)"),
    ]
    _legend(figure, handles)
    return figure


def _range(values: Iterable[float]) -> str:
    found = sorted({int(v) for v in values})
    if not found:
        return "no"
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"


def _mesh(surfaces: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    part = surfaces[surfaces["function"] == name].sort_values(["y", "x"])
    side = round(len(part) ** 0.5)
    x, y, value = (part[c].to_numpy(float).reshape(side, side) for c in ("x", "y", "value"))
    return x, y, np.log10(1 + value - value.min())


def _contours(axes: Axes, surfaces: pd.DataFrame, name: str) -> None:
    x, y, height = _mesh(surfaces, name)
    levels = np.linspace(0, height.max(), 13)
    axes.contour(x, y, height, levels=levels[1:], colors="#B8B8B8", linewidths=0.6, zorder=1)
    axes.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    axes.xaxis.set_major_locator(MultipleLocator(2))
    axes.yaxis.set_major_locator(MultipleLocator(2 if y.max() > 3 else 1))


def _own_points(points: pd.DataFrame) -> pd.DataFrame:
    """Leave out the points of the printed, mistaken form of the three-hump function."""
    return points[points["variant"].fillna("") == ""]


def _point_group(label: str) -> str:
    kinds = {"GM": "GM", "LM": "LM", "MAX": "maximum", "S": "saddle"}
    return kinds.get(label.rstrip("0123456789"), label)


def _marker(group: str, size: float) -> dict[str, Any]:
    return {
        "marker": OUTCOME_MARKERS[group],
        "color": OUTCOME_COLOURS[group],
        "markersize": size,
        "markeredgecolor": "black" if group in ("GM", "LM") else "white",
        "markeredgewidth": 0.6,
        "linestyle": "none",
        "zorder": 3,
    }


def _tag(axes: Axes, label: str, x: float, y: float) -> None:
    left, right = axes.get_xlim()
    side = 2 * (x - left) / (right - left) - 1
    # outwards, where there is nothing to hide; above a point in the middle or near the frame
    across, up = (0.0, 8.0) if not 0.1 < abs(side) < 0.74 else (8.0 * np.sign(side), 0.0)
    axes.annotate(
        label,
        (x, y),
        (across, up),
        textcoords="offset points",
        ha="center" if up else "left" if side > 0 else "right",
        va="bottom" if up else "center",
        fontsize=8,
        zorder=4,
        bbox={
            "boxstyle": "round,pad=0.15",
            "facecolor": "white",
            "edgecolor": "none",
            "alpha": 0.8,
        },
    )


def _end_points(axes: Axes, sample: pd.DataFrame) -> None:
    x, y = sample["x"].to_numpy(float), sample["y"].to_numpy(float)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    groups = sample["outcome"].map(_point_group).to_numpy()
    for group in dict.fromkeys(groups):
        chosen = inside & (groups == group)
        style = _marker(group, {"GM": 9, "halo": 7}.get(group, 6)) | {"alpha": 0.75}
        axes.plot(x[chosen], y[chosen], **style, label=group)
    if (~inside).any():
        words = f"{(~inside).sum()} outside"
        axes.text(
            0.97,
            0.03,
            words,
            transform=axes.transAxes,
            ha="right",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )


def _share_panel(axes: Axes, part: pd.DataFrame) -> None:
    part = part.set_index("method").reindex(METHODS)
    for place, (method, row) in enumerate(part.iterrows()):
        colour = METHOD_COLOURS[str(method)]
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.4, zorder=2)
        axes.plot(row["share"], place, marker=METHOD_MARKERS[str(method)], color=colour, zorder=3)
        axes.plot(row["printed"], place, **PRINTED, markeredgecolor=_GREY, zorder=1)
    _method_axis(axes)
    axes.grid(axis="x", color="#E4E4E4", linewidth=0.6)


def _method_axis(axes: Axes) -> None:
    axes.set_yticks(range(len(METHODS)), [METHOD_NAMES[m] for m in METHODS])
    axes.set_ylim(len(METHODS) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)


def _sweep_panel(axes: Axes, shares: pd.DataFrame, name: str, method: str) -> None:
    part = shares[(shares["function"] == name) & (shares["method"] == method)]
    reference = shares[(shares["function"] == name) & (shares["method"] == "gd")]
    main = part.loc[part["k"] == 0, "radius"].iloc[0]
    axes.axvline(main, color="#DDDDDD", linewidth=5, zorder=0)
    for group in GROUPS[name]:
        line = part[part["outcome"] == group].sort_values("radius")
        colour = OUTCOME_COLOURS[group]
        radius = line["radius"].to_numpy(float)
        axes.fill_between(
            radius,
            line["low"].to_numpy(float),
            line["high"].to_numpy(float),
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        axes.plot(radius, line["share"].to_numpy(float), **_line(group), label=group)
        if group not in ELSE:
            for level in reference.loc[reference["outcome"] == group, "share"]:
                axes.axhline(level, color=colour, linestyle=(0, (1, 1.5)), linewidth=1.1)
    axes.set_xscale("log")
    swept = part.drop_duplicates("k")
    _radius_ticks(axes, swept["radius"], swept["k"])
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.spines[["top", "right"]].set_visible(False)


def _radius_ticks(axes: Axes, radii: pd.Series, points: pd.Series) -> None:
    """Put ticks where the runs are, at every second point of the whole grid."""
    chosen = sorted(radii[points % 2 == 0])
    axes.set_xticks(chosen, [f"{float(f'{r:.2g}'):g}" for r in chosen])
    axes.minorticks_off()


def _printed_levels(axes: Axes, printed: pd.DataFrame, name: str, method: str) -> None:
    """Mark what the paper prints at the main radius, where its labels leave no doubt."""
    part = printed[(printed["function"] == name) & (printed["method"] == method)]
    for group in ("GM", "Else"):
        level = part.loc[part["bin"].str.startswith(group), "printed"].sum(min_count=1)
        colour = OUTCOME_COLOURS[group]
        axes.plot(
            [RADII[method] or np.nan],
            [level],
            **PRINTED,
            markeredgecolor=colour,
            zorder=4,
            label="printed",
        )


def _line(group: str) -> dict[str, Any]:
    thin = group in ELSE
    return {
        "color": OUTCOME_COLOURS[group],
        "marker": OUTCOME_MARKERS[group],
        "markersize": {"GM": 8, "halo": 6}.get(group, 4.5),
        "linewidth": 1.0 if thin else 1.8,
        "linestyle": "--" if thin else "-",
    }


def _handle(group: str) -> Line2D:
    size = {"GM": 10, "halo": 8}.get(group, 7)
    return Line2D([], [], **_marker(group, size), label=OUTCOME_WORDS[group])


def _line_handle(group: str) -> Line2D:
    return Line2D([], [], **_line(group), label=OUTCOME_WORDS[group])


def _legend(figure: Figure, handles: Sequence[Line2D | Patch], columns: int = 6) -> None:
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))
