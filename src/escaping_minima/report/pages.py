"""The pages of the report as Markdown, from the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from escaping_minima.report.frames import (
    BADGES,
    Html,
    badge,
    cell_text,
    frame_table,
    html_table,
    interval_text,
    link,
    p_text,
)
from escaping_minima.report.ledger import effect_text, headline

#: What each verdict means, in the words of the design.
MEANINGS: Mapping[str, str] = {
    "reproduced": "The interval of the effect lies where the claim says, at every part and radius.",
    "partly": "Some parts or some radii hold and others do not; the page of the claim names them.",
    "not reproduced": "The interval lies where the claim cannot hold, given the margin.",
    "inconclusive": "The interval leaves both open; the page says how many starts would decide.",
    "not tested": "The run is below what the claim needs; effects are shown all the same.",
}
_CELL_COLUMNS = {
    "role": "role",
    "variant": "other reading",
    "function": "function",
    "method": "method",
    "radius": "radius",
    "learning_rate": "step size",
    "starts": "starts",
    "steps": "steps",
    "mean_gradient_evaluations": "gradients a start",
    "diverged": "diverged",
    "wall_seconds": "seconds",
    "commit": "commit",
    "stale": "stale",
    "cell": "cell",
}


def front_page(ledger: Mapping[str, Any], notebooks: Mapping[str, str]) -> str:
    """Return the front page: the ledger as a table.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    notebooks : Mapping of str to str
        Titles of the rendered notebooks, by name.
    """
    claims = ledger["claims"]
    counted = " ".join(f"{badge(v)} {n}" for v, n in ledger["counts"].items() if n)
    parts = [
        _front_matter("hide-toc: true"),
        "# Which claims hold?\n",
        f"{len(claims)} claims, judged on the run **{markdown(ledger['label'])}**. "
        "Every number below leads to the parts, intervals and settings that it rests on.\n",
        _block(counted),
        _block(ledger_table(claims)),
        *_stale_note(ledger),
        "The effect shown is the part of the claim that decides it, at the main radius, with its "
        "interval at the level of Holm's procedure. *Published run* is the verdict of the present "
        "code on the published tables.\n",
        "## What the verdicts mean\n",
        _block(html_table([{"verdict": badge(v), "meaning": MEANINGS[v]} for v in BADGES])),
    ]
    if ledger["untested"]:
        parts += [
            "## Claims that no study here tests\n",
            _block(_untested_table(ledger["untested"])),
        ]
    parts += [_toctrees(ledger, notebooks)]
    return "\n".join(parts)


def ledger_table(claims: Sequence[Mapping[str, Any]], linked: bool = True) -> Html:
    """Return the ledger as an HTML table.

    Parameters
    ----------
    claims : sequence of mapping
        The ledger's claims.
    linked : bool
        With links into the site; a notebook has none to give.
    """
    rows = [_ledger_row(claim, linked) for claim in claims]
    anchors = [f"claim-{c['id'].lower()}" for c in claims] if linked else None
    table = html_table(rows, row_ids=anchors)
    return Html(table.replace('class="em-table"', 'class="em-table em-ledger"', 1))


def claim_page(claim: Mapping[str, Any]) -> str:
    """Return the page of one claim."""
    main = claim["readings"][0]
    parts = [
        f"# {claim['id']}: {markdown(claim['statement'])}\n",
        _block(f"This run: {badge(claim['verdict'])}{_flag(main)}. {_published_words(claim)}"),
        _block(facts(_claim_facts(claim, main))),
        f"## Main reading: {markdown(main['name'])}\n",
        *_reading(main, claim["unit"], opened=True),
    ]
    for other in claim["readings"][1:]:
        parts += [f"## Other reading: {markdown(other['name'])}\n"]
        parts += [_block(f"{badge(other['verdict'])}{_flag(other)} {escape(_holm_words(other))}")]
        parts += _reading(other, claim["unit"], opened=False)
    if claim["published"]:
        published = claim["published"]["main"]
        parts += ["## The published run\n", _block(badge(claim["published"]["verdict"]))]
        parts += [markdown(_published_facts(published, claim["unit"])) + "\n"]
        parts += [_block(html_table([_setting_row(s) for s in published["settings"]]))]
    return "\n".join(parts)


def errors_page(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of errors found in the sources' own tables."""
    rows = [{k: e[k] for k in ("where", "check", "arithmetic", "finding")} for e in errors]
    body = _block(html_table(rows)) if rows else "None.\n"
    return (
        "# Errors found in the paper's table\n\n"
        "What the printed table says about itself; no run of ours enters here.\n\n" + body
    )


