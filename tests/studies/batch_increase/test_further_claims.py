"""The claims on noise, search range, flatness and order, in worlds where each is true or false."""

from __future__ import annotations

import pytest
from batch_increase_further import FALSE, TRUE, planted
from batch_increase_judging import judged

FURTHER = [
    *("T01", "T02", "T03", "T12", "T13", "T14", "T15", "T16", "T18", "T19", "T22", "T23"),
]


def judge(facts, *claims, **values):
    found = judged(planted(facts, **values), *(claims or FURTHER))
    return {name: found[name] for name in claims or FURTHER}


@pytest.fixture(scope="module")
def true():
    return judge(TRUE)


@pytest.fixture(scope="module")
def false():
    return judge(FALSE)


def test_all_that_is_true_is_reproduced(true):
    assert {name: found["verdict"] for name, found in true.items()} == dict.fromkeys(
        FURTHER, "reproduced"
    )


def test_all_that_is_false_is_not(false):
    assert {name: found["verdict"] for name, found in false.items()} == dict.fromkeys(
        FURTHER, "not reproduced"
    )


def test_every_record_can_reach_both_verdicts(true):
    both = {"reproduced", "not reproduced"}
    assert {name: set(found["can_reach"]) for name, found in true.items()} == dict.fromkeys(
        FURTHER, both
    )
