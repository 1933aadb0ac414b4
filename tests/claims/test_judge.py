"""A judged claim shows effects in its own unit, with the digits that its margin makes worth it."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from escaping_minima.claims import judge as module
from escaping_minima.claims.records import read_records
from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.verdicts import Member, Setting

RAW = {
    "source": "planted",
    "title": "Planted 2024",
    "replicates": "seeds",
    "margin": 0.5,
    "margin_reason": "a reason",
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
            "readings": [{"name": "main", "parts": [{}]}],
        }
    ],
}
PARTS = (
    MeanComparison((0.61234567, 0.7, 0.8), "greater", 0.5, "accuracy"),
    MeanComparison((-2500.5,), "less", 100.0, "updates", known=True, unit="updates"),
    MeanComparison((0.3,), "greater", 0.5, "one run"),
    Comparison(Share(70, 100), 0.5, "greater", 0.05, "share"),
)


@pytest.fixture
def judged(monkeypatch):
    printed = pd.DataFrame({"location": "T", "claim": "c", "paper_value": "1"}, index=["T01"])
    evidence = SimpleNamespace(
        BLOCK=1,
        Tables=SimpleNamespace(build=lambda tables, records: tables),
        missing_needs=lambda family, tables: None,
        build_member=lambda claim, reading, tables: Member(
            claim.id, (Setting("main scale", PARTS),)
        ),
    )
    monkeypatch.setattr(module, "load_records", lambda study: read_records(RAW, printed))
    study = SimpleNamespace(evidence=lambda: evidence)
    monkeypatch.setattr(module, "find_study", lambda name: study)
    return module.judge_study("planted", {})[0]


def test_a_claim_carries_the_nouns_of_its_study(judged):
    assert judged["replicates"] == "seeds"
    assert judged["swept"] == "scales"
    assert judged["needs"] == {"test images": 10}
    assert (judged["unit"], judged["margin"]) == ("percentage points", 0.5)


def test_parts_have_their_own_units_margins_and_digits(judged):
    mean, count, single, share = judged["readings"][0]["settings"][0]["parts"]
    assert (mean["effect"], mean["unit"], mean["margin"]) == (0.70412, "percentage points", 0.5)
    assert (count["effect"], count["unit"], count["margin"]) == (2500.5, "updates", 100.0)
    assert count["interval"] == [2500.5, 2500.5]
    assert (share["effect"], share["unit"], share["margin"]) == (20.0, "points of share", 5.0)
    # JSON has no infinity
    assert (single["effect"], single["interval"]) == (0.3, [None, None])
