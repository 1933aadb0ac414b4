"""The page of a study's figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from escaping_minima.report.figure_values import MOST_ROWS
from escaping_minima.report.markdown import block, escaped, figure_anchor, runs_anchor, title_of
from escaping_minima.report.runs_page import data_words

#: What makes the figures of a study anew, and the table of each.
_COMMAND = (
    ".venv/bin/escaping-minima render --notebook notebooks/{study}.ipynb"
    " --output {study}.ipynb -p name={rendering} -p figures={study}"
)
_NOT_LISTED = (
    f"Not listed: contours, surfaces, more than {MOST_ROWS:,} points, or nothing at all is drawn"
)


@dataclass(frozen=True)
class ShownFigure:
    """A figure of a study as its page shows it.

    Attributes
    ----------
    name : str
    file : str
        Relative to the page.
    caption : str
    code : str
        The cell of the notebook that draws it.
    values : str
        The table of what it draws, relative to the page; empty where there is none.
    """

    name: str
    file: str
    caption: str
    code: str
    values: str


def figures_page(record: Mapping[str, Any], figures: Iterable[ShownFigure], rendering: str) -> str:
    """Return the page of a study's figures.

    Parameters
    ----------
    record : Mapping
        The study's provenance.
    figures : iterable of ShownFigure
    rendering : str
        The name of the rendering: a scale, or "from-published".
    """
    study = record["study"]
    data = [data_words(record["data"]), *record["data"]["notes"]]
    command = _COMMAND.format(study=study, rendering=rendering)
    parts = [f"# Figures: {escaped(title_of(study))}\n"]
    parts += [f"Data: {escaped('; '.join(data))}.\n"]
    for figure in figures:
        alternative = escaped(figure.caption.split(". ")[0])
        parts += [f"({figure_anchor(study, figure.name)})=\n## {escaped(title_of(figure.name))}\n"]
        parts += [f"![{alternative}]({figure.file})\n", escaped(figure.caption) + "\n"]
        parts += [_behind(figure, study), block(_made_by(figure, command))]
    return "\n".join(parts)


def _behind(figure: ShownFigure, study: str) -> str:
    """Say where the data behind a figure are."""
    drawn = f"[What is drawn, as CSV]({figure.values})" if figure.values else _NOT_LISTED
    return f"{drawn} · [the runs behind it](#{runs_anchor(study)})\n"


def _made_by(figure: ShownFigure, command: str) -> str:
    """Say how a figure is made."""
    # a blank line would end the block
    code = "\n".join(line for line in figure.code.splitlines() if line.strip())
    return (
        '<details class="em-made"><summary>How it is made</summary>'
        f"<pre>{escape(command)}</pre>In the notebook:<pre>{escape(code)}</pre></details>"
    )
