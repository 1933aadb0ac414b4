"""The ledger as an HTML table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.report.frames import Html, badge, html_table, link
from escaping_minima.report.markdown import figure_anchor, title_of


def ledger_table(claims: Sequence[Mapping[str, Any]], linked: bool = True) -> Html:
    """Return the ledger as an HTML table.

    Parameters
    ----------
    claims : sequence of mapping
        The ledger's claims.
    linked : bool
        With links into the site; a notebook has none to give.
    """
    rows = [_row(claim, linked) for claim in claims]
    anchors = [f"claim-{c['id'].lower()}" for c in claims] if linked else None
    table = html_table(rows, row_ids=anchors)
    return Html(table.replace('class="em-table"', 'class="em-table em-ledger"', 1))


def which_part(head: Mapping[str, Any]) -> str:
    """Say which part a headline shows."""
    if not head["parts"]:
        return ""
    if head["parts"] == 1:
        return str(head["label"])
    return f"{head['label']} (weakest of {head['parts']} parts)"


def flag(decided: Mapping[str, Any]) -> str:
    """Return what a reading's or a part's badge does not say."""
    return " (negligible)" if decided["negligible"] else ""


def _row(claim: Mapping[str, Any], linked: bool) -> dict[str, Any]:
    page = f"claims/{claim['id']}.html"
    figure = f"figures/{claim['study']}.html#{figure_anchor(claim['figure'])}"
    head, main = claim["headline"], claim["readings"][0]
    name = link(page, claim["id"]) if linked else Html(f"<b>{escape(claim['id'])}</b>")
    published = claim["published"]
    row: dict[str, Any] = {
        "claim": Html(f"{name} {escape(claim['statement'])}"),
        "paper": Html(f"{escape(claim['printed'])}<br>{_small(claim['location'])}"),
        "ours": Html(f"<b>{escape(head['text'])}</b><br>{_small(which_part(head))}"),
        "this run": Html(f"{badge(claim['verdict'])}{flag(main)}{_settings(claim)}"),
        "published run": badge(published["verdict"] if published else None),
    }
    if linked:
        drawn = link(figure, title_of(claim["figure"]))
        row["evidence"] = Html(f"{link(page, 'parts')}<br>figure:<br>{drawn}")
    return row


def _settings(claim: Mapping[str, Any]) -> Html:
    holding = claim["holding"]
    if holding["of"] < 2 or claim["verdict"] == "not tested":
        return Html("")
    words = f"holds at {holding['settings']} of {holding['of']} {claim['swept']}"
    return Html(f"<br>{_small(words)}")


def _small(text: str) -> str:
    return f'<span class="em-small">{escape(text)}</span>'
