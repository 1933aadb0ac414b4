"""The page of errors in the sources' own tables and text as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from escaping_minima.report.frames import html_table
from escaping_minima.report.markdown import block, escaped, title_of


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
