"""The front page of the report as Markdown: answers, studies, the ledger, what was left open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from escaping_minima.claims.entries import CHECK
from escaping_minima.report.answers import answers_part
from escaping_minima.report.effects import counted
from escaping_minima.report.filters import filter_bar, verdict_counts
from escaping_minima.report.frames import badge
from escaping_minima.report.glance import glance_box
from escaping_minima.report.ledger_table import ledger_table
from escaping_minima.report.markdown import block, escaped, front_matter, title_of
from escaping_minima.report.open_part import open_part
from escaping_minima.report.reading_guide import reading_guide

#: What the report is about, where a study answers it.
QUESTION = "How does training leave a poor minimum?"
_ALL_OF_IT = (
    '<a href="verdicts.json">All of it as JSON</a>: every verdict with its readings, settings and '
    "parts, and what it rests on."
)


def front_page(ledger: Mapping[str, Any], sidebar: str) -> str:
    """Return the front page.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    sidebar : str
        What stands beside every page, as Markdown; see `sidebar`.
    """
    claims, label = ledger["claims"], ledger["label"]
    evidence = [c for c in claims if c["kind"] != CHECK]
    left_open = open_part(ledger)
    boxes = "".join(glance_box(record, claims, label) for record in ledger["provenance"])
    parts = [
        front_matter("hide-toc: true"),
        f"# {QUESTION if ledger['answers'] else 'Which claims hold?'}\n",
        *answers_part(ledger),
        f"{counted(len(evidence), 'claim')}, judged on the run **{escaped(label)}**. Every number "
        "below leads to the parts, intervals and settings that it rests on.\n",
        block(verdict_counts(evidence)),
        *_checks(ledger),
        *_stale_note(ledger["provenance"]),
        _way_on(left_open),
        "## The studies at a glance\n",
        block(f'<div class="em-boxes">{boxes}</div>'),
        "## The ledger\n",
        block(f"{filter_bar(claims)}{ledger_table(claims, with_study=True)}"),
        block(_ALL_OF_IT),
        *left_open,
        *reading_guide(ledger),
        sidebar,
    ]
    return "\n".join(parts)


def _way_on(left_open: Sequence[str]) -> str:
    """Return links to the sections of the page, of which the ledger is very long."""
    links = ["[Studies](#the-studies-at-a-glance)", "[ledger](#the-ledger)"]
    links += ["[what is open](#what-could-not-be-tested-and-what-it-would-take)"] * bool(left_open)
    return " · ".join([*links, "[how to read a row](#how-to-read-a-row)"]) + "\n"


def _checks(ledger: Mapping[str, Any]) -> list[str]:
    """Count the checks of the code apart, if there are any."""
    if not any(ledger["checks"].values()):
        return []
    counts = " ".join(f"{badge(v)} {n}" for v, n in ledger["checks"].items() if n)
    return [block(f"Checks of the code, which are no evidence and stand apart: {counts}")]


def _stale_note(records: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        f"**Stale:** {r['stale']} of {r['cells']} cells of {escaped(title_of(r['study']))} "
        "were made by older code; see [what was run](provenance).\n"
        for r in records
        if r["stale"]
    ]
