"""Records say what decides a claim; their hashes cover it."""

from __future__ import annotations

import copy

import pandas as pd
import pytest

from escaping_minima.claims import records as module
from escaping_minima.claims.hashes import claim_hash
from escaping_minima.claims.records import load_all, read_records
from escaping_minima.claims.words import Words, unmet_need
from escaping_minima.errors import UserError
from escaping_minima.parts.studies import find_study, study_names

PRINTED = pd.DataFrame(
    {"location": "Table 2", "claim": "A is better", "paper_value": "91.2"}, index=["T01", "T02"]
)
PART = {"left": {"method": ["a", "b"]}, "relation": ">", "right": {"method": "c"}}
RAW = {
    "source": "planted",
    "title": "Planted 2024",
    "replicates": "seeds",
    "unit": "percentage points",
    "margin": 0.5,
    "margin_reason": "what readers of the table see",
    "sweeps": {"learning rate": [0.1, 0.2], "batch": [8]},
    "words": {"images": "training images"},
    "families": {
        "table-2": {
            "title": "Table 2",
            "figure": "table_2",
            "jobs": ["main"],
            "needs": {"seeds": 5, "images": 60000},
        }
    },
    "claims": [
        {
            "id": "T01",
            "family": "table-2",
            "estimand": "accuracy",
            "readings": [{"name": "main", "parts": [{**PART, "margin": 2.0}]}],
        },
        {
            "id": "T02",
            "family": "table-2",
            "figure": "curves",
            "unit": "epochs",
            "margin": 10,
            "margin_reason": "a tenth of the run",
            "swept": "learning rate",
            "estimand": "epochs",
            "readings": [{"name": "main", "parts": [{**PART, "relation": "<"}]}],
        },
    ],
}


def test_a_claim_falls_back_on_what_the_file_says():
    first, second = read_records(RAW, PRINTED).claims
    assert (first.unit, first.margin, first.swept) == ("percentage points", 0.5, None)
    assert first.margin_reason == "what readers of the table see"
    assert (second.unit, second.margin, second.swept) == ("epochs", 10.0, "learning rate")
    assert second.margin_reason == "a tenth of the run"
    assert (first.readings[0].swept, second.readings[0].swept) == (None, "learning rate")
    assert (first.figure, second.figure) == ("table_2", "curves")


def test_a_file_without_a_unit_is_about_shares():
    bare = {k: v for k, v in RAW.items() if k != "unit"}
    assert read_records(bare, PRINTED).claims[0].unit == "points of share"


#: A claim that names a group, beside one that it does not name.
GROUPED = copy.deepcopy(RAW)
GROUPED["groups"] = {"both": ["a", "b", "first"], "first": ["c"], "other": ["d"]}
GROUPED["claims"][0]["readings"][0]["parts"][0]["left"] = "both"


def _hash(raw):
    return claim_hash(raw["claims"][0], raw)


def _changed(change, base=RAW):
    raw = copy.deepcopy(base)
    change(raw)
    return _hash(raw)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(margin=0.4),
        lambda raw: raw.update(unit="percent"),
        lambda raw: raw["claims"][0].update(margin=0.4),
        lambda raw: raw["claims"][0].update(unit="percent"),
        lambda raw: raw["claims"][0].update(swept="learning rate"),
        lambda raw: raw["claims"][0]["readings"][0]["parts"][0].update(margin=1.0),
        lambda raw: raw["families"]["table-2"]["needs"].update(seeds=4),
        lambda raw: raw["families"]["table-2"].update(jobs=["other"]),
    ],
)
def test_what_decides_is_hashed(change):
    assert _changed(change) != _hash(RAW)


@pytest.mark.parametrize(
    "change",
    [
        # the entry names one group, and that one the other
        lambda raw: raw["groups"].update(both=["a", "c"]),
        lambda raw: raw["groups"].update(first=["d"]),
        lambda raw: raw.setdefault("sweeps", {}).update(both=[1, 2]),
        # what a later grammar says of all claims
        lambda raw: raw.update(least_pairs=20),
    ],
)
def test_the_groups_that_a_claim_names_are_hashed(change):
    assert _changed(change, GROUPED) != _hash(GROUPED)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw["groups"].update(other=["a"]),
        lambda raw: raw["groups"].pop("other"),
        lambda raw: raw.setdefault("sweeps", {}).update(other=[1, 2]),
        lambda raw: raw.update(title="Another"),
        lambda raw: raw["families"]["table-2"].update(title="Another", figure="another"),
        lambda raw: raw["claims"][0].update(figure="another"),
        lambda raw: raw.update(words={}),
        lambda raw: raw["claims"][1].update(margin=3),
        lambda raw: raw["sweeps"].update({"learning rate": [0.3]}),
    ],
)
def test_what_does_not_decide_is_not_hashed(change):
    assert _changed(change, GROUPED) == _hash(GROUPED)


