"""What a reader is told of settings, of what is near and of what is out of reach."""

from __future__ import annotations

import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.parts.studies import study_names
from escaping_minima.report.claim_page import claim_page
from escaping_minima.report.ledger_table import ledger_table
from escaping_minima.report.near_words import near_facts, near_words
from escaping_minima.report.reach_words import out_of_reach, printed_words, reach_words
from escaping_minima.report.reading_guide import WORDS
from escaping_minima.report.setting_words import left_out, listed, where, why_untested

#: What the ledger adds to a judged claim.
SHOWN = {
    "study": "s",
    "published": None,
    "headline": {"parts": 0, "text": "–", "label": "", "setting": "", "claimed": ""},
}


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["radius × 0.1", "main radius", "radius × 10"], "radius × 0.1, 10; main radius"),
        (["N2 = 100", "N2 = 500"], "N2 = 100, 500"),
        (
            ["step 0.001, usual boxes", "step 0.01, usual boxes", "step 0.01, other boxes"],
            "step 0.001, 0.01, usual boxes; step 0.01, other boxes",
        ),
        (["without a radius"], "without a radius"),
        ([], ""),
    ],
)
def test_what_labels_share_is_said_once(labels, words):
    assert listed(labels) == words


def test_settings_are_named_by_their_word(planted):
    verdicts = ("reproduced", "not reproduced", "partly", "inconclusive")
    settings = [
        planted.setting(f"radius × {k}", verdict, [planted.part("A > B", verdict, 1.0, 0.2)])
        for k, verdict in enumerate(verdicts, start=1)
    ]
    gap = planted.setting("radius × 5", "not tested", []) | {"untested_reason": "nothing ran"}
    reading = planted.reading("main", "partly", [*settings, gap])
    assert list(where(reading, "radii")) == [
        ("holds at", "radius × 1"),
        ("split at", "radius × 3"),
        ("decided against at", "radius × 2"),
        ("open at", "radius × 4"),
        ("not tested at", "radius × 5"),
    ]
    assert why_untested(reading) == "radius × 5: nothing ran"
    everywhere = planted.reading("main", "partly", settings[1:3]) | {
        "against_at": ["radius × 2", "radius × 3"], "split_at": []
    }  # fmt: skip
    assert list(where(everywhere, "radii")) == [("decided against at", "all 2 radii")]
    assert list(where(planted.reading("main", "partly", settings[:1]), None)) == []


def test_what_was_left_out_is_folded_where_it_is_long(planted):
    same = "0 of 500 starts end elsewhere"
    short = {"left_out": [["radius × 0.1: NiG", same], ["SAM <", same]]}
    assert left_out(short) == f"{same}: radius × 0.1: NiG; SAM &lt;"
    long = {"left_out": [[f"radius × {k}", f"{k} of 500 starts"] for k in range(9)]}
    assert left_out(long).startswith("<details")
    assert "9 comparisons or settings" in left_out(long)
    assert "8 of 500 starts: radius × 8" in left_out(long)


def test_what_changes_a_verdict_is_said_short_and_long(planted):
    near, firm = planted.claim("I04", "reproduced"), planted.claim("I04", "partly")
    assert near_words(near) == (
        "changes at margin 3.1",
        "at level 0.03",
        "without starts 501 to 1,000",
    )
    assert list(near_facts(near)) == [
        "with a margin of 3.1 points it would be inconclusive",
        "at level 0.03 of the family it would be inconclusive",
        "any one of 5 left out (starts 1 to 500, …, starts 2,001 to 2,500): inconclusive without "
        "starts 501 to 1,000",
    ]
    assert near_words(firm) == ("firm",)
    assert list(near_facts(firm)) == [
        "no margin from 0.25 to 4 times the present one changes it",
        "no level from 0.001 to 0.2 changes it",
        "any one of 5 left out (starts 1 to 500, …, starts 2,001 to 2,500): it stays",
    ]
    alone = firm | {"nearness": firm["nearness"] | {"left_out": []}}
    assert near_words(alone) == ("firm (nothing to leave out)",)
    assert list(near_facts(alone))[-1] == (
        "nothing to leave out: the runs are a single seed or block of starts"
    )
    assert near_words(planted.claim("I04", "not tested")) == ()


