"""What the figures of the study share: how methods and sets are drawn, titles, legends."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from escaping_minima.parts.looks import look_of
from escaping_minima.report.figures.axes import GREY
from escaping_minima.report.figures.titled import PUBLISHED
from escaping_minima.studies.populations.drawing.lines import Lines
from escaping_minima.studies.populations.names import (
    IMAGE_TASKS,
    METHOD_NAMES,
    METHODS,
    MONOTONIC,
    ROLE_NAMES,
    TASK_NAMES,
)

#: Of the whole: methods in the order of the paper's tables, the monotonic ones last.
ORDER = (*METHODS, *MONOTONIC)
#: Letters in a line above all panels of a row, and their size in points.
_ROW_LETTERS, _PANEL_SIZE = 122, 8.5
_LEGEND_COLUMNS = 6
_LINES: Mapping[str, Any] = {
    "gd": (0, (5, 1.5)),
    "nig": (0, (1, 1)),
    "nim": (0, (3, 1)),
    "sam": "-",
    "nig_bh": (0, (5, 1.2, 1, 1.2)),
    "nim_bh": "-",
    "nig_mbh": (0, (5, 1.2, 1, 1.2)),
    "nim_mbh": (0, (3, 1)),
}
#: A marker for each set, the same in every figure, and whether it is filled.
SET_MARKERS: Mapping[str, tuple[str, bool]] = {
    "A": ("o", True),
    "B": ("s", False),
    "V": ("^", False),
}
SET_WORDS: Mapping[str, str] = {
    "A": "SetA: lowest training loss",
    "B": "SetB: highest test score",
    "V": "SetV: highest held-out score",
}


def colour_of(method: str) -> str:
    """Return the colour of a method, the same in every figure."""
    return look_of(method).colour


def style_of(method: str) -> dict[str, Any]:
    """Return colour and line of a method, the same in every figure."""
    return {"color": colour_of(method), "linestyle": _LINES[method], "linewidth": 1.6}


def method_handles(methods: Iterable[str], **style: Any) -> list[Line2D]:
    """Return what a legend says of methods, in the order of the paper's tables."""
    there = set(methods)
    return [
        Line2D([], [], **({**style_of(m), **style}), label=METHOD_NAMES[m])
        for m in ORDER
        if m in there
    ]


def score_words(task: str) -> str:
    """Return what the score of a task is, with its unit."""
    return "accuracy (percent)" if task in IMAGE_TASKS else "macro-F1 (percent)"


def title_words(task: str, networks: Iterable[str], panels: int) -> str:
    """Return what one of some panels in a row is called: its task, and its networks below."""
    networks = ", ".join(dict.fromkeys(networks))
    below = textwrap.fill(networks, _ROW_LETTERS // panels - 2, break_on_hyphens=False)
    return f"{TASK_NAMES[task]}\n{below}"


def title_panel(axes: Axes, lines: Lines, panels: int, more: str = "", bands: bool = True) -> None:
    """Say above a panel, one of some in a row, what it rests on and whose runs it shows."""
    named = f"{TASK_NAMES[lines.task]}, {ROLE_NAMES[lines.role]}"
    named = f"{PUBLISHED}: {named}" if lines.published else named
    width = _ROW_LETTERS // panels
    words = "; ".join([lines.detail(bands), *filter(None, [more])])
    text = "\n".join(textwrap.fill(line, width, break_on_hyphens=False) for line in (named, words))
    axes.set_title(text, loc="left", fontsize=_PANEL_SIZE)


def name_row(method: str, role: str) -> str:
    """Return what a row of a method in a role is called."""
    if role in ("plain", "monotonic"):
        return {"plain": ROLE_NAMES[role], "monotonic": METHOD_NAMES[method]}[role]
    return f"{METHOD_NAMES[method]}, {ROLE_NAMES[role]}"


def legend(figure: Figure, handles: Sequence[Any], columns: int = _LEGEND_COLUMNS) -> None:
    """Name what a figure shows, below it."""
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))


def frame(axes: Axes, grid: str = "y") -> None:
    """Give a panel the grid and the frame that all panels have."""
    axes.grid(axis=grid, color="#E4E4E4", linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def level_handle(words: str, **style: Any) -> Line2D:
    """Return what a legend says of a level across panels."""
    look: dict[str, Any] = {"color": GREY, "linewidth": 1.0, **style}
    return Line2D([], [], **look, label=words)
