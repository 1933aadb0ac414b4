"""The ledger says what the verdicts say, and nothing else."""

from __future__ import annotations

import json

import pytest

from escaping_minima.errors import UserError
from escaping_minima.report import ledger as module
from escaping_minima.report.effects import (
    claimed_sign,
    claimed_text,
    margin_text,
    measured_text,
)
from escaping_minima.report.false_words import false_words, false_words_text
from escaping_minima.report.front_page import front_page
from escaping_minima.report.headline import headline
from escaping_minima.report.ledger import NOT_CHOSEN, build_ledger
from escaping_minima.report.ledger_table import ledger_table, which_part
from escaping_minima.report.provenance import provenance
from escaping_minima.report.reasons import untested_reason
from escaping_minima.report.runs_page import provenance_facts
from escaping_minima.report.summary import summary_lines
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths


def make(planted, tmp_path, **kwargs):
    return build_ledger(
        planted.plant(tmp_path, **kwargs), [planted.STUDY], "quick, with starts=500"
    )


def test_every_verdict_is_counted_and_kept(planted, tmp_path):
    ledger = make(planted, tmp_path)
    assert {c["id"]: c["verdict"] for c in ledger["claims"]} == planted.VERDICTS
    assert set(ledger["counts"].values()) == {1}
    assert [c["published"] and c["published"]["verdict"] for c in ledger["claims"]] == [
        "partly",
        *[None] * 4,
    ]


def test_headline_is_the_weakest_part_at_the_main_setting(planted, tmp_path):
    head = make(planted, tmp_path)["claims"][0]["headline"]
    assert head["setting"] == "main radius"
    assert head["label"].startswith("weak part")
    assert (head["text"], head["claimed"]) == ("+3.0 [1.0, 5.0] points", "above 0")
    assert head["parts"] == 2


def test_headline_is_the_weakest_part_of_all_settings_where_none_is_the_main_one(planted):
    head = headline({"settings": planted.conditions()})
    assert (head["setting"], head["parts"]) == ("N2 = 500", 3)
    # in the sign in which it was measured, not in favour of the claim
    assert (head["text"], head["claimed"]) == ("+19.3 [17.3, 21.3] points", "below 0")
    assert which_part(head) == "loss, A < B, N2 = 500 (weakest of 3 parts)"


def test_headline_prefers_the_part_that_fails_where_p_ties(planted):
    parts = [
        planted.part("open", "inconclusive", 9.0, 1.0),
        planted.part("fails", "not reproduced", -1.0, 1.0),
    ]
    settings = [planted.setting("one setting", "partly", parts)]
    head = headline({"settings": settings})
    assert head["label"] == "fails"
    # a setting that is alone is not named
    assert head["setting"] == ""


def test_headline_of_nothing(planted):
    assert headline({"settings": []})["text"] == "–"


def test_untested_claims_of_the_source_are_listed_with_a_reason(planted, tmp_path, monkeypatch):
    of_another = {"I08", "I18", "I21", "I22"}
    untested = {u["id"]: u["reason"] for u in make(planted, tmp_path)["untested"]}
    assert of_another <= set(untested)
    assert not set(planted.VERDICTS) & set(untested)
    # studies of this version test them all; the planted rendering merely lacks them
    assert set(untested.values()) == {NOT_CHOSEN}
    # where there is no such study, what a claim needs first is data of the source
    monkeypatch.setattr(module, "study_names", lambda: (planted.STUDY,))
    monkeypatch.setattr(module, "untested_reasons", lambda source: {"I08": "a run that sees it"})
    alone = make(planted, tmp_path / "alone")
    untested = {u["id"]: u["reason"] for u in alone["untested"]}
    assert [untested[name] for name in ("I06", "I08", "I18")] == [
        NOT_CHOSEN,
        "needs a run that sees it",
        module.NOT_RECORDED,
    ]


def test_provenance_adds_up(planted, tmp_path):
    record = make(planted, tmp_path, stale=True)["provenance"][0]
    assert record["replicates"] == "starts"
    assert record["sizes"] == {"starts": [500, 1000], "steps": [200, 10000]}
    assert record["blocks"] == 3
    assert record["gradient_evaluations"] == 500 * 200 + 1000 * 20000
    assert record["wall_seconds"] == 3.5
    assert record["commits"] == ["0123456789ab", "0123456789ab+changes"]
    assert record["machine"] == ["x86_64, a machine"]
    assert record["stale"] == 1
    assert record["data"] == {"versions": [], "notes": []}
    assert record["measured_again"] == []
    assert record["names"]["method"]["gd"] == "GD"
    assert "role" not in record["names"]


