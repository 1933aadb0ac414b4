"""Figure 3 with data, and simulated annealing on the curve: from tables to figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from escaping_minima.landscape.curve import curve_points
from escaping_minima.parts.looks import look_of
from escaping_minima.parts.registry import make_problem
from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import absent
from escaping_minima.report.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    SKY,
    VERMILION,
    new_figure,
    styled,
)
from escaping_minima.statistics.intervals import clopper_pearson
from escaping_minima.studies.batch_increase.annealing import COURSES, ENDS
from escaping_minima.studies.batch_increase.annealing_cells import CURVE, FRAMES, ROLE, SEARCHES
from escaping_minima.studies.batch_increase.curves import Sources
from escaping_minima.studies.batch_increase.noise_schedules import noisy_methods

#: Searches in the order and the colours in which they are drawn.
_COLOURS: Mapping[str, str] = dict(
    zip(SEARCHES, (BLUE, SKY, GREEN, VERMILION, ORANGE, BLACK), strict=True)
)
#: Searches whose ends are shown on the curve.
_SHOWN = ("cooled", "always hot", "downhill only")
_LINES = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))
_ABSENT = "not part of this run, and no published run has it"
#: Error probability of each side of an interval.
_TAIL = 0.025
_BINS = np.linspace(0.0, 16.0, 81)


@dataclass(frozen=True)
class _Annealed:
    """The runs of annealing: a row of cells a cell, and its two tables."""

    cells: pd.DataFrame
    courses: pd.DataFrame
    ends: pd.DataFrame
    published: bool

    def cell(self, problem: str, variant: str) -> str | None:
        there = (self.cells["strategy"] == problem) & (self.cells["variant"] == variant)
        return str(self.cells.loc[there, "cell"].iloc[0]) if there.any() else None

    def course(self, problem: str, variant: str) -> pd.DataFrame:
        """Return the counts of all blocks together, by share of the search."""
        rows = self.courses[self.courses["cell"] == self.cell(problem, variant)]
        return rows.groupby("share")[["best", "replicates"]].sum().reset_index()


@styled
def figure_3(noise: pd.DataFrame) -> Figure:
    """Draw how noise falls over the search: as scheduled, and as runs show it.

    Parameters
    ----------
    noise : DataFrame
        As `escaping_minima.studies.batch_increase.noise_axes.noise_axes` gives it.
    """
    absent = sorted(set(noisy_methods()) - set(noise["method"]))
    names = ", ".join(look_of(name).title for name in absent)
    detail = f"each divided by its largest value; without a run here: {names}" if names else ""
    figure = new_figure(11, 5.2, "Noise over the search", detail or "each divided by its largest")
    panels = figure.subplots(1, 2, sharey=True)
    titles = {"schedule": "as the schedule has it", "runs": "as runs show it"}
    for axes, (source, title) in zip(panels, titles.items(), strict=True):
        curves = noise[noise["source"] == source]
        axes.set(title=title, xlabel="share of the search that is done")
        if curves.empty:
            _say_absent(axes)
            continue
        _draw_noise(axes, curves)
        axes.set_yscale("symlog", linthresh=1e-3, linscale=0.4)
        axes.set_ylim(0, 1.3)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, fontsize=7.5)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("noise, relative to its largest value\n(log scale, linear below 0.001)")
    return figure


@styled
def annealing_curve(sources: Sources) -> Figure:
    """Draw simulated annealing on the curve: where searches end, and when they leave the well.

    Parameters
    ----------
    sources : Sources
    """
    found = _annealed(sources)
    title = "Simulated annealing on the curve, and on the functions of the plane"
    if found is None:
        return absent(title)
    figure = new_figure(12, 4.6, title, _detail(found))
    ends, course, all_problems = figure.subplots(1, 3, width_ratios=(1.2, 1.0, 1.1))
    _draw_ends(ends, found)
    _draw_courses(course, found)
    _draw_shares(all_problems, found)
    handles, labels = course.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _annealed(sources: Sources) -> _Annealed | None:
    def find(tables: Mapping[str, pd.DataFrame], published: bool) -> _Annealed | None:
        if COURSES not in tables or ENDS not in tables:
            return None
        cells = tables["cells.csv"]
        cells = cells[cells["role"] == ROLE]
        return _Annealed(cells, tables[COURSES], tables[ENDS], published)

    return sources.first(find)


def _detail(found: _Annealed) -> str:
    starts = int(found.courses.groupby(["cell", "share"])["replicates"].sum().max())
    whose = "published runs" if found.published else "this run"
    return f"{starts:,} starts of each search, {whose}; bands and bars: 95 percent, exact"


def _draw_noise(axes: Axes, curves: pd.DataFrame) -> None:
    """Draw each curve once, with the names of all that have it."""
    keys = ["kind", "study", "method", "label"]
    same: dict[tuple[float, ...], list[tuple[Any, ...]]] = {}
    for key, rows in curves.groupby(keys, sort=False):
        shape = tuple(rows[["share", "relative"]].to_numpy(float).round(9).ravel())
        same.setdefault(shape, []).append(tuple(np.atleast_1d(np.array(key, object))))
    seen: dict[str, int] = {}
    for shape, names in same.items():
        share, relative = np.array(shape).reshape(-1, 2).T
        method = str(names[0][2])
        line = _LINES[seen.setdefault(method, 0) % len(_LINES)]
        seen[method] += 1
        colour = look_of(method).colour
        axes.plot(share, relative, color=colour, linestyle=line, label=_name(names))


def _name(names: Sequence[tuple[Any, ...]]) -> str:
    """Return whose curve it is: the methods and conditions, and the kind of noise."""
    words = []
    for kind, _, method, label in names:
        title = look_of(str(method)).title
        which = str(label).replace("_", " ") or kind
        words.append(f"{title} ({which})" if label or len(names) == 1 else title)
    kinds = "" if len(names) == 1 or names[0][3] else f" ({names[0][0]})"
    every = list(dict.fromkeys(words))
    return f"{', '.join(every[:3])}{' and others' if len(every) > 3 else ''}{kinds}"


def _draw_ends(axes: Axes, found: _Annealed) -> None:
    """Draw the curve, and above it how the ends of searches are spread over it."""
    curve = make_problem(CURVE, {})
    x = np.linspace(_BINS[0], _BINS[-1], 801)
    axes.plot(x, curve.height(x), color=GREY, label="f")
    for point in curve_points(curve):
        axes.plot(point.x, point.value, "o" if point.kind == "minimum" else "^", color=GREY)
    density = axes.twinx()
    for variant in _SHOWN:
        ends = found.ends.loc[found.ends["cell"] == found.cell(CURVE, variant), "x"]
        colour = _COLOURS[variant]
        density.hist(ends, list(_BINS), density=True, histtype="step", color=colour, linewidth=1.5)
    hot = FRAMES[CURVE].hot
    weight = np.exp(-curve.height(x) / hot)
    density.plot(x, weight / np.trapezoid(weight, x), color=_COLOURS["always hot"], linestyle=":")
    density.set_yscale("log")
    density.set_ylim(5e-3, 2e1)
    density.set_ylabel("density of the ends (log scale)")
    axes.set(title=f"Ends on the curve; dotted: exp(−f/{hot:g})", xlabel="x", ylabel="f(x)")


def _draw_courses(axes: Axes, found: _Annealed) -> None:
    """Draw the share of searches that are in the best valley of the curve, as they go on."""
    for variant, colour in _COLOURS.items():
        rows = found.course(CURVE, variant)
        if rows.empty:
            continue
        best, count = rows["best"].to_numpy(int), rows["replicates"].to_numpy(int)
        low, high = clopper_pearson(best, count, _TAIL)
        axes.plot(rows["share"], best / count, color=colour, label=variant)
        axes.fill_between(rows["share"], low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set(title="In the best valley of the curve", xlabel="share of the search that is done")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylim(-0.02, 1.02)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_shares(axes: Axes, found: _Annealed) -> None:
    """Draw the share that ends in a best valley, by problem and search."""
    variants = list(_COLOURS)
    for place, problem in enumerate(FRAMES):
        for index, variant in enumerate(variants):
            rows = found.course(problem, variant)
            if rows.empty:
                continue
            best, count = (rows[c].to_numpy(int)[-1:] for c in ("best", "replicates"))
            low, high = clopper_pearson(best, count, _TAIL)
            x, share = place + (index - (len(variants) - 1) / 2) * 0.12, best / count
            bar = np.stack([share - low, high - share])
            axes.errorbar(x, share, yerr=bar, fmt="o", markersize=4, color=_COLOURS[variant])
    axes.set_xticks(range(len(FRAMES)), [name.replace("_", "\n") for name in FRAMES])
    axes.set_title("In a best valley at the end")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylim(-0.02, 1.02)
    axes.spines[["top", "right"]].set_visible(False)


def _say_absent(axes: Axes) -> None:
    axes.text(0.5, 0.5, _ABSENT.replace(", ", ",\n"), ha="center", transform=axes.transAxes)
    axes.set_axis_off()