def test_margins_of_ratios_of_several_parts_and_of_none_are_said(planted):
    claim = planted.claim("I04", "reproduced")
    ratio = claim | {"unit": "ratio"}
    assert near_words(ratio)[0] == "changes at margin 3.1 percent"
    assert next(near_facts(ratio)) == "with a margin of 3.1 percent it would be inconclusive"
    several = claim["nearness"] | {"margin": claim["nearness"]["margin"] | {"value": None}}
    assert near_words(claim | {"nearness": several})[0] == "changes at margin × 0.62"
    assert next(near_facts(claim | {"nearness": several})) == (
        "with margins 0.62 times as large it would be inconclusive"
    )
    none = claim["nearness"] | {"margin": None, "margin_decides": False}
    assert next(near_facts(claim | {"nearness": none})) == "no margin decides it"


def test_many_replicates_without_which_it_changes_are_counted(planted):
    claim = planted.claim("I04", "reproduced")
    names = [f"seed {k}" for k in range(5)]
    without = [{"name": name, "verdict": "inconclusive"} for name in names[:3]]
    near = claim["nearness"] | {"left_out": names, "without": without}
    assert near_words(claim | {"nearness": near})[-1] == "without 3 of 5, one at a time"
    assert list(near_facts(claim | {"nearness": near}))[-1] == (
        "any one of 5 left out (seed 0, …, seed 4): inconclusive without seed 0, seed 1 or seed 2"
    )


def test_what_is_out_of_reach_has_its_reason(planted):
    both = planted.claim("I04", "inconclusive")
    assert reach_words(both) == "“reproduced” and “not reproduced”"
    assert out_of_reach(both) == ""
    one = both | {"can_reach": ["not reproduced"]}
    assert out_of_reach(one) == "“reproduced”"
    assert reach_words(one).startswith("“not reproduced”; not “reproduced”: whatever")
    main = both["readings"][0] | {"untested_at": ["radius × 10"]}
    gap = both | {"can_reach": [], "readings": [main]}
    assert reach_words(gap) == (
        "neither end; not “reproduced” or “not reproduced”: it is not tested at radius × 10"
    )
    assert reach_words(planted.claim("I05", "not tested")) == ""


def test_the_front_page_says_from_where_on_records_leave_out():
    readings = [
        (records.words.column(records.words.replicates), reading)
        for records in map(load_records, study_names())
        for claim in records.claims
        for reading in claim.readings
    ]
    same = {(what, 100 - reading.idle.below) for what, reading in readings if reading.idle}
    among = {(what, reading.pool_below) for what, reading in readings if reading.pool_below}
    said = [f"more than {limit:g} percent of the {what}" for what, limit in same]
    said += [f"fewer than {limit:g} percent of the {what}" for what, limit in among]
    assert len(said) == 5
    assert [words for words in said if words not in WORDS["left out"]] == []


def test_the_papers_own_numbers_are_said_to_agree_or_not():
    against = [
        {"label": f"part {k}", "effect": -1.9, "unit": "points of share", "beyond_error": k == 0}
        for k in range(5)
    ]
    some = {"printed_says": {"parts": 6, "against": against[:2], "judged": None}}
    assert printed_words(some) == (
        "fed in as a run's: they contradict 2 of 6 parts: part 0 (−1.9 points in favour, surely "
        "beyond sampling error); part 1 (−1.9 points in favour, within sampling error)"
    )
    assert printed_words(
        {"printed_says": {"parts": 6, "against": against, "judged": None}}
    ).endswith("and 2 more")
    agreeing = {"printed_says": {"parts": 1, "against": [], "judged": None}}
    assert printed_words(agreeing) == "fed in as a run's: they agree with all 1 part"
    agreeing["printed_says"]["judged"] = {"verdict": "inconclusive", "settings": []}
    assert printed_words(agreeing).startswith("fed in as a run's: inconclusive; they agree")
    assert printed_words({"printed_says": None}) == ""


def test_the_ledger_counts_settings_by_their_word(planted):
    def row(settings):
        main = planted.reading("main", "partly", settings)
        claim = planted.claim("I04", "partly") | {"readings": [main], "published": None}
        head = {"parts": 0, "text": "–"}
        return ledger_table([claim | {"run": "this run", "study": "s", "headline": head}], False)

    settings = [
        planted.setting(f"radius × {k}", verdict, [planted.part("A > B", verdict, 1.0, 0.2)])
        for k, verdict in enumerate(("reproduced", "reproduced", "not reproduced"))
    ]
    assert "of 3 radii: holds 2, decided against 1" in row(settings)
    assert "holds at all 2 radii" in row(settings[:2])
    assert "radii" not in row(settings[:1])
    page = claim_page(planted.claim("I01", "reproduced") | {"run": "this run", **SHOWN})
    assert ">1 holds</td>" in page
    assert ">2 hold</td>" in page
