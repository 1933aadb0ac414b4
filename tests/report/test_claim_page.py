"""A claim's page says how it was decided, at which settings, and what was left out."""

from __future__ import annotations

import pytest

from escaping_minima.report.claim_page import claim_page
from escaping_minima.report.headline import headline
from escaping_minima.report.ledger import build_ledger
from escaping_minima.report.ledger_table import ledger_table


@pytest.fixture
def claims(planted, tmp_path):
    ledger = build_ledger(planted.plant(tmp_path), [planted.STUDY], "quick")
    return {c["verdict"]: c for c in ledger["claims"]}


def test_both_procedures_are_named_with_their_levels(claims):
    text = claim_page(claims["inconclusive"])
    assert "reproduced: p = 0.0200 at level 0.0125 (rank 2 of 5 in Holm&#x27;s procedure)" in text
    assert "not reproduced: q = 0.50 at level 0.0100 (rank 3)" in text


def test_settings_have_their_words_and_what_was_left_out_its_reason(claims):
    text = claim_page(claims["partly"])
    assert text.count(">split</td>") == 2
    assert "every end is that of GD: radius × 10" in text
    assert ">left out<" not in claim_page(claims["reproduced"])


def test_a_range_of_replicates_is_shown_as_one(claims):
    claim = claims["inconclusive"]
    assert ">1,500 (80 percent power at the margin" in claim_page(claim)
    claim["readings"][0] |= {"needed": None, "needed_range": [1200, 31000]}
    assert ">1,200 to 31,000 (80 percent power at the margin" in claim_page(claim)


def test_a_union_is_shown_by_its_statements_and_led_by_the_strongest(planted, claims):
    weak, strong = (
        planted.part("weak", "inconclusive", 1.0, 0.4),
        planted.part("strong", "reproduced", 9.0, 0.004),
    )
    other = planted.part("other", "reproduced", 20.0, 0.001)
    parts = [planted.union("either way", "reproduced", [weak, strong]), other]
    main = claims["partly"]["readings"][0]
    main["settings"] = [planted.setting("one setting", "reproduced", parts)]
    head = headline(main)
    assert (head["label"], head["parts"]) == ("strong", 2)
    text = claim_page(claims["partly"])
    assert "any of: weak" in text
    assert "any of: strong" in text
    assert "one setting: 2 parts" in text


def test_the_papers_own_test_stands_beside_the_sound_one(claims):
    assert "the larger share wins" in claim_page(claims["reproduced"])
    assert "own test" not in claim_page(claims["partly"])


def test_another_reading_says_that_the_papers_own_numbers_contradict_it(claims):
    claim = claims["reproduced"]
    main, other = claim["readings"]
    main["printed_says"] = {"parts": 2, "against": [], "judged": None}
    other["printed_says"] = {"parts": 2, "against": [], "judged": None}
    agreeing = "fed in as a run&#x27;s: they agree with all 2 parts"
    text = claim_page(claim)
    assert text.count(agreeing) == 1
    assert agreeing in text.split("## Other reading")[0]
    against = {"label": "A < B", "effect": -1.9, "unit": "points of share", "beyond_error": False}
    other["printed_says"] = {"parts": 2, "against": [against], "judged": None}
    before, after = claim_page(claim).split("## Other reading")
    assert "contradict" not in before
    assert (
        "The paper’s own numbers: fed in as a run&#x27;s: they contradict 1 of 2 parts: "
        "A &lt; B (−1.9 points in favour, within sampling error)."
    ) in after


def test_the_papers_own_runs_are_judged_in_a_table_of_their_own(planted, claims):
    claim = claims["reproduced"]
    paired = planted.part("A < B", "inconclusive", 3.0, 0.3, "less") | {"favouring": [7, 10]}
    settings = [planted.setting("one setting", "inconclusive", [paired])]
    said = {"verdict": "inconclusive", "settings": settings}
    claim["readings"][0]["printed_says"] = {"parts": 1, "against": [], "judged": said}
    main, other = claim_page(claim).split("## Other reading")
    below = main.split("On the paper’s own numbers:")[1]
    assert "inconclusive" in below
    assert "A &lt; B" in below
    assert "7 of 10" in below
    assert "own numbers" not in other
    assert "in favour</th>" not in claim_page(claims["partly"])
    assert "on its own numbers:" in ledger_table([claim])
    assert "on its own numbers:" not in ledger_table([claims["partly"]])


def test_what_stands_beside_a_verdict_is_shown_and_is_none(claims):
    claim = claims["partly"]
    more = {**claim, "beside": "longest horizon, 15 epochs"}
    for with_it, without in (
        (ledger_table([more]), ledger_table([claim])),
        (claim_page(more), claim_page(claim)),
    ):
        assert more["beside"] in with_it
        assert more["beside"] not in without
