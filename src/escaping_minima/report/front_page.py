"""The front page of the report as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from escaping_minima.report.effects import counted
from escaping_minima.report.frames import BADGES, Html, badge, facts, html_table
from escaping_minima.report.ledger import false_words_text
from escaping_minima.report.ledger_table import ledger_table
from escaping_minima.report.markdown import block, escaped, front_matter, title_of, toctree
from escaping_minima.report.optimisers_page import LANDSCAPES, PAGE, TASKS, TITLE

#: What each verdict means, in the words of the design.
MEANINGS: Mapping[str, str] = {
    "reproduced": "The interval of the effect lies where the claim says, at every part and "
    "setting.",
    "partly": "Some parts or some settings hold and others are decided against; the page of the "
    "claim names them.",
    "not reproduced": "The interval lies where the claim cannot hold, given the margin, at every "
    "setting.",
    "inconclusive": "Something is left open; the page says how many {} would decide.",
    "not tested": "The run is below what the claim needs, or lacks it; what was measured is shown "
    "all the same.",
}
#: What the words of a row mean, and of the page that it leads to.
WORDS: Mapping[str, str] = {
    "ours": "What was measured, in its own sign, with its interval, and what is claimed of it: "
    "+19.3 [15.0, 23.6] percent; claimed: below 0 is a difference (left minus right) of +19.3 "
    "percent where the claim wants one below 0.",
    "weakest part": "A claim of several parts holds if all do. Shown is the one with the largest "
    "p-value, at the main setting or, where there is no such, of all settings.",
    "setting": "A value of something that the claim leaves open: a radius of a sweep, or a "
    "condition of the experiment. The claim is judged at each: it holds with all its parts, is "
    "split where some hold and some do not, decided against, or open.",
    "any of": "A part that says “or”: it holds if one of its statements does.",
    "left out": "A method, at a setting, that ends where its base does in more than 99 percent of "
    "the starts, or more than 50 percent of the trajectories; or that has fewer than 1 percent of "
    "the starts among those that a share is of; or a count that cannot be told from another one in "
    "more than 0 percent of the seeds, or that is known of fewer than 100 percent of the seeds. It "
    "says nothing of what is asked, is named, and counts nowhere.",
    "points": "Percentage points: of a share, or of an error that is in percent itself. In another "
    "unit the page of the claim says what is measured.",
    "×": "A ratio of two values: × 0.73 [0.61, 0.87] is 27 percent less, between 39 and 13 "
    "percent less.",
    "margin": "The smallest difference that would matter. A claim that holds by less is flagged "
    "as negligible; equal means within the margin.",
    "interval": "Claims of one figure or table are a family. A Holm procedure keeps the chance of "
    "any false “reproduced” in it at 5 percent, a second one that of any false “not reproduced”. "
    "The lower end of an order has the level of the first, the upper end that of the second; the "
    "interval of an equality is the one that decided.",
    "how near": "What would make the verdict another one: another margin (from a quarter to four "
    "times the present one), another level than 5 percent (from 0.1 to 20), or one seed, or block "
    "of starts, left out. Firm is what none of these changes; a run of one seed or block has "
    "nothing to leave out.",
    "out of reach": "A verdict that could not come out, whatever the methods that the claim is "
    "about had done: at a small scale mostly since some settings of the claim were not run, else "
    "since so many runs cannot show it. The page of the claim says which.",
    "no interval": "One run alone, or runs that all gave the same number, do not say how far the "
    "number may be off.",
    "exact": "A count that follows from the settings and has no sampling error.",
    "record changed": "What decides a claim is fixed before its runs. One whose record was "
    "changed, or written, when results were known says so for ever; its page has the history.",
    "published run": "The verdict of the present code on the published tables.",
}


def front_page(ledger: Mapping[str, Any], notebooks: Mapping[str, str]) -> str:
    """Return the front page: the ledger, a table a study.

    Parameters
    ----------
    ledger : Mapping
        From `build_ledger`.
    notebooks : Mapping of str to str
        Titles of the rendered notebooks, by name.
    """
    badges = _badges(ledger["counts"])
    repeated = " or ".join(dict.fromkeys(r["replicates"] for r in ledger["provenance"]))
    meanings = [{"verdict": badge(v), "meaning": MEANINGS[v].format(repeated)} for v in BADGES]
    parts = [
        front_matter("hide-toc: true"),
        "# Which claims hold?\n",
        f"{counted(sum(ledger['counts'].values()), 'claim')}, judged on the run "
        f"**{escaped(ledger['label'])}**. Every number below leads to the parts, intervals "
        "and settings that it rests on; "
        "[how to read a row](#how-to-read-a-row) says what the words mean.\n",
        block(badges),
        *_checks(ledger),
        *_ledgers(ledger),
        *_stale_note(ledger),
        "## How to read a row\n",
        block(facts(WORDS)),
        "## What the verdicts mean\n",
        block(html_table(meanings)),
        "[How a verdict is made](notebooks/overview) says more.\n",
    ]
    if ledger["untested"]:
        parts += [
            "## Claims that no study here tests\n",
            block(_untested_table(ledger["untested"])),
        ]
    parts += [_toctrees(ledger, notebooks)]
    return "\n".join(parts)


def _ledgers(ledger: Mapping[str, Any]) -> list[str]:
    found = []
    for study in (r["study"] for r in ledger["provenance"]):
        claims = [c for c in ledger["claims"] if c["study"] == study]
        found += [f"## {escaped(title_of(study))}\n", *_source_line(claims)]
        found += [block(ledger_table(claims)), *_false_words_line(ledger, study)]
    return found


def _badges(counts: Mapping[str, int]) -> str:
    return " ".join(f"{badge(v)} {n}" for v, n in counts.items() if n)


def _checks(ledger: Mapping[str, Any]) -> list[str]:
    """Count the checks of the code apart, if there are any."""
    if not any(ledger["checks"].values()):
        return []
    words = "Checks of the code, which are no evidence and stand apart:"
    return [block(f"{words} {_badges(ledger['checks'])}")]


def _false_words_line(ledger: Mapping[str, Any], study: str) -> list[str]:
    """Say how likely anything false is in the ledger of a study, where something was tested."""
    (record,) = (r for r in ledger["false_words"] if r["study"] == study)
    words = false_words_text(record)
    return [f"*{escaped(words[:1].upper() + words[1:])}.*\n"] if words else []


def _source_line(claims: Sequence[Mapping[str, Any]]) -> list[str]:
    sources = dict.fromkeys(c["source_title"] for c in claims)
    return [f"Source: {escaped('; '.join(sources))}.\n"] if sources else []


def _untested_table(untested: Sequence[Mapping[str, str]]) -> Html:
    rows = [
        {"claim": f"{u['id']} {u['statement']}", "in": u["location"], "why": u["reason"]}
        for u in untested
    ]
    return html_table(rows, headings={"why": "why not"}, lead="claim")


def _stale_note(ledger: Mapping[str, Any]) -> list[str]:
    return [
        f"**Stale:** {r['stale']} of {r['cells']} cells of {escaped(title_of(r['study']))} "
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
    rest = [f"Figures: {title_of(s)} <figures/{s}>" for s in studies]
    rest += [f"{TITLE} <{PAGE}>"] if {LANDSCAPES, TASKS} & set(studies) else []
    rest += ["Errors found in the papers <errors>", "What was run <provenance>"]
    pages = [f"{title} <notebooks/{name}>" for name, title in notebooks.items()]
    return "\n".join(
        toctree(caption, entries)
        for caption, entries in (("Evidence", rest), ("Notebooks", pages), ("Claims", claims))
        if entries
    )
