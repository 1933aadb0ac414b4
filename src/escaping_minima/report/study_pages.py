"""The pages of figures and of errors in printed tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from escaping_minima.report.frames import html_table
from escaping_minima.report.markdown import block, escaped, figure_anchor, title_of
from escaping_minima.report.runs_page import data_words


def figures_page(record: Mapping[str, Any], figures: Iterable[tuple[str, str, str]]) -> str:
    """Return the page of a study's figures.

    Parameters
    ----------
    record : Mapping
        The study's provenance.
    figures : iterable of (str, str, str)
        Name, file relative to the page, and caption.
    """
    data = [data_words(record["data"]), *record["data"]["notes"]]
    parts = [f"# Figures: {escaped(title_of(record['study']))}\n"]
    parts += [f"Data: {escaped('; '.join(data))}.\n"]
    for name, file, caption in figures:
        alternative = escaped(caption.split(". ")[0])
        parts += [f"({figure_anchor(record['study'], name)})=\n## {escaped(title_of(name))}\n"]
        parts += [f"![{alternative}]({file})\n", escaped(caption) + "\n"]
    return "\n".join(parts)


def errors_page(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of errors found in the sources' own tables and text.

    Parameters
    ----------
    errors : sequence of Mapping
        Of the ledger.
    """
    parts = [
        "# Errors found in the papers\n",
        "Where the papers' own tables and text contradict each other or the arithmetic; no run of "
        "ours enters here.\n",
    ]
    for study in dict.fromkeys(e["study"] for e in errors):
        rows = [
            {k: e[k] for k in ("where", "check", "arithmetic", "finding")}
            for e in errors
            if e["study"] == study
        ]
        parts += [f"## {escaped(title_of(study))}\n", block(html_table(rows, lead="where"))]
    return "\n".join(parts if errors else [*parts, "None.\n"])
