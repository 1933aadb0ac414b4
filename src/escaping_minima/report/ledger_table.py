"""The ledger as an HTML table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.claims.entries import CHECK
from escaping_minima.report.changes import late_words
from escaping_minima.report.frames import Html, badge, html_table, link
from escaping_minima.report.markdown import figure_anchor, title_of
from escaping_minima.report.near_words import firmness, near_words
from escaping_minima.report.reach_words import out_of_reach
from escaping_minima.report.reasons import untested_reason
from escaping_minima.report.setting_words import WHERE

_CHECKS = "<p>Checks of the code, which are no evidence: settings were chosen to give this.</p>"


def ledger_table(
    claims: Sequence[Mapping[str, Any]], linked: bool = True, with_study: bool = False
) -> Html:
    """Return the ledger as an HTML table; checks of the code have a second one.

    Parameters
    ----------
    claims : sequence of mapping
        The ledger's claims.
    linked : bool
        With links into the site; a notebook has none to give.
    with_study : bool
        Whether each row names its study.
    """
    kinds = ([c for c in claims if (c["kind"] == CHECK) is check] for check in (False, True))
    evidence, checks = (_table(found, linked, with_study) for found in kinds)
    return Html(f"{evidence}{_CHECKS}{checks}" if checks else evidence)


def _table(claims: Sequence[Mapping[str, Any]], linked: bool, with_study: bool) -> str:
    if not claims:
        return ""
    beside = any(claim["published"] for claim in claims)
    rows = [_row(claim, linked, beside, with_study) for claim in claims]
    attributes = [_attributes(claim) for claim in claims] if linked else None
    headings = {"verdict": claims[0]["run"]}
    table = html_table(rows, headings=headings, attributes=attributes, lead="verdict")
    return table.replace('class="em-table', 'class="em-ledger em-table', 1)


def _attributes(claim: Mapping[str, Any]) -> dict[str, str]:
    """Return the anchor of a row, and what it can be filtered by."""
    return {
        "id": f"claim-{claim['id'].lower()}",
        "data-study": claim["study"],
        "data-verdict": claim["verdict"],
        "data-firmness": firmness(claim),
    }


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


def _row(claim: Mapping[str, Any], linked: bool, beside: bool, with_study: bool) -> dict[str, Any]:
    page = f"claims/{claim['id']}.html"
    name = link(page, claim["id"]) if linked else Html(f"<b>{escape(claim['id'])}</b>")
    of = f"<br>{_study(claim['study'])}" if with_study else ""
    published = claim["published"]
    row: dict[str, Any] = {
        "claim": Html(f"{name} {escape(claim['statement'])}{of}{_late(claim)}"),
        "paper": _paper(claim),
        "ours": _ours(claim["headline"]),
        "verdict": _verdict(claim),
    }
    if beside:
        row["published run"] = badge(published["verdict"] if published else None)
    row["how near"] = _near(claim)
    if linked:
        drawn = f"<br>figure:<br>{_drawn(claim)}" if claim["figure"] else ""
        row["evidence"] = Html(f"{link(page, 'parts')}{drawn}")
    return row


def _study(name: str) -> Html:
    return Html(f'<span class="em-small">{link(f"{name}.html", title_of(name))}</span>')


def _paper(claim: Mapping[str, Any]) -> Html:
    """Say what the paper prints, where, and what its own runs come to where it prints them all."""
    lines = [escape(claim["printed"]), _small(claim["location"])]
    if judged := (claim["readings"][0]["printed_says"] or {}).get("judged"):
        lines.append(f"{_small('on its own numbers:')} {badge(judged['verdict'])}")
    return Html("<br>".join(lines))


def _late(claim: Mapping[str, Any]) -> str:
    """Say that the record was changed after results were known; nothing where it was not."""
    words = late_words(claim)
    return f"<br>{_small(words)}" if words else ""


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
    missing = out_of_reach(claim)
    lines = [reason] if reason else [_settings(claim), missing and f"{missing} is out of reach"]
    lines.append(claim.get("beside", ""))
    below = "".join(f"<br>{_small(line)}" for line in lines if line)
    return Html(f"{badge(claim['verdict'])}{flag(main)}{below}")


def _near(claim: Mapping[str, Any]) -> Html:
    lines = map(escape, near_words(claim))
    return Html(f'<span class="em-near">{"<br>".join(lines) or "–"}</span>')


def _settings(claim: Mapping[str, Any]) -> str:
    """Say at how many settings a swept claim holds, is split, decided against and open."""
    main = claim["readings"][0]
    count = len(main["settings"])
    if count < 2:
        return ""
    swept = claim["swept"] or "settings"
    found = {words: len(main[key]) for key, words in WHERE.items() if main[key]}
    if len(found) == 1:
        return f"{next(iter(found))} all {count} {swept}"
    counts = ", ".join(f"{words.removesuffix(' at')} {n}" for words, n in found.items())
    return f"of {count} {swept}: {counts}"


def _small(text: str) -> str:
    return f'<span class="em-small">{escape(text)}</span>'
