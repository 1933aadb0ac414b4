"""What the ledger can be filtered by: a form that a script brings to life, and links to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from escaping_minima.report.frames import BADGES, Html, badge
from escaping_minima.report.markdown import title_of
from escaping_minima.report.near_words import FIRMNESS, firmness

#: Where the ledger stands on the front page.
LEDGER = "#the-ledger"


def filter_bar(claims: Sequence[Mapping[str, Any]]) -> Html:
    """Return the form that filters the ledger of these claims.

    It is hidden until a script shows it: without one it would do nothing.
    """
    studies = {c["study"]: title_of(c["study"]) for c in claims}
    verdicts, firm = ({c["verdict"] for c in claims}, {firmness(c) for c in claims})
    fields = (
        _choice("study", "Study", studies),
        _choice("verdict", "Verdict", {v: v for v in BADGES if v in verdicts}),
        _choice("firmness", "Firmness", {f: f for f in FIRMNESS if f in firm}),
        '<label>Text <input type="search" name="text" autocomplete="off"></label>',
        '<button type="reset">Show all</button>',
        f'<output class="em-shown" aria-live="polite">{len(claims)} of {len(claims)}</output>',
    )
    return Html(
        '<form class="em-filter" role="search" aria-label="Filter the claims" hidden>'
        f"{''.join(fields)}</form>"
    )


def filtered(front: str = "", **wanted: str) -> str:
    """Return the address of the ledger with a filter set.

    Parameters
    ----------
    front : str
        The front page, seen from the page that the link stands on; empty on itself.
    **wanted : str
        Values of ``study``, ``verdict`` or ``firmness``.
    """
    return f"{front}?{urlencode(wanted, quote_via=quote)}{LEDGER}"


def verdict_counts(claims: Iterable[Mapping[str, Any]], front: str = "", **more: str) -> Html:
    """Return how many claims have each verdict that one has, each a link to these in the ledger.

    Parameters
    ----------
    claims : iterable of Mapping
    front, **more : str
        As in `filtered`.
    """
    verdicts = [c["verdict"] for c in claims]
    found = (
        f'<a class="em-count" href="{escape(filtered(front, verdict=v, **more), quote=True)}">'
        f"{badge(v)} {verdicts.count(v)}</a>"
        for v in BADGES
        if v in verdicts
    )
    return Html(" ".join(found))


def _choice(name: str, title: str, values: Mapping[str, str]) -> str:
    options = "".join(
        f'<option value="{escape(value, quote=True)}">{escape(words)}</option>'
        for value, words in values.items()
    )
    choices = f'<option value="">all</option>{options}'
    return f'<label>{title} <select name="{name}">{choices}</select></label>'
