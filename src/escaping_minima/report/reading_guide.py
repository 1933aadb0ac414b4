"""What the words of the ledger mean, for the front page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from escaping_minima.report.frames import BADGES, badge, facts
from escaping_minima.report.markdown import block

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


def reading_guide(ledger: Mapping[str, Any]) -> list[str]:
    """Return the sections that explain a row of the ledger and its verdict, as Markdown."""
    repeated = " or ".join(dict.fromkeys(r["replicates"] for r in ledger["provenance"]))
    meanings: dict[str, str] = {badge(v): MEANINGS[v].format(repeated) for v in BADGES}
    return [
        "## How to read a row\n",
        block(facts(WORDS)),
        "## What the verdicts mean\n",
        block(facts(meanings)),
        "[How a verdict is made](notebooks/overview) says more.\n",
    ]
