"""A study at a glance: what it is about, on what it rests, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.claims.entries import CHECK
from escaping_minima.parts.studies import find_study
from escaping_minima.report.effects import counted
from escaping_minima.report.filters import verdict_counts
from escaping_minima.report.frames import Html, cell_text, link
from escaping_minima.report.markdown import title_of
from escaping_minima.report.runs_page import data_words, span_words


def glance_box(record: Mapping[str, Any], claims: Sequence[Mapping[str, Any]], label: str) -> Html:
    """Return the box of a study for the front page.

    Parameters
    ----------
    record : Mapping
        The study's provenance.
    claims : sequence of Mapping
        The ledger's, of all studies.
    label : str
        How the rendering is called.
    """
    study = record["study"]
    title = link(f"{study}.html", title_of(study))
    return Html(
        f'<section class="em-box"><h3>{title}</h3><p>{escape(find_study(study).about)}</p>'
        f"{_described(glance_facts(record, claims, label))}</section>"
    )


def glance_facts(
    record: Mapping[str, Any], claims: Sequence[Mapping[str, Any]], label: str, front: str = ""
) -> dict[str, Any]:
    """Return what a reader wants to know of a study first, as names and values.

    Parameters
    ----------
    record, claims, label
        As in `glance_box`.
    front : str
        The front page, seen from the page that shows this; empty on itself.
    """
    study = record["study"]
    evidence = [c for c in claims if c["study"] == study and c["kind"] != CHECK]
    sizes = (f"{span_words(bounds)} {what} a cell" for what, bounds in record["sizes"].items())
    return {
        "source": "; ".join(dict.fromkeys(c["source_title"] for c in evidence)),
        "scope": f"{counted(len(evidence), 'claim')}; {counted(record['cells'], 'cell')}, "
        f"{counted(record['blocks'], 'block')}",
        "scale": "; ".join([label, *sizes]),
        "data": data_words(record["data"]),
        "hardware": f"{', '.join(record['device'])}: {'; '.join(record['machine'])}",
        "time": time_words(record["wall_seconds"]),
        "outcome": verdict_counts(evidence, front, study=study),
    }


def time_words(seconds: float) -> str:
    """Return a time with the digits and the unit that a reader wants."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:,.1f} hours"


def _described(facts: Mapping[str, Any]) -> str:
    pairs = (f"<dt>{escape(k)}</dt><dd>{cell_text(v)}</dd>" for k, v in facts.items())
    return f"<dl>{''.join(pairs)}</dl>"
