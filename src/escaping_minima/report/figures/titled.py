"""Figures whose title says what they rest on, and what stands in place of one without runs."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from escaping_minima.report.style import new_figure

#: Of a figure, in inches.
WIDTH = 10.0
#: What stands before a title whose runs are not of this run.
PUBLISHED = "NOT THIS RUN but the published one"
#: Letters in a line below a title of that width, and what one line of it takes, in inches.
_LETTERS, _LINE = 118, 0.19
_ABSENT = "Not part of this run, and no published run has it."


def titled(
    height: float, title: str, detail: str = "", published: bool = False, width: float = WIDTH
) -> Figure:
    """Return an empty figure whose title says what it rests on, and whose runs these are.

    Parameters
    ----------
    height : float
        In inches, without what a long detail takes.
    title, detail : str
    published : bool
        Whether the runs are those of the published tables, which is then said.
    width : float
        In inches.
    """
    words = f"{PUBLISHED}: {title}" if published else title
    lines = textwrap.wrap(detail, round(_LETTERS * width / WIDTH))
    return new_figure(width, height + _LINE * len(lines), words, "\n".join(lines))


def absent(title: str) -> Figure:
    """Return what stands in place of a figure that has no runs: one line."""
    return new_figure(WIDTH, 0.8, title, _ABSENT)
