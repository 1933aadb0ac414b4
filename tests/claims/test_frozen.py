"""A record that is not the one in the lock is named, and nothing is judged by it."""

from __future__ import annotations

import copy
import datetime
import json
import re
from types import SimpleNamespace

import pandas as pd
import pytest

from escaping_minima.claims import freezing, frozen, judged
from escaping_minima.claims.command import do_as_asked
from escaping_minima.claims.freezing import check_frozen, list_frozen, refreeze
from escaping_minima.claims.frozen import read_lock, render_lock
from escaping_minima.claims.records import read_records
from escaping_minima.cli import main
from escaping_minima.errors import UserError
from escaping_minima.package import CHECKOUT
from escaping_minima.parts.studies import study_names

PRINTED = pd.DataFrame(
    {"location": "T", "claim": "A is better", "paper_value": "1"}, index=["P01", "P02", "P03"]
)
PART = {"left": {"measure": "accuracy"}, "relation": ">", "right": 0}
RAW = {
    "source": "planted",
    "title": "Planted 2024",
    "replicates": "seeds",
    "margin": 0.5,
    "margin_reason": "a reason",
    "families": {"t": {"title": "T", "figure": "f", "jobs": ["main"], "needs": {}}},
    "claims": [
        {
            "id": name,
            "family": "t",
            "estimand": "accuracy",
            "margin": 1,
            "readings": [{"name": "main", "parts": [dict(PART)]}],
        }
        for name in ("P01", "P02")
    ],
}
FIRST, LATER, LAST = (datetime.date(2020, 2, day) for day in (3, 17, 29))


