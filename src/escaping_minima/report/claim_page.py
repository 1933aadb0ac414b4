"""The page of one claim as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.report.effects import number_text, part_interval, short_unit
from escaping_minima.report.frames import (
    Html,
    badge,
    facts,
    html_table,
    link,
    p_text,
)
from escaping_minima.report.ledger import headline
from escaping_minima.report.ledger_table import flag, which_part
from escaping_minima.report.markdown import block, escaped, figure_anchor, title_of


def claim_page(claim: Mapping[str, Any]) -> str:
    """Return the page of one claim.

    Parameters
    ----------
    claim : Mapping
        Of the ledger.
    """
    main = claim["readings"][0]
    parts = [
        f"# {claim['id']}: {escaped(claim['statement'])}\n",
        block(f"This run: {badge(claim['verdict'])}{flag(main)}. {_published_words(claim)}"),
        block(facts(_facts(claim, main))),
        f"## Main reading: {escaped(main['name'])}\n",
        *_reading(main, opened=True),
    ]
    for other in claim["readings"][1:]:
        parts += [f"## Other reading: {escaped(other['name'])}\n"]
        parts += [block(f"{badge(other['verdict'])}{flag(other)} {escape(_holm_words(other))}")]
        parts += _reading(other, opened=False)
    if claim["published"]:
        published = claim["published"]["main"]
        parts += ["## The published run\n", block(badge(claim["published"]["verdict"]))]
        parts += [escaped(_published_facts(published)) + "\n"]
        parts += [block(html_table([_setting_row(s) for s in published["settings"]]))]
    return "\n".join(parts)


def _facts(claim: Mapping[str, Any], main: Mapping[str, Any]) -> dict[str, Any]:
    figure = f"../figures/{claim['study']}.html#{figure_anchor(claim['figure'])}"
    margin = f"{claim['margin']:g} {short_unit(claim['unit'])}"
    found: dict[str, Any] = {
        "source": f"{claim['source_title']}, {claim['location']}",
        "printed": claim["printed"],
        "measured": claim["estimand"],
        "ours": f"{claim['headline']['text']}: {which_part(claim['headline'])}",
        "margin": f"{margin}: {claim['margin_reason']}",
        "decided": _holm_words(main),
        "family": f"{claim['family_title']}, {_claims(main['family_size'])}",
    }
    if claim["swept"]:
        found["holds at"] = ", ".join(main["holds_at"]) or f"none of the {claim['swept']}"
    if main["reason"]:
        found["reason"] = main["reason"]
    if main["needed"] is not None:
        words = f"{main['needed']:,} (80 percent power at the margin)"
        found[f"{claim['replicates']} that would decide"] = words
    if main["negligible"]:
        found["negligible"] = "true, but at least one effect lies wholly below the margin"
    found["needs"] = ", ".join(f"{n:,} {what}" for what, n in claim["needs"].items()) or "nothing"
    found["record"] = Html(f"<code>{escape(claim['hash'])}</code>, frozen before the runs")
    found["figure"] = link(figure, title_of(claim["figure"]))
    return found


def _claims(count: int) -> str:
    return "1 claim" if count == 1 else f"{count} claims"


def _holm_words(reading: Mapping[str, Any]) -> str:
    return (
        f"largest p = {p_text(reading['p'])}, rank {reading['rank']} of {reading['family_size']} "
        f"in Holm's procedure, decided at level {reading['a']:.4f}"
    )


def _published_words(claim: Mapping[str, Any]) -> str:
    if not claim["published"]:
        return "No published run yet."
    stale = claim["published"].get("stale_cells", 0)
    note = f" {stale} of its cells were made by older code." if stale else ""
    return f"Published run: {badge(claim['published']['verdict'])}.{note}"


def _published_facts(reading: Mapping[str, Any]) -> str:
    head = headline(reading)
    return f"{head['text']}: {which_part(head)}; {_holm_words(reading)}. {reading['reason']}"


def _reading(reading: Mapping[str, Any], opened: bool) -> list[str]:
    if not reading["settings"]:
        return [escaped(reading["reason"] or "Nothing to show") + "\n"]
    settings = reading["settings"]
    found = []
    if len(settings) > 1:
        found.append(block(html_table([_setting_row(s) for s in settings])))
    for setting in settings:
        is_open = opened and (len(settings) == 1 or setting["label"].startswith("main"))
        words = f"{setting['label']}: {len(setting['parts'])} parts"
        found.append(
            block(
                f'<details class="em-setting"{" open" if is_open else ""}>'
                f"<summary>{escape(words)}</summary>{_parts_table(setting['parts'])}</details>"
            )
        )
    return found


def _setting_row(setting: Mapping[str, Any]) -> dict[str, Any]:
    verdicts = [p["verdict"] for p in setting["parts"]]
    return {
        "setting": setting["label"],
        "verdict": badge(setting["verdict"]),
        "decided against": bool(setting["against"]),
        "parts": len(verdicts),
        "reproduced": verdicts.count("reproduced"),
        "not reproduced": verdicts.count("not reproduced"),
    }


def _parts_table(parts: Sequence[Mapping[str, Any]]) -> Html:
    units = dict.fromkeys(p["unit"] for p in parts)
    rows = [_part_row(p) for p in parts]
    if len(units) > 1 or len({p["margin"] for p in parts}) > 1:
        return html_table(rows)
    # what all parts share stands in the heading
    same = ("unit", "margin")
    shorter = [{k: v for k, v in row.items() if k not in same} for row in rows]
    return html_table(shorter, headings={"effect": f"effect ({next(iter(units))})"})


def _part_row(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "part": part["label"],
        "effect": number_text(part),
        "interval": part_interval(part),
        "unit": part["unit"],
        "margin": f"{part['margin']:g}",
        "level": f"{100 * part['level']:.2f} %",
        "p": p_text(part["p"]),
        "verdict": Html(f"{badge(part['verdict'])}{flag(part)}"),
    }