def provenance_page(ledger: Mapping[str, Any], cells: Mapping[str, pd.DataFrame]) -> str:
    """Return the page of what was run.

    Parameters
    ----------
    ledger : Mapping
    cells : Mapping of str to DataFrame
        The collected ``cells.csv`` of each study.
    """
    parts = [
        "# What was run\n",
        f"Scale: **{markdown(ledger['label'])}**. A cell is one combination of function, method "
        "and settings; a block is a fixed number of starts of one cell.\n",
    ]
    for record in ledger["provenance"]:
        study = record["study"]
        table = cells_table(cells[study]).replace("em-scroll", "em-scroll em-tall", 1)
        parts += [f"## {markdown(study_title(study))}\n", _block(facts(provenance_facts(record)))]
        parts += ["### Cells\n", _block(table)]
    return "\n".join(parts)


def figures_page(study: str, figures: Iterable[tuple[str, str, str]]) -> str:
    """Return the page of a study's figures.

    Parameters
    ----------
    study : str
    figures : iterable of (str, str, str)
        Name, file relative to the page, and caption.
    """
    parts = [f"# Figures: {markdown(study_title(study))}\n"]
    for name, file, caption in figures:
        alternative = markdown(caption.split(". ")[0])
        parts += [f"({figure_anchor(name)})=\n## {markdown(name_words(name))}\n"]
        parts += [f"![{alternative}]({file})\n", markdown(caption) + "\n"]
    return "\n".join(parts)


def cells_table(cells: pd.DataFrame) -> Html:
    """Return ``cells.csv`` as an HTML table."""
    known = [c for c in _CELL_COLUMNS if c in cells]
    shown = cells[known].astype({"stale": bool})
    return frame_table(shown, headings=_CELL_COLUMNS, formats={"variant": _text})


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def provenance_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's provenance as names and values."""
    roles = ", ".join(f"{n} {role}" for role, n in record["roles"].items())
    stale = record["stale"]
    return {
        "cells": f"{record['cells']:,} ({roles})",
        "starts a cell": _span(record["starts"]),
        "steps": _span(record["steps"]),
        "blocks": f"{record['blocks']:,}",
        "gradient evaluations": f"{record['gradient_evaluations']:,}",
        "loss evaluations": f"{record['loss_evaluations']:,}",
        "diverged starts": f"{record['diverged']:,}",
        "time of the blocks": f"{record['wall_seconds']:,.1f} s",
        "data": record["data"],
        "device": ", ".join(record["device"]),
        "machine": "; ".join(record["machine"]),
        "versions": f"torch {', '.join(record['torch'])}; numpy {', '.join(record['numpy'])}",
        "commits": ", ".join(record["commits"]),
        "stale": f"{stale} cells were made by older code" if stale else "none",
    }


def facts(pairs: Mapping[str, Any]) -> Html:
    """Return names and values as a two-column table."""
    rows = "".join(
        f'<tr><th scope="row">{escape(k)}</th><td>{cell_text(v)}</td></tr>'
        for k, v in pairs.items()
    )
    table = f'<table class="em-table em-facts"><tbody>{rows}</tbody></table>'
    return Html(f'<div class="em-scroll">{table}</div>')


def study_title(study: str) -> str:
    """Return a study's name in words."""
    return study.replace("_", " ").capitalize()


def name_words(name: str) -> str:
    """Return a figure's name in words."""
    return name.replace("_", " ").capitalize()


def figure_anchor(name: str) -> str:
    """Return the anchor of a figure on its page."""
    return f"figure-{name.replace('_', '-')}"


