"""The ledger as an HTML table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.report.frames import Html, badge, html_table, link
from escaping_minima.report.markdown import figure_anchor, title_of
from escaping_minima.report.reasons import untested_reason


def ledger_table(claims: Sequence[Mapping[str, Any]], linked: bool = True) -> Html:
    """Return the ledger as an HTML table.

    Parameters
    ----------
    claims : sequence of mapping
        The ledger's claims.
    linked : bool
        With links into the site; a notebook has none to give.
    """
    beside = any(claim["published"] for claim in claims)
    rows = [_row(claim, linked, beside) for claim in claims]
    anchors = [f"claim-{c['id'].lower()}" for c in claims] if linked else None
    headings = {"verdict": claims[0]["run"]} if claims else None
    table = html_table(rows, headings=headings, row_ids=anchors, lead="verdict")
    return Html(table.replace('class="em-table', 'class="em-ledger em-table', 1))


def which_part(head: Mapping[str, Any]) -> str:
    """Say which part a headline shows."""
    if not head["parts"]:
        return ""
    words = ", ".join(filter(None, (head["label"], head["setting"])))
    return words if head["parts"] == 1 else f"{words} (weakest of {head['parts']} parts)"


def measured_and_claimed(head: Mapping[str, Any]) -> str:
    """Say what a headline's part measured and what is claimed of it."""
    return f"{head['text']}; claimed: {head['claimed']}" if head["parts"] else str(head["text"])


def flag(decided: Mapping[str, Any]) -> str:
    """Return what a reading's or a part's badge does not say."""
    return " (negligible)" if decided["negligible"] else ""


def _row(claim: Mapping[str, Any], linked: bool, beside: bool) -> dict[str, Any]:
    page = f"claims/{claim['id']}.html"
    name = link(page, claim["id"]) if linked else Html(f"<b>{escape(claim['id'])}</b>")
    published = claim["published"]
    row: dict[str, Any] = {
        "claim": Html(f"{name} {escape(claim['statement'])}"),
        "paper": Html(f"{escape(claim['printed'])}<br>{_small(claim['location'])}"),
        "ours": _ours(claim["headline"]),
        "verdict": _verdict(claim),
    }
    if beside:
        row["published run"] = badge(published["verdict"] if published else None)
    if linked:
        drawn = f"<br>figure:<br>{_drawn(claim)}" if claim["figure"] else ""
        row["evidence"] = Html(f"{link(page, 'parts')}{drawn}")
    return row


def _drawn(claim: Mapping[str, Any]) -> Html:
    page = f"figures/{claim['study']}.html#{figure_anchor(claim['study'], claim['figure'])}"
    return link(page, title_of(claim["figure"]))


def _ours(head: Mapping[str, Any]) -> Html:
    if not head["parts"]:
        return Html(head["text"])
    lines = (f"claimed: {escape(head['claimed'])}", _small(which_part(head)))
    return Html("<br>".join((f"<b>{escape(head['text'])}</b>", *lines)))


def _verdict(claim: Mapping[str, Any]) -> Html:
    main = claim["readings"][0]
    reason = untested_reason(main)
    below = f"<br>{_small(reason)}" if reason else _settings(claim)
    return Html(f"{badge(claim['verdict'])}{flag(main)}{below}")


def _settings(claim: Mapping[str, Any]) -> str:
    holding = claim["holding"]
    if holding["of"] < 2:
        return ""
    words = f"holds at {holding['settings']} of {holding['of']} {claim['swept']}"
    return f"<br>{_small(words)}"


def _small(text: str) -> str:
    return f'<span class="em-small">{escape(text)}</span>'
