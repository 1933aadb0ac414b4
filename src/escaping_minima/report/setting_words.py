"""The settings of a claim in words: where it holds and where not, and what was left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.report.frames import Html

#: How the settings of each word are introduced, by the key of a reading that lists them.
WHERE: Mapping[str, str] = {
    "holds_at": "holds at",
    "split_at": "split at",
    "against_at": "decided against at",
    "open_at": "open at",
    "untested_at": "not tested at",
}
#: What a table says of a setting, by its word.
WORDS: Mapping[str, str] = {
    "holds": "holds",
    "split": "split",
    "against": "decided against",
    "open": "open",
    "untested": "not tested",
}
#: What stands before the last number of a label, the number, and what stands behind it.
_NUMBERED = re.compile(r"(.*?)(\d[\d.,]*\d|\d)(\D*)")
#: More things left out than these are counted first, and named when asked for.
_SHORT = 3


def listed(labels: Sequence[str]) -> str:
    """List settings; what their labels share is said once: ``radius × 0.1, 0.316; main radius``.

    Parameters
    ----------
    labels : sequence of str
        In the order of the sweep.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for label in labels:
        found = _NUMBERED.fullmatch(label)
        shared, number = ((found[1], found[3]), found[2]) if found else ((label, ""), "")
        groups.setdefault(shared, []).append(number)
    return "; ".join(f"{before}{', '.join(n)}{after}" for (before, after), n in groups.items())


def where(reading: Mapping[str, Any], swept: str | None) -> Iterator[tuple[str, str]]:
    """Yield, for each word that a setting has, how it is introduced and the settings.

    Parameters
    ----------
    reading : Mapping
        A reading of a judged claim.
    swept : str or None
        What it is judged over, in the plural.
    """
    count = len(reading["settings"])
    if count < 2:
        return
    for key, words in WHERE.items():
        if found := reading[key]:
            everywhere = f"all {count} {swept or 'settings'}"
            yield words, everywhere if len(found) == count else listed(found)


def why_untested(reading: Mapping[str, Any]) -> str:
    """Say why settings are not tested; empty where all are, or the whole claim is not."""
    reasons: dict[str, list[str]] = {}
    for setting in reading["settings"]:
        if setting["untested_reason"]:
            reasons.setdefault(setting["untested_reason"], []).append(setting["label"])
    return "; ".join(f"{listed(labels)}: {why}" for why, labels in reasons.items())


def left_out(reading: Mapping[str, Any]) -> Html:
    """Say what a reading leaves out and why, by the reason; folded where it is long."""
    reasons: dict[str, list[str]] = {}
    for what, why in reading["left_out"]:
        reasons.setdefault(why, []).append(what)
    lines = [f"{escape(why)}: {escape('; '.join(what))}" for why, what in reasons.items()]
    count = len(reading["left_out"])
    if count <= _SHORT:
        return Html("<br>".join(lines))
    return Html(
        f'<details class="em-left-out"><summary>{count} comparisons or settings</summary>'
        f"{'<br>'.join(lines)}</details>"
    )
