"""A record that was changed when results were known says so wherever its verdict stands."""

from __future__ import annotations

import pytest

from escaping_minima.report.changes import late_words, record_words
from escaping_minima.report.claim_page import claim_page
from escaping_minima.report.ledger import build_ledger
from escaping_minima.report.ledger_table import ledger_table
from escaping_minima.report.summary import summary_lines

LATE_WORDS = "record changed 2026-11-02 after results were known"


@pytest.fixture(scope="module")
def ledger(planted, tmp_path_factory):
    paths = planted.plant(tmp_path_factory.mktemp("results"))
    return build_ledger(paths, [planted.STUDY], "quick")


@pytest.mark.parametrize("linked", [True, False])
def test_the_ledger_says_it_of_that_claim_alone(planted, ledger, linked):
    for claim in ledger["claims"]:
        row = ledger_table([claim], linked)
        assert (LATE_WORDS in row) == (claim["id"] == planted.LATE)
        assert ("record" in row) == (claim["id"] == planted.LATE)


def test_the_page_has_the_whole_history(planted, ledger):
    page = claim_page(next(c for c in ledger["claims"] if c["id"] == planted.LATE))
    lines = (
        "fixed 2026-11-02 with hash <code>abcdef12</code>",
        "record written 2026-11-01 before results were known: reason for &lt;aaaa0001&gt; "
        "(<code>aaaa0001</code>)",
        f"{LATE_WORDS}: reason for &lt;aaaa0002&gt; "
        "(<code>aaaa0001</code> → <code>aaaa0002</code>)",
        "form of the record changed 2026-11-03 after results were known: reason for "
        "&lt;abcdef12&gt; (<code>aaaa0002</code> → <code>abcdef12</code>)",
    )
    assert "<br>".join(lines) in page


def test_a_terminal_names_the_claims(planted, ledger):
    assert f"records changed after results were known: {planted.LATE}" in summary_lines(ledger)
    untouched = [c for c in ledger["claims"] if c["id"] != planted.LATE]
    assert not any("records" in line for line in summary_lines({**ledger, "claims": untouched}))


def test_a_record_that_was_written_or_withdrawn_when_results_were_known_says_so(planted):
    written = planted.change(None, "aaaa0001", "2026-11-05", True)
    assert late_words({"changes": [written]}) == (
        "record written 2026-11-05 after results were known"
    )
    withdrawn = {**written, "old": "aaaa0001", "new": None, "date": "2026-11-06", "why": "why"}
    back = {**written, "date": "2026-11-07"}
    assert late_words({"changes": [written, withdrawn, back]}) == (
        "record written 2026-11-07 after results were known (and 2 before)"
    )
    shown = record_words({"fixed": "f", "hash": "h", "changes": [withdrawn]})
    assert "record withdrawn 2026-11-06 after results were known: why (<code>" in shown
