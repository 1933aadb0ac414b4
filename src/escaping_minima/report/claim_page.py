"""The page of one claim as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from escaping_minima.report.changes import record_words
from escaping_minima.report.effects import (
    claimed_text,
    counted,
    is_ratio,
    margin_text,
    number_text,
    part_interval,
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
from escaping_minima.report.headline import headline
from escaping_minima.report.judged_parts import comparisons, verdict_word
from escaping_minima.report.ledger_table import flag, measured_and_claimed, which_part
from escaping_minima.report.markdown import block, escaped, figure_anchor, runs_anchor, title_of
from escaping_minima.report.near_words import near_facts
from escaping_minima.report.ratios import RATIO
from escaping_minima.report.reach_words import printed_words, reach_words
from escaping_minima.report.reasons import open_reason, untested_reason
from escaping_minima.report.setting_words import WORDS, left_out, where, why_untested

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
        *_on_printed(main),
    ]
    for other in claim["readings"][1:]:
        parts += [f"## Other reading: {escaped(other['name'])}\n"]
        parts += [block(f"{badge(other['verdict'])}{flag(other)} {escape(_decided(other))}")]
        parts += _contradicted(other)
        parts += _reading(other, opened=False)
        parts += _on_printed(other)
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
    head = claim["headline"]
    return {
        "source": f"{claim['source_title']}, {claim['location']}",
        "printed": claim["printed"],
        "what is measured": claim["estimand"],
        **({"the paper’s own test": claim["paper_test"]} if claim["paper_test"] else {}),
        "ours": ": ".join(filter(None, (measured_and_claimed(head), which_part(head)))),
        "margin": f"{margin_text(claim['margin'], claim['unit'])}: {claim['margin_reason']}",
        "family": f"{claim['family_title']}, {counted(main['family_size'], 'claim')}",
        **dict(_decision(claim, main)),
        **dict(_printed(main)),
        "needs": ", ".join(f"{n:,} {what}" for what, n in claim["needs"].items()) or "nothing",
        **({"beside it, no verdict": claim["beside"]} if claim.get("beside") else {}),
        "record": record_words(claim),
        **dict(_figure(claim)),
        "its runs": _runs(claim),
    }


def _runs(claim: Mapping[str, Any]) -> Html:
    """Say where the cells are that the claim rests on, and how to run them."""
    cells = link(f"../provenance.html#{runs_anchor(claim['study'])}", "cells of its study")
    command = f"<code>.venv/bin/snakemake --cores all claim_{escape(claim['id'])}</code>"
    return Html(f"{cells}; to run it with its family alone: {command}")


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
    yield from where(main, claim["swept"])
    if why := why_untested(main):
        yield "why not tested there", why
    if open_why := open_reason(main):
        yield "what is open", open_why
    if found := _needed(main):
        words = f"{found} (80 percent power at the margin, for all that is open together)"
        yield f"{claim['replicates']} that would decide", words
    if main["left_out"]:
        yield "left out", left_out(main)
    if main["negligible"]:
        yield "negligible", "true, but at least one effect lies wholly below the margin"
    if claim["nearness"]:
        yield "how near another", Html("<br>".join(map(escape, near_facts(claim))))
    if reach := reach_words(claim):
        yield "within reach", reach


def _printed(main: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what the paper's own numbers make of the record, where it prints any."""
    if words := printed_words(main):
        yield "the paper’s own numbers", words


def _contradicted(reading: Mapping[str, Any]) -> list[str]:
    """Say under another reading that the paper's own numbers contradict it, or nothing."""
    if not reading["printed_says"] or not reading["printed_says"]["against"]:
        return []
    return [block(f"The paper’s own numbers: {escape(printed_words(reading))}.")]


