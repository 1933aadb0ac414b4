"""Annealing, random perturbations and tests of moves, beside gradient descent."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.contestants import COOLINGS
from escaping_minima.studies.escape.drawing.shared import (
    bars,
    describe_runs,
    doubling,
    frame,
    line_with_ends,
    look,
    name_lines,
    number_of,
    percent_axis,
    style_of,
)
from escaping_minima.studies.escape.layout import UNEVEN
from escaping_minima.studies.escape.names import PROBLEM_NAMES

_PERTURBED = ("gd", "two_point", "langevin", "nig", "nim", "annealing")
_TESTED = ("gd", "sgd_1", "langevin", "barker")


@styled
def annealing(shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw annealing by cooling rate, and perturbed methods beside gradient descent.

    Parameters
    ----------
    shares : DataFrame
        ``shares.csv``.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        11,
        5.4,
        "Do annealing and random perturbations find the global minimum more often?",
        describe_runs(cells, ["cooling", "arena"]),
    )
    left, right = figure.subplots(1, 2)
    best = shares[shares["measure"] == "best"]
    own = best[best["role"] == "cooling"]
    own = own.assign(cooling=number_of(own["point"], "cooling"))
    plain = best[(best["role"] == "arena") & (best["arm"] == "gd")].set_index("problem")["share"]
    for index, problem in enumerate(UNEVEN):
        rows, style = own[own["problem"] == problem], style_of(index)
        line_with_ends(left, rows, "cooling", "share", label=PROBLEM_NAMES[problem], **style)
        if problem in plain.index:
            left.plot(0.7, float(plain[problem]), **style, linestyle="none", fillstyle="none")
    label = "decades that annealing cools by (open, at the left: gradient descent)"
    doubling(left, COOLINGS, label)
    _beside(right, best, _PERTURBED)
    for axes in (left, right):
        percent_axis(axes, "at a global minimum (percent)")
        frame(axes)
        name_lines(axes)
    return figure


@styled
def metropolis(distances: pd.DataFrame, shares: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw how near samplers come to their law, and what a test of each move is worth.

    Parameters
    ----------
    distances, shares : DataFrame
        The derived tables.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10,
        5,
        "Is gradient descent better with tests of Metropolis-Hastings on batches?",
        describe_runs(cells, ["posterior", "arena"]),
    )
    left, right = figure.subplots(1, 2)
    rows = distances.assign(place=np.arange(len(distances)))
    line_with_ends(left, rows, "place", "mean", linestyle="none", **style_of(0))
    left.set_xticks(rows["place"], rows["test"])
    left.set_ylabel("total variation to sampling with all items (percent)")
    left.set_ylim(bottom=0)
    best = shares[(shares["measure"] == "best") & shares["problem"].isin(["scattered", "xor_2"])]
    _beside(right, best, _TESTED)
    percent_axis(right, "at a global minimum (percent)")
    for axes in (left, right):
        frame(axes)
    name_lines(right)
    return figure


def _beside(axes: Axes, best: pd.DataFrame, arms: tuple[str, ...]) -> None:
    """Draw the shares of contestants side by side, problem by problem."""
    own = best[best["role"] == "arena"]
    problems = [problem for problem in UNEVEN if problem in set(own["problem"])]
    for index, arm in enumerate(arms):
        rows = own[own["arm"] == arm].set_index("problem").reindex(problems)
        part = rows[["share", "low", "high"]].astype(float)
        places = np.arange(len(problems)) + 0.7 * (index / len(arms) - 0.5)
        style = look(arm) | {"linestyle": "none", "capsize": 2}
        axes.errorbar(places, part["share"], bars(part, "share"), **style)
    names = [PROBLEM_NAMES[problem] for problem in problems]
    axes.set_xticks(range(len(problems)), names, rotation=20, ha="right")