def test_the_grid_of_a_sweep_is_hashed_with_the_claims_that_are_judged_over_it():
    def second(change):
        raw = copy.deepcopy(RAW)
        change(raw)
        return read_records(raw, PRINTED).claims[1].hash

    same = second(lambda raw: raw["sweeps"].update(batch=[16]))
    assert same == second(lambda raw: None)
    assert second(lambda raw: raw["sweeps"]["learning rate"].append(0.3)) != same
    other = second(lambda raw: raw["claims"][1]["readings"][0].update(swept="batch"))
    assert other != same


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("estimand"), "claim T01: estimand: missing; add it"),
        (lambda c: c.update(marign=1), "claim T01: marign: unknown; allowed: id, family"),
        (lambda c: c.update(id="X1"), "claim X1: id: found 'X1'; allowed: an id of claims.csv"),
        (lambda c: c.update(family="t"), "claim T01: family: found 't'; allowed: table-2"),
        (lambda c: c.update(swept="x"), "T01: swept: found 'x'; allowed: learning rate, batch"),
        (lambda c: c["readings"][0].pop("name"), "claim T01: readings: name: missing; add it"),
    ],
)
def test_what_is_wrong_with_a_record_is_one_line_with_file_claim_and_key(change, said):
    raw = copy.deepcopy(RAW)
    change(raw["claims"][0])
    with pytest.raises(UserError) as caught:
        read_records(raw, PRINTED, "studies/planted/claims.yaml")
    assert str(caught.value).startswith("studies/planted/claims.yaml: claim ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_claim_that_names_its_margin_keeps_its_hash_where_the_common_one_changes():
    other = copy.deepcopy(RAW)
    other.update(unit="percent", margin=7, margin_reason="another")
    assert claim_hash(other["claims"][1], other) == claim_hash(RAW["claims"][1], RAW)


def test_a_record_carries_its_hash():
    assert read_records(RAW, PRINTED).claims[0].hash == _hash(RAW)


def test_words():
    words = Words("seeds", {"images": "training images"}, {"radius": "radii"})
    assert [words.column(c) for c in ("images", "test_images")] == [
        "training images",
        "test images",
    ]
    assert [words.plural(n) for n in ("radius", "learning rate")] == ["radii", "learning rates"]


def test_the_first_unmet_need_is_named():
    words = read_records(RAW, PRINTED).words
    cells = pd.DataFrame({"seeds": [5, 6], "images": [60000, 2000]})
    assert unmet_need({"seeds": 5}, cells, words) is None
    reason = unmet_need({"seeds": 5, "images": 60000}, cells, words)
    assert reason == "scale: needs 60000 training images, this run has 2000"


def test_ids_of_claims_differ_between_studies(monkeypatch):
    assert list(load_all(study_names())) == list(study_names())
    monkeypatch.setattr(module, "load_records", lambda study: read_records(RAW, PRINTED))
    assert list(load_all(["planted"])) == ["planted"]
    with pytest.raises(UserError, match="'T01', which planted has too") as caught:
        load_all(["planted", "another"])
    assert str(caught.value).startswith("studies/another/claims.yaml: id: ")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_claim_has_one_record():
    # judged and locked by id, the second would pass for both
    twice = copy.deepcopy(RAW)
    twice["claims"].insert(0, {**twice["claims"][0], "margin": 99})
    with pytest.raises(
        UserError, match="claim T01: id: found twice; allowed: one record"
    ) as caught:
        read_records(twice, PRINTED, "studies/planted/claims.yaml")
    assert str(caught.value).startswith("studies/planted/claims.yaml: ")
    assert "\n" not in str(caught.value)


def test_a_family_takes_the_roles_of_all_readings_and_what_goes_with_them():
    """Else a reading about another role would be "not tested" where a claim is asked for alone."""
    raw = copy.deepcopy(RAW)
    control = {**PART, "right": {"role": "control", "method": "c"}}
    raw["claims"][0]["readings"].append({"name": "against controls", "parts": [control]})
    records = read_records(raw, PRINTED)
    assert read_records(RAW, PRINTED).jobs_of("table-2", {"control": "other"}) == ("main",)
    assert records.jobs_of("table-2", {}) == ("main", "control")
    assert records.jobs_of("table-2", {"control": "other"}) == ("main", "control", "other")


def test_claims_of_annealing_are_judged_alone_as_with_all_runs():
    records, companions = load_all(["sgd_sa"])["sgd_sa"], find_study("sgd_sa").companions
    assert records.jobs_of("section-3", companions) == ("control", "small", "main")
    assert set(records.jobs_of("table-1", companions)) == {"main", "small", "selection"}
    assert set(records.jobs_of("directions", companions)) == {"directions", "main", "fashion"}
