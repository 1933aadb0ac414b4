"""Report: build the site and say in a few lines what it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from escaping_minima.report.site import VERDICTS, build_report
from escaping_minima.report.summary import summary_lines
from escaping_minima.results.paths import ResultPaths


def report(paths: ResultPaths, studies: Sequence[str], label: str) -> tuple[Path, list[str]]:
    """Build the site of a rendering.

    Parameters
    ----------
    paths : ResultPaths
    studies : sequence of str
    label : str
        Which numbers it rests on, for example ``quick, with starts=1000``.

    Returns
    -------
    Path
        The front page.
    list of str
        The ledger for a terminal.

    Raises
    ------
    UserError
        If something is missing, the disk refuses or Sphinx fails.
    """
    front = build_report(paths, studies, label)
    ledger = json.loads((front.parent / VERDICTS).read_text(encoding="utf-8"))
    return front, summary_lines(ledger)