class Planted:
    """A study with records that a test may change, and its lock."""

    def __init__(self, folder):
        self.raw = copy.deepcopy(RAW)
        self.results = folder / "results"
        self.path = folder / "studies" / "planted" / "claims.lock"
        self.path.parent.mkdir(parents=True)

    def records(self):
        return read_records(self.raw, PRINTED)

    def hash(self, name):
        return next(c.hash for c in self.records().claims if c.id == name)

    def refreeze(self, *claims, why="a reason", today=FIRST, **said):
        return refreeze(claims, why, ["planted"], self.results, today, **said)

    def publish(self):
        cells = self.results / "published" / "planted" / "cells.csv"
        cells.parent.mkdir(parents=True)
        cells.touch()


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Return a study with two claims, both frozen."""
    study = Planted(tmp_path)
    monkeypatch.setattr(frozen, "lock_path", lambda name: study.path)
    monkeypatch.setattr(freezing, "lock_path", lambda name: study.path)
    monkeypatch.setattr(frozen, "load_records", lambda name: study.records())
    monkeypatch.setattr(freezing, "load_all", lambda names: {n: study.records() for n in names})
    study.refreeze("P01", "P02")
    return study


def edit_margin(raw):
    raw["claims"][0]["margin"] = 2


def edit_part(raw):
    raw["claims"][0]["readings"][0]["parts"][0]["relation"] = "<"


def edit_reading(raw):
    raw["claims"][0]["readings"].append({"name": "another", "parts": [PART]})


@pytest.mark.parametrize("edit", [edit_margin, edit_part, edit_reading])
def test_an_edited_record_is_named_with_what_to_do(planted, edit):
    assert check_frozen(["planted"]) == "all records are as they were frozen: 2"
    before = planted.hash("P01")
    edit(planted.raw)
    with pytest.raises(UserError) as caught:
        check_frozen(["planted"])
    assert str(caught.value) == (
        f"studies/planted/claims.lock: P01 (hash {planted.hash('P01')}, frozen: {before}): record "
        "and lock differ; put back what changed, or write it down: escaping-minima claims "
        '--refreeze P01 --why "..."'
    )
    assert caught.value.exit_code == 1


def test_a_claim_without_an_entry_and_an_entry_without_a_claim_are_named(planted):
    planted.raw["claims"][1]["id"] = "P03"
    with pytest.raises(UserError) as caught:
        check_frozen(["planted"])
    assert str(caught.value) == (
        "studies/planted/claims.lock: P03: not in the lock; P02: in the lock, but without a "
        "record; put back what changed, or write it down: escaping-minima claims --refreeze P03 "
        'P02 --why "..."'
    )
    planted.path.unlink()
    with pytest.raises(UserError, match=r"P01, P03: not in the lock; "):
        check_frozen(["planted"])


def test_a_change_is_written_with_both_hashes_its_date_and_its_reason(planted):
    old = planted.hash("P01")
    edit_margin(planted.raw)
    planted.refreeze("P01", why="  a margin\nthat matters ", today=LATER)
    entry = read_lock(planted.path)["P01"]
    assert entry.as_json() == {
        "fixed": "2020-02-17",
        "changes": [
            {
                "date": "2020-02-03",
                "old": None,
                "new": old,
                "why": "a reason",
                "results_known": False,
                "form_only": False,
            },
            {
                "date": "2020-02-17",
                "old": old,
                "new": planted.hash("P01"),
                "why": "a margin that matters",
                "results_known": False,
                "form_only": False,
            },
        ],
    }
    assert check_frozen(["planted"]) == "all records are as they were frozen: 2"
    # the other claim's entry stays
    assert len(read_lock(planted.path)["P02"].changes) == 1


def test_a_change_of_form_leaves_the_date_on_which_the_record_was_fixed(planted):
    edit_part(planted.raw)
    planted.refreeze("P01", today=LATER)
    edit_margin(planted.raw)
    (line,) = planted.refreeze("P01", why="spelled anew", today=LAST, form_only=True)
    entry = read_lock(planted.path)["P01"]
    assert entry.fixed == LATER
    assert entry.hash == planted.hash("P01")
    assert (entry.changes[-1].date, entry.changes[-1].form_only) == (LAST, True)
    old = entry.changes[-1].old
    assert line == (
        f"P01: 2020-02-29 {old} -> {entry.hash}, form only, results not known: spelled anew"
    )
    assert list_frozen(["planted"])[:2] == ["planted", f"  P01  {entry.hash}  fixed 2020-02-17"]
    assert list_frozen(["planted"])[4] == f"       {line.removeprefix('P01: ')}"


def test_results_are_known_where_tables_are_published_unless_one_says_otherwise(planted):
    planted.publish()
    for margin, said, expected in ((2, None, True), (3, False, False), (4, True, True)):
        planted.raw["claims"][0]["margin"] = margin
        planted.refreeze("P01", results_known=said)
        assert read_lock(planted.path)["P01"].changes[-1].results_known is expected
    # nothing was published when the records were written
    assert read_lock(planted.path)["P02"].changes[0].results_known is False


def test_a_withdrawn_claim_keeps_its_history_and_may_come_back(planted):
    (entry,) = (c for c in planted.raw["claims"] if c["id"] == "P02")
    old = planted.hash("P02")
    planted.raw["claims"].remove(entry)
    (line,) = planted.refreeze("P02", why="not the paper's", today=LATER)
    assert line == f"P02: 2020-02-17 {old} -> withdrawn, results not known: not the paper's"
    assert check_frozen(["planted"]) == "all records are as they were frozen: 1"
    planted.raw["claims"].append(entry)
    with pytest.raises(UserError, match=rf"P02 \(hash {old}, frozen: withdrawn\)"):
        check_frozen(["planted"])
    planted.refreeze("P02", today=LAST)
    assert [c.new for c in read_lock(planted.path)["P02"].changes] == [old, None, old]


@pytest.mark.parametrize(
    ("claims", "said", "words"),
    [
        (["X9"], {}, "claims: --refreeze: found 'X9'; allowed: P01, P02, P03"),
        (["P01"], {"why": " \n"}, "claims: --why: found ' \\n'; allowed: the reason"),
        (["P01"], {"why": "bell \a"}, "claims: --why: found 'bell \\x07'; allowed: the reason"),
        (["P01", "P02"], {}, "claims: --refreeze P02: its record is the frozen one ("),
        (["P03"], {"form_only": True}, "claims: --form: found P03, whose record is new; allowed"),
    ],
)
def test_what_makes_no_change_is_refused_and_nothing_is_written(planted, claims, said, words):
    edit_margin(planted.raw)
    planted.raw["claims"].append({**planted.raw["claims"][1], "id": "P03"})
    before = planted.path.read_text()
    with pytest.raises(UserError) as caught:
        planted.refreeze(*claims, **said)
    assert str(caught.value).startswith(words)
    assert caught.value.exit_code == 2
    assert planted.path.read_text() == before


def test_entries_stand_in_one_order_and_hashes_are_texts(planted):
    text = planted.path.read_text()
    lock = read_lock(planted.path)
    assert render_lock(dict(reversed(lock.items()))) == text
    assert text.index("P01:") < text.index("P02:")
    # 12345e67 would be a number
    assert f'hash: "{lock["P01"].hash}"' in text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("hash:", "hash: 0 #", 1),
        lambda text: text.replace("fixed: 2020-02-03", "fixed: 2020-02-01", 1),
        lambda text: text.replace("fixed: 2020-02-03", "fixed: yesterday"),
        lambda text: text.replace("date: 2020-02-03", 'date: "2020-02-03"'),
        lambda text: text.replace("old: null", 'old: "00000000"', 1),
        lambda text: text.replace("form_only: false", "form_only: true"),
        lambda text: text.replace("changes:", "changed:", 1),
        lambda text: text.replace("why", "because", 1),
        lambda text: text + text.split("\n\n")[1] + "\n",
        lambda text: text[:-20],
        lambda text: "[" + text,
        lambda text: "- a list\n",
        lambda text: "P01: {changes: []}\n",
        lambda text: "",
    ],
)
def test_a_lock_that_was_edited_by_hand_is_refused(planted, spoil):
    spoiled = spoil(planted.path.read_text())
    assert spoiled != planted.path.read_text()
    planted.path.write_text(spoiled)
    with pytest.raises(UserError, match="not as 'escaping-minima claims --refreeze' writes it"):
        check_frozen(["planted"])


def test_nothing_is_judged_by_a_record_that_was_not_frozen(planted, monkeypatch, tmp_path):
    said = {"P01": "what longer runs showed"}
    study = SimpleNamespace(
        name="planted", derive=lambda tables, records: ({}, []), beside=lambda derived: said
    )
    claims = [{"id": c.id, "verdict": "reproduced"} for c in planted.records().claims]
    monkeypatch.setattr(judged, "find_study", lambda name: study)
    monkeypatch.setattr(judged, "load_records", lambda name: planted.records())
    monkeypatch.setattr(judged, "read_collected", lambda tables: {})
    monkeypatch.setattr(judged, "judge_study", lambda *asked: claims)
    near = {claim["id"]: {"margin": None} for claim in claims}
    monkeypatch.setattr(judged, "nearness_of_study", lambda *asked: near)
    judged.judge("planted", tmp_path, None, tmp_path / "whole")
    found = json.loads((tmp_path / "whole" / "verdicts.json").read_text())["claims"][0]
    fixed = {**claims[0], **read_lock(planted.path)["P01"].as_json()}
    assert found == {**fixed, "nearness": near["P01"], "beside": said["P01"]}
    assert judged.judge_claim("planted", "P01", tmp_path, tmp_path / "one.json") == fixed

    edit_margin(planted.raw)
    judge = ["judge", "--study", "planted", "--tables", str(tmp_path), "--output"]
    for more in ([], ["--claim", "P02"]):
        with pytest.raises(SystemExit) as caught:
            main([*judge, str(tmp_path / "none"), *more])
        assert caught.value.code == 1
    assert not (tmp_path / "none").exists()


def test_the_records_of_all_studies_are_as_they_were_frozen(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["claims", "--check"])
    said = capsys.readouterr()
    assert (caught.value.code, said.err) == (0, "")
    assert "all records are as they were frozen: " in said.out


def test_the_command_lists_every_claim_once(capsys):
    with pytest.raises(SystemExit):
        main(["claims"])
    listed = re.findall(r"^  (\w+) +[0-9a-f]{8}  fixed \d", capsys.readouterr().out, re.MULTILINE)
    assert listed == [c for study in study_names() for c in read_lock(frozen.lock_path(study))]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--why", "a"], "claims: --why: only with --refreeze CLAIM"),
        (["--check", "--form"], "claims: --form: only with --refreeze CLAIM"),
        (["--no-results-known"], "claims: --results-known: only with --refreeze CLAIM"),
        (["--refreeze", "P09"], "claims: --why: found ''; allowed: the reason"),
    ],
)
def test_words_that_make_no_sense_together_are_refused(capsys, words, said):
    with pytest.raises(SystemExit) as caught:
        main(["claims", *words])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(f"escaping-minima: {said}")


def test_the_command_writes_the_day_of_the_clock(monkeypatch):
    asked = {}
    monkeypatch.setattr(freezing, "refreeze", lambda *words, **more: asked.update(more) or [words])
    options = SimpleNamespace(refreeze=["P01"], why="a", form=True, results_known=None, check=False)
    before = datetime.datetime.now(datetime.UTC).date()
    ((claims, why, studies, results, today),) = do_as_asked(options, CHECKOUT)
    assert before <= today <= datetime.datetime.now(datetime.UTC).date()
    assert (claims, why, studies) == (["P01"], "a", study_names())
    assert results == CHECKOUT / "results"
    assert asked == {"results_known": None, "form_only": True}