def _on_printed(reading: Mapping[str, Any]) -> list[str]:
    """Show what a reading comes to on the paper's own runs, where it prints them one by one."""
    judged = (reading["printed_says"] or {}).get("judged")
    if not judged:
        return []
    words = f"On the paper’s own numbers: {badge(judged['verdict'])}"
    tables = (_parts_table(list(comparisons(s["parts"])), True) for s in judged["settings"])
    return [block(f"{words}{''.join(tables)}")]


def _needed(reading: Mapping[str, Any]) -> str:
    if reading["needed_range"]:
        return " to ".join(f"{number:,}" for number in reading["needed_range"])
    return f"{reading['needed']:,}" if reading["needed"] is not None else ""


def _holm_words(reading: Mapping[str, Any]) -> str:
    return (
        f"reproduced: {p_statement(reading['p'])} at level {reading['level']:.4f} (rank "
        f"{reading['rank']} of {reading['family_size']} in Holm's procedure); not reproduced: "
        f"{p_statement(reading['q'], 'q')} at level "
        f"{reading['level_against']:.4f} (rank {reading['rank_against']})"
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
    settings = "; ".join(f"{words} {labels}" for words, labels in where(reading, None))
    return f"{found}; {_holm_words(reading)}. {settings}"


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
                f"<summary>{escape(words)}</summary>"
                f"{_parts_table(list(comparisons(setting['parts'])), tested)}"
                "</details>"
            )
        )
    return found


def _settings_table(reading: Mapping[str, Any]) -> list[str]:
    """Return the verdicts by setting; nothing where there are none."""
    if untested_reason(reading) or not reading["settings"]:
        return []
    rows = [_setting_row(setting) for setting in reading["settings"]]
    return [block(html_table(rows))]


def _setting_row(setting: Mapping[str, Any]) -> dict[str, Any]:
    verdicts = [verdict_word(part) for part in setting["parts"]]
    return {
        "setting": setting["label"],
        "word": WORDS[setting["word"]],
        "parts": _part_counts(verdicts),
    }


def _part_counts(verdicts: Sequence[str]) -> str:
    """Say how many parts hold, do not and are open."""
    words = {
        "reproduced": ("holds", "hold"),
        "not reproduced": ("does not", "do not"),
        "inconclusive": ("is open", "are open"),
    }
    found = (f"{n} {said[n > 1]}" for v, said in words.items() if (n := verdicts.count(v)))
    return ", ".join(found)


def _parts_table(parts: Sequence[Mapping[str, Any]], tested: bool) -> Html:
    units = dict.fromkeys(p["unit"] for p in parts)
    hidden, headings = set[str](), {}
    if len(units) == 1 and len({p["margin"] for p in parts}) == 1:
        # what all parts share stands in the heading
        hidden, headings = {"unit", "margin"}, {"measured": f"measured ({next(iter(units))})"}
    if not tested:
        hidden |= {"p", "q", "verdict"}
    if not any(p["favouring"] for p in parts):
        hidden.add("in favour")
    rows = [{k: v for k, v in _part_row(p).items() if k not in hidden} for p in parts]
    return html_table(rows, headings=headings, lead="verdict" if tested else "part")


def _in_favour(part: Mapping[str, Any]) -> str:
    """Say how many runs or pairs of runs are on the claimed side, of how many."""
    return "{} of {}".format(*part["favouring"]) if part["favouring"] else ""


def _margin(part: Mapping[str, Any]) -> str:
    """Return a part's margin; its unit stands beside it, but for a ratio's."""
    return margin_text(part["margin"], RATIO) if is_ratio(part) else number(part["margin"])


def _part_row(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "part": part["label"],
        "measured": number_text(part),
        "interval": part_interval(part),
        "unit": part["unit"],
        "claimed": claimed_text(part),
        "in favour": _in_favour(part),
        "margin": _margin(part),
        "level": f"{100 * part['level']:.2f} %",
        "p": p_text(part["p"]),
        "q": p_text(part["q"]),
        "verdict": Html(f"{badge(part['verdict'])}{flag(part)}"),
    }
