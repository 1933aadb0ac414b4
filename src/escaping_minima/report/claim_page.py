"""The page of one claim as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.report.effects import (
    claimed_text,
    counted,
    number_text,
    part_interval,
    unit_of,
)
from escaping_minima.report.frames import (
    Html,
    badge,
    facts,
    html_table,
    link,
    number,
    p_statement,
    p_text,
)
from escaping_minima.report.ledger import headline
from escaping_minima.report.ledger_table import flag, measured_and_claimed, which_part
from escaping_minima.report.markdown import block, escaped, figure_anchor, title_of
from escaping_minima.report.reasons import untested_reason

#: Where the front page says what the words of a verdict mean.
HOW_TO_READ = "../index.html#how-to-read-a-row"


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
        block(_verdict_line(claim, main)),
        block(facts(_facts(claim, main))),
        f"## Main reading: {escaped(main['name'])}\n",
        *_reading(main, opened=True),
    ]
    for other in claim["readings"][1:]:
        parts += [f"## Other reading: {escaped(other['name'])}\n"]
        parts += [block(f"{badge(other['verdict'])}{flag(other)} {escape(_decided(other))}")]
        parts += _reading(other, opened=False)
    if claim["published"]:
        published = claim["published"]["main"]
        parts += ["## The published run\n", block(badge(claim["published"]["verdict"]))]
        parts += [escaped(_published_facts(published)) + "\n", *_settings_table(published)]
    return "\n".join(parts)


def _verdict_line(claim: Mapping[str, Any], main: Mapping[str, Any]) -> str:
    reason = untested_reason(main)
    why = f": {escape(reason)}" if reason else ""
    words = f"{claim['run'].capitalize()}: {badge(claim['verdict'])}{flag(main)}{why}."
    guide = link(HOW_TO_READ, "How to read this page")
    return " ".join(filter(None, (words, _published_words(claim), f"{guide}.")))


def _facts(claim: Mapping[str, Any], main: Mapping[str, Any]) -> dict[str, Any]:
    margin = number(claim["margin"])
    head = claim["headline"]
    return {
        "source": f"{claim['source_title']}, {claim['location']}",
        "printed": claim["printed"],
        "what is measured": claim["estimand"],
        "ours": ": ".join(filter(None, (measured_and_claimed(head), which_part(head)))),
        "margin": f"{margin} {unit_of(margin, claim['unit'])}: {claim['margin_reason']}",
        "family": f"{claim['family_title']}, {counted(main['family_size'], 'claim')}",
        **dict(_decision(claim, main)),
        "needs": ", ".join(f"{n:,} {what}" for what, n in claim["needs"].items()) or "nothing",
        "record": Html(f"fixed in the record with hash <code>{escape(claim['hash'])}</code>"),
        **dict(_figure(claim)),
    }


def _figure(claim: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield where the claim is drawn, if it is."""
    if name := claim["figure"]:
        page = f"../figures/{claim['study']}.html#{figure_anchor(claim['study'], name)}"
        yield "figure", link(page, title_of(name))


def _decision(claim: Mapping[str, Any], main: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield how the claim was decided; nothing of a claim that was not."""
    if untested_reason(main):
        return
    yield "decided", _holm_words(main)
    if claim["swept"] and not main["holds_at"]:
        # where it holds at some, the reason names them
        yield "holds at", f"none of the {claim['swept']}"
    if main["reason"]:
        yield "reason", main["reason"]
    if main["needed"] is not None:
        words = f"{main['needed']:,} (80 percent power at the margin)"
        yield f"{claim['replicates']} that would decide", words
    if main["negligible"]:
        yield "negligible", "true, but at least one effect lies wholly below the margin"


def _holm_words(reading: Mapping[str, Any]) -> str:
    return (
        f"largest {p_statement(reading['p'])}, rank {reading['rank']} of {reading['family_size']} "
        f"in Holm's procedure, decided at level {reading['a']:.4f}"
    )


def _decided(reading: Mapping[str, Any]) -> str:
    return untested_reason(reading) or _holm_words(reading)


def _published_words(claim: Mapping[str, Any]) -> str:
    if claim["run"] == "published run":
        return ""
    if not claim["published"]:
        return "No published run yet."
    stale = claim["published"].get("stale_cells", 0)
    note = f" {stale} of its cells were made by older code." if stale else ""
    return f"Published run: {badge(claim['published']['verdict'])}.{note}"


def _published_facts(reading: Mapping[str, Any]) -> str:
    head, untested = headline(reading), untested_reason(reading)
    found = ": ".join(filter(None, (measured_and_claimed(head), which_part(head))))
    if untested:
        return f"{untested}. {found}"
    return f"{found}; {_holm_words(reading)}. {reading['reason']}"


def _reading(reading: Mapping[str, Any], opened: bool) -> list[str]:
    if not reading["settings"]:
        return [escaped(reading["reason"] or "Nothing to show") + "\n"]
    settings, tested = reading["settings"], not untested_reason(reading)
    found = _settings_table(reading) if len(settings) > 1 else []
    for setting in settings:
        is_open = opened and (len(settings) == 1 or setting["label"].startswith("main"))
        words = f"{setting['label']}: {counted(len(setting['parts']), 'part')}"
        found.append(
            block(
                f'<details class="em-setting"{" open" if is_open else ""}>'
                f"<summary>{escape(words)}</summary>{_parts_table(setting['parts'], tested)}"
                "</details>"
            )
        )
    return found


def _settings_table(reading: Mapping[str, Any]) -> list[str]:
    """Return the verdicts by setting; nothing where there are none."""
    if untested_reason(reading) or not reading["settings"]:
        return []
    rows = [_setting_row(setting) for setting in reading["settings"]]
    return [block(html_table(rows, lead="verdict"))]


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


def _parts_table(parts: Sequence[Mapping[str, Any]], tested: bool) -> Html:
    units = dict.fromkeys(p["unit"] for p in parts)
    hidden, headings = set[str](), {}
    if len(units) == 1 and len({p["margin"] for p in parts}) == 1:
        # what all parts share stands in the heading
        hidden, headings = {"unit", "margin"}, {"measured": f"measured ({next(iter(units))})"}
    if not tested:
        hidden |= {"p", "verdict"}
    rows = [{k: v for k, v in _part_row(p).items() if k not in hidden} for p in parts]
    return html_table(rows, headings=headings, lead="verdict" if tested else "part")


def _part_row(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "part": part["label"],
        "measured": number_text(part),
        "interval": part_interval(part),
        "unit": part["unit"],
        "claimed": claimed_text(part),
        "margin": number(part["margin"]),
        "level": f"{100 * part['level']:.2f} %",
        "p": p_text(part["p"]),
        "verdict": Html(f"{badge(part['verdict'])}{flag(part)}"),
    }
