"""A judged claim shows effects in its own unit, with the digits that its margin makes worth it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from escaping_minima.claims import judge as module
from escaping_minima.claims.records import read_records
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.families import AnyOf, Member, Setting
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.means import MeanComparison

PART = {"left": {"method": "a"}, "relation": ">", "right": 0}
RAW = {
    "source": "planted",
    "title": "Planted 2024",
    "replicates": "seeds",
    "margin": 0.5,
    "margin_reason": "a reason",
    "sweeps": {"scale": ["main"]},
    "families": {
        "t": {"title": "T", "figure": "f", "jobs": ["main"], "needs": {"test_images": 10}}
    },
    "claims": [
        {
            "id": "T01",
            "family": "t",
            "unit": "percentage points",
            "swept": "scale",
            "estimand": "accuracy",
            "readings": [{"name": "main", "parts": [PART]}],
        }
    ],
}
PARTS = (
    MeanComparison((0.61234567, 0.7, 0.8), "greater", 0.5, "accuracy"),
    MeanComparison((-2500.5,), "less", 100.0, "updates", known=True, unit="updates"),
    MeanComparison((0.3,), "greater", 0.5, "one run"),
    Comparison(Share(70, 100), 0.5, "greater", 0.05, "share"),
)


SURE = Comparison(Share(99, 100), 0.5, "greater", 0.05, "sure")
SWEPT = Member(
    "T01",
    (
        Setting("main scale", (SURE, AnyOf("either", (SURE, PARTS[2])))),
        Setting("scale × 2", (Comparison(Share(0, 100), 0.5, "greater", 0.05, "never"),)),
        Setting("scale × 4", (), "nothing converged"),
    ),
    left_out=(("scale × 0.1", "does what its base does"),),
)


@pytest.fixture
def member():
    return Member("T01", (Setting("main scale", PARTS),))


@pytest.fixture
def judged(monkeypatch, member):
    printed = pd.DataFrame({"location": "T", "claim": "c", "paper_value": "1"}, index=["T01"])
    evidence = SimpleNamespace(
        BLOCK=1,
        Tables=SimpleNamespace(build=lambda tables, records: tables),
        missing_needs=lambda family, tables: None,
    )
    monkeypatch.setattr(module, "build_member", lambda claim, reading, source: member)
    monkeypatch.setattr(module, "printed_main", lambda source: None)
    monkeypatch.setattr(module, "reachable", lambda claim, source: ["reproduced"])
    monkeypatch.setattr(module, "load_records", lambda study: read_records(RAW, printed))
    study = SimpleNamespace(evidence=lambda: evidence)
    monkeypatch.setattr(module, "find_study", lambda name: study)
    return module.judge_study("planted", {})[0]


def test_a_claim_carries_the_nouns_of_its_study(judged):
    assert judged["replicates"] == "seeds"
    assert judged["swept"] == "scales"
    assert judged["needs"] == {"test images": 10}
    assert judged["can_reach"] == ["reproduced"]
    assert (judged["unit"], judged["margin"]) == ("percentage points", 0.5)


def test_parts_have_their_own_units_margins_and_digits(judged):
    mean, count, single, share = judged["readings"][0]["settings"][0]["parts"]
    assert (mean["effect"], mean["unit"], mean["margin"]) == (0.70412, "percentage points", 0.5)
    assert (count["effect"], count["unit"], count["margin"]) == (2500.5, "updates", 100.0)
    assert count["interval"] == [2500.5, 2500.5]
    assert (share["effect"], share["unit"], share["margin"]) == (20.0, "points of share", 5.0)
    # JSON has no infinity
    assert (single["effect"], single["interval"]) == (0.3, [None, None])


@pytest.mark.parametrize("member", [SWEPT])
def test_a_reading_names_its_settings_by_their_words(judged):
    reading = judged["readings"][0]
    assert (judged["verdict"], reading["verdict"]) == ("partly", "partly")
    assert (reading["p"], reading["q"]) == (1.0, 1.0)
    assert (reading["level"], reading["level_against"]) == (0.05, 0.05)
    assert (reading["rank"], reading["rank_against"], reading["family_size"]) == (1, 1, 1)
    assert reading["holds_at"] == ["main scale"]
    assert reading["against_at"] == ["scale × 2"]
    assert reading["untested_at"] == ["scale × 4"]
    assert (reading["split_at"], reading["open_at"]) == ([], [])
    assert reading["left_out"] == [["scale × 0.1", "does what its base does"]]
    assert (reading["needed"], reading["needed_range"]) == (None, None)
    assert [s["word"] for s in reading["settings"]] == ["holds", "against", "untested"]
    json.dumps(judged, allow_nan=False)


@pytest.mark.parametrize("member", [SWEPT])
def test_a_union_is_written_with_its_statements(judged):
    first, union = judged["readings"][0]["settings"][0]["parts"]
    assert (first["verdict"], first["q"]) == ("reproduced", 1.0)
    assert (union["label"], union["word"], union["q"]) == ("either", "reproduced", 1.0)
    assert union["p"] == pytest.approx(2 * first["p"])
    assert [p["label"] for p in union["any"]] == ["sure", "one run"]
    assert [p["verdict"] for p in union["any"]] == ["reproduced", "inconclusive"]


@pytest.mark.parametrize(
    "member", [Member("T01", (Setting("only", (MeanComparison((0.9, -0.4), "greater", 0.5),)),))]
)
def test_few_runs_ask_for_a_range(judged):
    reading = judged["readings"][0]
    low, high = reading["needed_range"]
    assert reading["needed"] is None
    assert 2 < low < high