def markdown(text: str) -> str:
    """Escape text for Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", " ".join(text.split()))


def _ledger_row(claim: Mapping[str, Any], linked: bool) -> dict[str, Any]:
    page = f"claims/{claim['id']}.html"
    figure = f"figures/{claim['study']}.html#{figure_anchor(claim['figure'])}"
    head, main = claim["headline"], claim["readings"][0]
    name = link(page, claim["id"]) if linked else Html(f"<b>{escape(claim['id'])}</b>")
    published = claim["published"]
    row: dict[str, Any] = {
        "claim": Html(f"{name} {escape(claim['statement'])}"),
        "paper": Html(f"{escape(claim['printed'])}<br>{_small(claim['location'])}"),
        "ours": Html(f"<b>{escape(head['text'])}</b><br>{_small(_which(head))}"),
        "this run": Html(f"{badge(claim['verdict'])}{_flag(main)}{_radii(claim)}"),
        "published run": badge(published["verdict"] if published else None),
    }
    if linked:
        drawn = link(figure, name_words(claim["figure"]))
        row["evidence"] = Html(f"{link(page, 'parts')}<br>figure:<br>{drawn}")
    return row


def _which(head: Mapping[str, Any]) -> str:
    if not head["parts"]:
        return ""
    if head["parts"] == 1:
        return str(head["label"])
    return f"{head['label']} (weakest of {head['parts']} parts)"


def _radii(claim: Mapping[str, Any]) -> Html:
    holding = claim["holding"]
    if holding["of"] < 2 or claim["verdict"] == "not tested":
        return Html("")
    words = f"holds at {holding['settings']} of {holding['of']} radii"
    return Html(f"<br>{_small(words)}")


def _small(text: str) -> str:
    return f'<span class="em-small">{escape(text)}</span>'


def _flag(reading: Mapping[str, Any]) -> str:
    return " (negligible)" if reading["negligible"] else ""


def _claim_facts(claim: Mapping[str, Any], main: Mapping[str, Any]) -> dict[str, Any]:
    figure = f"../figures/{claim['study']}.html#{figure_anchor(claim['figure'])}"
    found: dict[str, Any] = {
        "source": f"{claim['source_title']}, {claim['location']}",
        "printed": claim["printed"],
        "measured": claim["estimand"],
        "ours": f"{claim['headline']['text']}: {_which(claim['headline'])}",
        "margin": f"{claim['margin']:g} points: {claim['margin_reason']}",
        "decided": _holm_words(main),
        "family": f"{claim['family_title']}, {main['family_size']} claims",
    }
    if claim["swept"]:
        found["holds at"] = ", ".join(main["holds_at"]) or f"none of the {claim['swept']}"
    if main["reason"]:
        found["reason"] = main["reason"]
    if main["needed"] is not None:
        found["starts that would decide"] = f"{main['needed']:,} (80 percent power at the margin)"
    if main["negligible"]:
        found["negligible"] = "true, but at least one effect lies wholly below the margin"
    found["needs"] = ", ".join(f"{n:,} {what}" for what, n in claim["needs"].items())
    found["record"] = Html(f"<code>{escape(claim['hash'])}</code>, frozen before the runs")
    found["figure"] = link(figure, name_words(claim["figure"]))
    return found


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


def _published_facts(reading: Mapping[str, Any], unit: str) -> str:
    head = headline(reading, unit)
    return f"{head['text']}: {_which(head)}; {_holm_words(reading)}. {reading['reason']}"


def _reading(reading: Mapping[str, Any], unit: str, opened: bool) -> list[str]:
    if not reading["settings"]:
        return [markdown(reading["reason"] or "Nothing to show") + "\n"]
    settings = reading["settings"]
    found = []
    if len(settings) > 1:
        found.append(_block(html_table([_setting_row(s) for s in settings])))
    for setting in settings:
        is_open = opened and (len(settings) == 1 or setting["label"].startswith("main"))
        table = html_table([_part_row(p, unit) for p in setting["parts"]])
        words = f"{setting['label']}: {len(setting['parts'])} parts"
        found.append(
            _block(
                f'<details class="em-setting"{" open" if is_open else ""}>'
                f"<summary>{escape(words)}</summary>{table}</details>"
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


def _part_row(part: Mapping[str, Any], unit: str) -> dict[str, Any]:
    return {
        "part": part["label"],
        f"effect ({unit})": effect_text(part).split(" ")[0],
        "interval": interval_text(*part["interval"]),
        "level": f"{100 * part['level']:.2f} %",
        "p": p_text(part["p"]),
        "verdict": Html(f"{badge(part['verdict'])}{_flag(part)}"),
    }


def _untested_table(untested: Sequence[Mapping[str, str]]) -> Html:
    rows = [
        {"claim": f"{u['id']} {u['statement']}", "in": u["location"], "why": u["reason"]}
        for u in untested
    ]
    return html_table(rows, headings={"why": "why not"})


def _stale_note(ledger: Mapping[str, Any]) -> list[str]:
    return [
        f"**Stale:** {r['stale']} of {r['cells']} cells of {markdown(study_title(r['study']))} "
        "were made by older code; see [what was run](provenance).\n"
        for r in ledger["provenance"]
        if r["stale"]
    ]


def _toctrees(ledger: Mapping[str, Any], notebooks: Mapping[str, str]) -> str:
    claims = [
        f"{c['id']} {BADGES[c['verdict']][0]} {c['verdict']} <claims/{c['id']}>"
        for c in ledger["claims"]
    ]
    studies = [r["study"] for r in ledger["provenance"]]
    rest = [f"Figures: {study_title(s)} <figures/{s}>" for s in studies]
    rest += ["Errors found in the paper's table <errors>", "What was run <provenance>"]
    pages = [f"{title} <notebooks/{name}>" for name, title in notebooks.items()]
    return "\n".join(
        _toctree(caption, entries)
        for caption, entries in (("Evidence", rest), ("Notebooks", pages), ("Claims", claims))
        if entries
    )


def _toctree(caption: str, entries: Sequence[str]) -> str:
    lines = "\n".join(entries)
    return f"```{{toctree}}\n:caption: {caption}\n:hidden:\n\n{lines}\n```\n"


def _front_matter(line: str) -> str:
    return f"---\n{line}\n---\n"


def _block(html: str) -> str:
    """Return HTML as a Markdown block of its own: it must start with a block's tag."""
    return f"<div>{html}</div>\n"


def _span(bounds: Sequence[int]) -> str:
    low, high = bounds
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
