"""SGD-SA beside what it would be without its parts, a mark a seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.report.figures.axes import label_log_axis
from escaping_minima.report.figures.titled import absent, titled
from escaping_minima.report.style import styled
from escaping_minima.report.tables.words import span_words
from escaping_minima.studies.sgd_sa.drawing.lines import Sources
from escaping_minima.studies.sgd_sa.drawing.shared import legend, style_of
from escaping_minima.studies.sgd_sa.names import NETWORK_NAMES, RUN_NAMES
from escaping_minima.studies.sgd_sa.run_groups import CONTROLS, METHODS, READINGS
from escaping_minima.studies.sgd_sa.runs import Runs
from escaping_minima.studies.sgd_sa.scope import scope_words
from escaping_minima.studies.sgd_sa.whole_runs import is_tested

#: What is drawn, with the name and unit of its axis, and whether that is logarithmic.
MEASURES = {
    "last_test_accuracy": ("test accuracy at the end\n(percent)", False),
    "last_test_loss": ("test loss at the end\n(mean cross-entropy, log scale)", True),
}
#: Whether moves are tested, by look.
_LOOKS: Mapping[bool, Mapping[str, Any]] = {
    True: {"marker": "o", "color": style_of("sgd_sa")["color"]},
    False: {"marker": "s", "color": style_of("scheduled_sgd")["color"]},
}
_NAMES = {True: "moves are tested", False: "every move is kept"}


@styled
def ablations(sources: Sources) -> Figure:
    """Draw the end of each control and other reading of SGD-SA, with both methods, by seed.

    Parameters
    ----------
    sources : Sources
    """
    title = "SGD-SA, its controls and its other readings"
    found = sources.runs_of("control")
    if found is None:
        return absent(title)
    runs, published = found
    networks = [n for n in NETWORK_NAMES if n in runs.networks("control")]
    cells = {network: _cells(runs, network) for network in networks}
    height = 1.2 + sum(0.6 + 0.24 * len(found) for found in cells.values())
    figure = titled(height, title, _detail(runs, networks), published)
    sizes = [len(found) for found in cells.values()]
    grid = figure.subplots(
        len(networks), len(MEASURES), squeeze=False, sharey="row", height_ratios=sizes
    )
    for row, network in zip(grid, networks, strict=True):
        for axes, measure in zip(row, MEASURES, strict=True):
            _panel(axes, runs, cells[network], measure)
            axes.set_title(NETWORK_NAMES[network])
    marks = [Line2D([], [], **_LOOKS[k], linestyle="none", label=_NAMES[k]) for k in _LOOKS]
    means = Line2D([], [], color="#5A5A5A", marker="|", markersize=12, linestyle="none")
    means.set_label("mean of the seeds")
    legend(figure, [*marks, means])
    return figure


def _cells(runs: Runs, network: str) -> dict[str, Any]:
    """Return the cells that are drawn, by run: both methods, then what there is of the others."""
    places = [("main", run) for run in METHODS]
    places += [("control", run) for run in (*CONTROLS, *READINGS)]
    found = {run: runs.find(role, network, run) for role, run in places}
    return {run: cell for run, cell in found.items() if cell is not None}


def _panel(axes: Axes, runs: Runs, cells: dict[str, str], measure: str) -> None:
    label, log = MEASURES[measure]
    for place, (run, cell) in enumerate(cells.items()):
        values = runs.values(cell, measure)
        look = _look(runs, cell)
        spread = place + _jitter(len(values))
        axes.plot(values, spread, **look, linestyle="none", markersize=4, alpha=0.7, label=run)
        mean = [values.mean()]
        colour = {"color": look["color"], "label": f"{run} mean"}
        axes.plot(mean, [place], "|", markersize=12, markeredgewidth=1.6, **colour)
    _name_rows(axes, [RUN_NAMES[run] for run in cells])
    axes.set_xlabel(label)
    if log:
        axes.set_xscale("log")
        label_log_axis(axes.xaxis)


def _look(runs: Runs, cell: str) -> Mapping[str, Any]:
    row = runs.row(cell)
    settings = json.loads(row["settings"])["method_settings"]
    return _LOOKS[is_tested(str(row["method"]), settings)]


def _jitter(count: int) -> np.ndarray:
    """Return places of marks about a row, so that equal values do not hide one another."""
    return np.linspace(-0.2, 0.2, count) if count > 1 else np.zeros(count)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(color="#E4E4E4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _detail(runs: Runs, networks: Sequence[str]) -> str:
    rows = runs.cells[runs.cells["role"].isin(["main", "control"])]
    rows = rows[rows["network"].isin(networks)]
    own = rows[rows["role"] == "control"]
    seeds, epochs = (span_words(own[c]) for c in ("seeds", "epochs"))
    lost = int(rows["diverged"].sum())
    words = f"{seeds} seeds a control, {epochs} epochs; {scope_words(rows)}"
    return f"{words}; {lost} diverged runs left out" if lost else words
