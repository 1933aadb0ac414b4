"""The ledger says what the verdicts say, and nothing else."""

from __future__ import annotations

import json

import pytest

from escaping_minima.errors import UserError
from escaping_minima.report.effects import effect_text
from escaping_minima.report.ledger import NO_STUDY, build_ledger, headline, summary_lines
from escaping_minima.results.paths import ResultPaths


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
    assert head["text"] == "+3.0 [1.0, 5.0] points"
    assert head["parts"] == 2


def test_headline_prefers_the_part_that_fails_where_p_ties(planted):
    parts = [
        planted.part("open", "inconclusive", 9.0, 1.0),
        planted.part("fails", "not reproduced", -1.0, 1.0),
    ]
    settings = [planted.setting("one setting", "partly", parts)]
    assert headline({"settings": settings})["label"] == "fails"


def test_headline_of_nothing(planted):
    assert headline({"settings": []})["text"] == "–"


def test_untested_claims_of_the_source_are_listed_with_a_reason(planted, tmp_path):
    untested = {u["id"]: u for u in make(planted, tmp_path)["untested"]}
    lost = {"I08", "I18", "I21", "I22"}
    assert lost <= set(untested)
    assert not set(planted.VERDICTS) & set(untested)
    assert {untested[i]["reason"] for i in lost} == {NO_STUDY}
    # a study of this version tests I06; the planted rendering merely lacks it
    assert untested["I06"]["reason"] != NO_STUDY


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
    assert record["data"] == {"words": [], "files": {}, "notes": []}


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
        "words": ["digits", "digits, sample of 2,000 images"],
        "files": {"train.gz": [planted.CHECKSUM, planted.OTHER_CHECKSUM]},
        "notes": ["train.gz: accepted under another checksum"],
    }
    assert [u["id"] for u in ledger["untested"] if u["source"] == "planted-2025"] == ["P02"]
    json.dumps(ledger, allow_nan=False)


def test_effects_show_the_digits_that_their_margin_makes_worth_it(planted):
    accuracy, updates, single = planted.means_claim()["readings"][0]["settings"][0]["parts"]
    assert effect_text(accuracy) == "+0.31 [−0.12, 0.74] percentage points"
    assert effect_text(updates) == "+2,500 [2,500, 2,500] updates"
    assert effect_text(single) == "+0.10 [−∞, ∞] percentage points"


def test_a_terminal_names_units_where_they_differ(planted, tmp_path):
    one, two = summary_lines(make(planted, tmp_path / "one")), make_two(planted, tmp_path / "two")
    assert not any("points" in line for line in one)
    lines = summary_lines(two)
    assert "+0.10 [−∞, ∞] percentage points" in lines[6]
    assert "+3.0 [1.0, 5.0] points " in lines[1]
    assert max(map(len, lines)) <= 100


def test_summary_fits_a_terminal(planted, tmp_path):
    lines = summary_lines(make(planted, tmp_path, stale=True))
    assert max(map(len, lines)) <= 100
    assert "1 reproduced" in lines[0]
    for line, (name, verdict) in zip(lines[1:], planted.VERDICTS.items(), strict=False):
        assert line.startswith(name)
        assert verdict in line
    assert "stale: 1 of 2 cells" in lines[-1]
    assert sum(NO_STUDY in line for line in lines) == 1


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
