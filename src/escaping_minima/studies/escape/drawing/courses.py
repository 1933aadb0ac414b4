"""What is reached, and who is still where it began, by what was spent."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure, styled
from escaping_minima.studies.escape.contestants import CONTESTANTS
from escaping_minima.studies.escape.drawing.shared import (
    describe_runs,
    frame,
    handles_of,
    legend,
    look,
    percent_axis,
)
from escaping_minima.studies.escape.names import PROBLEM_NAMES, arm_name
from escaping_minima.studies.escape.terrain import ARENA

_COLUMNS = 4
_MARK_EVERY = 8


@styled
def targets(courses: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the share of targets reached by what was spent, the mean over problems.

    Parameters
    ----------
    courses : DataFrame
        ``targets.parquet``.
    cells : DataFrame
        ``cells.csv``.
    """
    figure = new_figure(
        10,
        6.2,
        "Share of targets reached by what was spent, all problems with known minima alike",
        describe_runs(cells, ["arena"]),
    )
    axes = figure.subplots()
    whole = courses.groupby(["arm", "percent_of_budget"])["share"].mean().reset_index()
    arms = [arm for arm in CONTESTANTS if arm in set(whole["arm"])]
    last = whole.groupby("arm")["share"].max()
    for arm in sorted(arms, key=lambda name: -float(last[name])):
        own = whole[whole["arm"] == arm]
        axes.plot(own["percent_of_budget"], own["share"], markevery=_MARK_EVERY, **look(arm))
    axes.set(xscale="log", xlabel="spent (percent of the budget of this run)")
    percent_axis(axes, "targets reached (percent)")
    frame(axes)
    legend(figure, axes.get_legend_handles_labels()[0])
    return figure


@styled
def survival(courses: pd.DataFrame, cells: pd.DataFrame) -> Figure:
    """Draw the share of starts that have not left their first basin, a panel a problem.

    Parameters
    ----------
    courses : DataFrame
        ``survival.parquet``.
    cells : DataFrame
        ``cells.csv``.
    """
    problems = [p for p in ARENA if p in set(courses["problem"])]
    rows = max(1, -(-len(problems) // _COLUMNS))
    figure = new_figure(
        11,
        1.4 + 2.5 * rows,
        "How long until a run first leaves the basin that it began in",
        f"{describe_runs(cells, ['arena'])}; contestants that claims compare",
    )
    grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
    claimed = [arm for arm, one in CONTESTANTS.items() if one.claimed]
    for axes in grid[len(problems) :]:
        axes.set_visible(False)
    for place, (axes, problem) in enumerate(zip(grid, problems, strict=False)):
        for arm in claimed:
            own = courses[(courses["problem"] == problem) & (courses["arm"] == arm)]
            style = {k: v for k, v in look(arm).items() if k != "label"}
            axes.plot(own["percent_of_budget"], own["share"], markevery=_MARK_EVERY, **style)
        axes.set(xscale="log", title=PROBLEM_NAMES[problem])
        if place + _COLUMNS >= len(problems):
            # no panel is below it
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("spent (percent of the budget)")
        percent_axis(axes, "")
        frame(axes)
    figure.supylabel("still in the first basin (percent)", fontsize=9.5)
    legend(figure, handles_of({arm_name(arm): look(arm) for arm in claimed}))
    return figure
