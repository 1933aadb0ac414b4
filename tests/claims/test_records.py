"""Records say what decides a claim; their hashes cover it."""

from __future__ import annotations

import copy

import pandas as pd
import pytest

from escaping_minima.claims import records as module
from escaping_minima.claims.records import load_all, load_records, read_records
from escaping_minima.claims.words import Words, unmet_need
from escaping_minima.errors import UserError
from escaping_minima.parts.studies import study_names

PRINTED = pd.DataFrame(
    {"location": "Table 2", "claim": "A is better", "paper_value": "91.2"}, index=["T01", "T02"]
)
RAW = {
    "source": "planted",
    "title": "Planted 2024",
    "replicates": "seeds",
    "unit": "percentage points",
    "margin": 0.5,
    "margin_reason": "what readers of the table see",
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
            "readings": [{"name": "main", "parts": [{"relation": ">", "margin": 2.0}]}],
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
            "readings": [{"name": "main", "parts": [{"relation": "<"}]}],
        },
    ],
}


def test_a_claim_falls_back_on_what_the_file_says():
    first, second = read_records(RAW, PRINTED).claims
    assert (first.unit, first.margin, first.swept) == ("percentage points", 0.5, None)
    assert first.margin_reason == "what readers of the table see"
    assert (second.unit, second.margin, second.swept) == ("epochs", 10.0, "learning rate")
    assert second.margin_reason == "a tenth of the run"
    assert (first.figure, second.figure) == ("table_2", "curves")


def test_a_file_without_a_unit_is_about_shares():
    bare = {k: v for k, v in RAW.items() if k != "unit"}
    assert read_records(bare, PRINTED).claims[0].unit == "points of share"


def _changed(change):
    raw = copy.deepcopy(RAW)
    change(raw)
    return read_records(raw, PRINTED).claims[0].hash


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(margin=0.4),
        lambda raw: raw.update(unit="percent"),
        lambda raw: raw.update(groups={"both": ["a", "b"]}),
        lambda raw: raw["claims"][0].update(margin=0.4),
        lambda raw: raw["claims"][0].update(unit="percent"),
        lambda raw: raw["claims"][0].update(swept="learning rate"),
        lambda raw: raw["claims"][0]["readings"][0]["parts"][0].update(margin=1.0),
        lambda raw: raw["families"]["table-2"]["needs"].update(seeds=4),
        lambda raw: raw["families"]["table-2"].update(jobs=["other"]),
    ],
)
def test_what_decides_is_hashed(change):
    assert _changed(change) != read_records(RAW, PRINTED).claims[0].hash


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(title="Another"),
        lambda raw: raw.update(words={}),
        lambda raw: raw["claims"][1].update(margin=3),
    ],
)
def test_what_does_not_decide_is_not_hashed(change):
    assert _changed(change) == read_records(RAW, PRINTED).claims[0].hash


def test_hashes_of_records_that_were_frozen_before_their_keys_got_other_names():
    hashes = {c.id: c.hash for c in load_records("stationary_distributions").claims}
    assert hashes["I03"] == "ea370567"
    assert hashes["I01"] == "5c39d54f"


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