def test_cells_that_say_how_many_blocks_they_have_are_believed(planted):
    cells = planted.cells()
    cells["blocks"] = 10
    assert provenance(planted.STUDY, cells, [])["blocks"] == 10 * len(cells)


def test_tables_that_other_code_took_again_name_its_commit(planted):
    def facts_of(*remeasured):
        return provenance_facts(provenance(planted.STUDY, planted.cells(), remeasured))

    first, second = (
        {"commit": letter * 40, "package": "0.1", "versions": {"numpy": number}, "tables": tables}
        for letter, number, tables in (
            ("a", "2.4.5", ["x.csv"]),
            ("b", "2.4.6", ["x.csv", "y.csv"]),
        )
    )
    assert "measured again" not in facts_of()
    facts = facts_of(first, second)
    assert facts["measured again"] == (
        "x.csv, from what was published, at commit aaaaaaaaaaaa (numpy 2.4.5); "
        "x.csv, y.csv, from what was published, at commit bbbbbbbbbbbb (numpy 2.4.6)"
    )
    # beside the commits of the runs, not instead of them
    assert facts["commits"] == "0123456789ab, 0123456789ab+changes"


def make_two(planted, tmp_path):
    paths = planted.plant(tmp_path)
    planted.plant_second(paths)
    with planted.second_study():
        return build_ledger(paths, [planted.STUDY, planted.SECOND], "quick")


def test_a_study_of_training_runs_stands_beside_one_of_starts(planted, tmp_path):
    ledger = make_two(planted, tmp_path)
    record = ledger["provenance"][1]
    assert (record["replicates"], record["blocks"]) == ("seeds", 8)
    assert record["sizes"] == {"seeds": [3, 5], "training images": [2000, 60000]}
    assert record["gradient_evaluations"] == 5 * 100 + 3 * 10
    assert record["loss_evaluations"] == 16
    assert record["data"] == {
        "versions": [
            {"words": "digits", "files": {"train.gz": planted.CHECKSUM}},
            {
                "words": "digits, sample of 2,000 images",
                "files": {"train.gz": planted.OTHER_CHECKSUM},
            },
        ],
        "notes": ["train.gz: accepted under another checksum"],
    }
    assert [u["id"] for u in ledger["untested"] if u["source"] == "planted-2025"] == ["P02"]
    json.dumps(ledger, allow_nan=False)


def test_effects_show_the_digits_that_their_margin_makes_worth_it(planted):
    accuracy, updates, single = planted.means_claim()["readings"][0]["settings"][0]["parts"]
    assert measured_text(accuracy) == "+0.31 [−0.12, 0.74] percentage points"
    assert measured_text(updates) == "−2,500 updates (exact)"
    assert measured_text(single) == "+0.10 percentage points (no interval)"


def test_a_value_has_its_own_sign_and_origin(planted):
    rise = planted.conditions()[0]["parts"][1]
    assert (measured_text(rise), claimed_text(rise)) == ("−9.2 [−12.0, −6.4] points", "above 5")
    above = rise | {"measured": 54.8, "measured_interval": [50.0, 60.0]}
    # a sign of its own would look like a difference
    assert measured_text(above) == "54.8 [50.0, 60.0] points"
    share = above | {"direction": "equal", "threshold": 100 / 3}
    assert claimed_text(share) == "within ±5 of 33.33"
    count = {"unit": "parameters", "direction": "equal", "threshold": 1111946.0, "margin": 1.0}
    count |= {"measured": 1111946.0, "measured_interval": [1111946.0, 1111946.0]}
    count |= {"known": True}
    assert measured_text(count) == "1,111,946 parameters (exact)"
    assert claimed_text(count) == "within ±1 of 1,111,946"
    one = count | {"measured": 1.0, "measured_interval": [1.0, 1.0], "threshold": 0.0}
    assert measured_text(one) == "+1 parameter (exact)"


def test_an_interval_without_width_is_no_exact_number(planted):
    """The bounds of a median are two of the runs, which may be equal."""
    median = planted.part("epochs, A > 900", "reproduced", 76.0, 0.01)
    median |= {"unit": "epochs", "measured": 976.0, "threshold": 900.0}
    median |= {"measured_interval": [976.0, 976.0]}
    assert measured_text(median) == "976.0 [976.0, 976.0] epochs"
    assert measured_text(median | {"known": True}) == "976 epochs (exact)"


