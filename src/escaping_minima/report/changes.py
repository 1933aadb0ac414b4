"""What the report says of the history of a claim's record."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from escaping_minima.report.frames import Html


def late_changes(claim: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the changes of what a record says that were made when results were known.

    Parameters
    ----------
    claim : Mapping
        Of the ledger. Changes of form alone are none of these.
    """
    return [c for c in claim["changes"] if c["results_known"] and not c["form_only"]]


def late_words(claim: Mapping[str, Any]) -> str:
    """Say when the last of `late_changes` was, and how many were before; empty where none was.

    Why it was made stands on the page of the claim.
    """
    late = late_changes(claim)
    if not late:
        return ""
    earlier = f" (and {len(late) - 1} before)" if len(late) > 1 else ""
    return f"{_when(late[-1])}{earlier}"


def record_words(claim: Mapping[str, Any]) -> Html:
    """Say since when a record is fixed, its hash, and all that was changed, a line each."""
    fixed = f"fixed {claim['fixed']} with hash {_code(claim['hash'])}"
    said = (f"{escape(_said(c))} ({_hashes(c)})" for c in claim["changes"])
    return Html("<br>".join((fixed, *said)))


def _said(change: Mapping[str, Any]) -> str:
    return f"{_when(change)}: {change['why']}"


def _when(change: Mapping[str, Any]) -> str:
    known = "after" if change["results_known"] else "before"
    return f"{_event(change)} {change['date']} {known} results were known"


def _event(change: Mapping[str, Any]) -> str:
    if change["form_only"]:
        return "form of the record changed"
    if change["new"] is None:
        return "record withdrawn"
    return "record written" if change["old"] is None else "record changed"


def _hashes(change: Mapping[str, Any]) -> str:
    return " → ".join(_code(change[k]) for k in ("old", "new") if change[k])


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
