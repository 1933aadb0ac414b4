"""What could not be tested or decided, and what it would take, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.report.frames import Html, html_table, link
from escaping_minima.report.glance import time_words
from escaping_minima.report.ledger import NOT_CHOSEN
from escaping_minima.report.markdown import block, title_of
from escaping_minima.report.reasons import open_reason, whole_reason

_HEADING = "## What could not be tested, and what it would take\n"
_EXPLAINED = (
    "Claims that are left open, those with the same reason in one row. Seeds or starts that would "
    "decide are for 80 percent power at the margin. Hours are from measured speeds; claims share "
    "runs, so that rows do not add up. The time of a whole study is that of its cells here, as "
    "often as needed.\n"
)
#: How a study says at the end of a reason what runs are missing.
_LACKS = re.compile(r" \(lacks (?P<what>[^()]+)\)$")
_NOTHING_SAID = "not known"


def open_part(ledger: Mapping[str, Any]) -> list[str]:
    """Return the section; nothing where all claims of the sources were decided.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    """
    rows = [*_untested_rows(ledger["claims"]), *_undecided_rows(ledger), *_elsewhere_rows(ledger)]
    table = html_table(rows, headings={"takes": "what it would take"}, lead="claims")
    return [_HEADING, _EXPLAINED, block(table)] if rows else []


def _untested_rows(claims: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a row for each reason for which claims of a study are not tested."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for claim in claims:
        if claim["verdict"] == "not tested":
            reason = whole_reason(claim["readings"][0])
            key = (claim["study"], reason, _needs_words(claim["needs"]))
            groups.setdefault(key, []).append(claim["id"])
    for (study, reason, needs), names in groups.items():
        lacks = _LACKS.search(reason)
        takes = [needs and f"a run with {needs}", lacks and f"missing of it: {lacks['what']}"]
        yield {
            "study": title_of(study),
            "claims": _links(names),
            "verdict": "not tested",
            "why": _LACKS.sub("", reason),
            "takes": "; ".join(filter(None, takes)) or _NOTHING_SAID,
        }


def _undecided_rows(ledger: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each claim that more replicates would decide."""
    records = {r["study"]: r for r in ledger["provenance"]}
    for claim in ledger["claims"]:
        if claim["verdict"] != "inconclusive":
            continue
        main = claim["readings"][0]
        needed = max(main["needed_range"] or [main["needed"] or 0])
        yield {
            "study": title_of(claim["study"]),
            "claims": _links([claim["id"]]),
            "verdict": "inconclusive",
            "why": (not needed and open_reason(main)) or "the interval leaves it open",
            "takes": _replicates(needed, claim, records[claim["study"]]) or _NOTHING_SAID,
        }


def _replicates(needed: int, claim: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Say how many replicates would decide, and how long a study with as many would take."""
    if not needed:
        return ""
    words = f"{needed:,} {claim['replicates']}"
    has = next(iter(record["sizes"].values()))[1]
    if needed <= has:
        return f"{words} of each cell that it rests on"
    whole = time_words(record["wall_seconds"] * needed / has)
    return f"{words}; a cell here has at most {has:,}; the whole study with as many: {whole}"


def _elsewhere_rows(ledger: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each claim of the same sources that no study of the rendering tests."""
    for claim in ledger["untested"]:
        yield {
            "study": "–",
            "claims": f"{claim['id']} {claim['statement']}",
            "verdict": "not tested",
            "why": claim["reason"],
            "takes": "that study" if claim["reason"] == NOT_CHOSEN else _NOTHING_SAID,
        }


def _needs_words(needs: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {what}" for what, number in needs.items())


def _links(names: Sequence[str]) -> Html:
    return Html(", ".join(link(f"claims/{name}.html", name) for name in map(escape, names)))