def test_a_ratio_is_a_factor_whatever_its_size(planted):
    """Values are 100 ln(left / right): a loss that is 368 of these lower is × 0.025."""
    found = planted.part("loss, A < B", "inconclusive", 0.0, 0.2, "less") | {
        "unit": "ratio", "measured": -31.5, "measured_interval": [-368.0, 304.5]
    }  # fmt: skip
    assert measured_text(found) == "× 0.730 [0.025, 21]"
    assert (claimed_text(found), claimed_sign(found)) == ("below × 1", "< × 1")
    beyond = found | {"direction": "greater", "threshold": -5.0}
    assert claimed_text(beyond) == "above × 0.951"
    equal = found | {"direction": "equal", "margin": 10.0}
    assert claimed_text(equal) == "within × 0.9 to × 1.11"
    alone = found | {"measured_interval": [None, None]}
    assert measured_text(alone) == "× 0.730 (no interval)"
    half_open = found | {"measured_interval": [None, 4000.0]}
    assert measured_text(half_open) == "× 0.730 [0, 2.4e17]"
    assert measured_text(found | {"measured_interval": [-2000.0, 1e6]}) == "× 0.730 [2.1e−9, ∞]"
    assert (margin_text(5.0, "ratio"), margin_text(1.0, "points of share")) == (
        "5 percent", "1 point"
    )  # fmt: skip


def test_nothing_has_no_sign(planted):
    nothing = planted.part("A = B", "reproduced", -0.04, 0.01)
    nothing |= {"measured_interval": [-0.03, 0.02], "direction": "equal"}
    assert measured_text(nothing) == "0.0 [0.0, 0.0] points"


def test_the_reason_of_an_untested_claim_is_short(planted):
    untested = planted.claim("I05", "not tested")["readings"][0]
    assert untested_reason(untested) == "needs 5,000 starts, has 500 (lacks 9.8 GPU hours)"
    assert untested_reason(planted.claim("I04", "inconclusive")["readings"][0]) == ""
    assert len(untested_reason(untested | {"reason": "diverged: " + "a run, " * 90})) <= 90


def test_a_published_run_is_not_compared_with_itself(planted, tmp_path):
    own, other = (make(planted, tmp_path, name=n)["claims"][0] for n in (FROM_PUBLISHED, "quick"))
    assert (own["run"], own["published"]) == ("published run", None)
    assert (other["run"], other["published"]["verdict"]) == ("this run", "partly")


def test_a_check_of_the_code_is_counted_apart(planted, tmp_path):
    paths = planted.plant(tmp_path)
    verdicts = paths.judged(planted.STUDY) / "verdicts.json"
    judged = json.loads(verdicts.read_text(encoding="utf-8"))
    judged["claims"][0]["kind"] = "check"
    verdicts.write_text(json.dumps(judged), encoding="utf-8")
    ledger = build_ledger(paths, [planted.STUDY], "quick")
    assert (ledger["counts"]["reproduced"], ledger["checks"]["reproduced"]) == (0, 1)
    lines = summary_lines(ledger)
    assert lines[0].startswith("4 claims judged")
    assert "checks of the code, no evidence: 1 reproduced" in lines
    evidence, checks = ledger_table(ledger["claims"]).split("Checks of the code")
    assert ("claim-i01" in evidence, "claim-i01" in checks) == (False, True)
    assert ("claim-i02" in evidence, "claim-i02" in checks) == (True, False)
    assert "Checks of the code, which are no evidence" in front_page(ledger, "")


def test_chances_of_something_false_add_up_over_the_families_that_were_tested(planted):
    claims = [
        {"study": study, "kind": kind, "family": family, "verdict": verdict}
        for study, kind, family, verdict in (
            ("one", "evidence", "a", "partly"),
            ("one", "evidence", "a", "reproduced"),
            ("one", "evidence", "b", "inconclusive"),
            ("one", "evidence", "c", "not tested"),
            ("one", "check", "d", "reproduced"),
            ("two", "evidence", "e", "reproduced"),
        )
    ]
    assert false_words("one", claims) == {"study": "one", "families": 2, "most": 0.1}
    assert false_words("two", claims) == {"study": "two", "families": 1, "most": 0.05}
    assert false_words_text(false_words("one", claims)) == (
        "chance of any false “reproduced”: at most 10 percent (2 families, 5 each); of any false "
        "“not reproduced” likewise"
    )
    assert "5 percent (one family)" in false_words_text(false_words("two", claims))
    assert false_words_text(false_words("three", claims)) == ""
    many = [{**claims[0], "family": str(k)} for k in range(30)]
    assert false_words("one", many)["most"] == 1.0


@pytest.mark.parametrize(("content", "words"), [(None, "no verdicts there"), ("{", "not readable")])
def test_missing_or_broken_verdicts_are_named(planted, tmp_path, content, words):
    paths = ResultPaths(tmp_path, "quick")
    path = paths.judged(planted.STUDY) / "verdicts.json"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=words) as error:
        build_ledger(paths, [planted.STUDY], "quick")
    assert str(path) in str(error.value)
