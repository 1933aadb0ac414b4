"""The claims on noise, search range, flatness and order, in worlds where each is true or false."""

from __future__ import annotations

import math

import pytest
from batch_increase_further import FALSE, TRUE, flat, planted
from batch_increase_judging import judged, parts

from escaping_minima.claims.records import load_records
from escaping_minima.studies.batch_increase.mesh_tables import LEVELS

FURTHER = [
    *("T01", "T02", "T03", "T12", "T13", "T14", "T15", "T16", "T18", "T19", "T22", "T23"),
]
#: What leaves claims open: as much luck as effect.
LUCK = {
    "T19": {"flatness": {"linear_100": 0.97, "linear_500": 0.97}, "luck": 0.2},
    "T23": {"orders": {"random": 1.02, "decreasing": 1.02}, "luck": 0.3},
}


@pytest.fixture(scope="module")
def tables():
    return planted(TRUE)


@pytest.fixture(scope="module")
def true(tables):
    return judged(tables, *FURTHER)


@pytest.fixture(scope="module")
def false():
    return judged(planted(FALSE), *FURTHER)


def test_all_that_is_true_is_reproduced(true):
    assert {n: c["verdict"] for n, c in true.items()} == dict.fromkeys(FURTHER, "reproduced")


def test_all_that_is_false_is_not(false):
    assert {n: c["verdict"] for n, c in false.items()} == dict.fromkeys(FURTHER, "not reproduced")


def test_every_record_can_reach_both_verdicts(true, false):
    both = {"reproduced", "not reproduced"}
    for found in (true, false):
        assert {n: set(c["can_reach"]) for n, c in found.items()} == dict.fromkeys(FURTHER, both)


def test_effects_are_those_planted(true):
    variance = parts(true["T01"])[
        "variance of batch losses: linear 10→500, N = 10, at the start > N = 55"
    ]
    assert variance["effect"] == pytest.approx(100 * math.log(5.5), abs=10)
    ratio = parts(true["T12"])["cells visited: linear 10→500 over fixed 10, C = 2 < × 0.5"]
    assert ratio["measured"] == pytest.approx(100 * math.log(0.44 / 0.96), abs=3)
    after = "cells visited after T1: linear 10→500, C = 10, T1 = 50 percent < fixed 500"
    # the line from 0.86 to 0.02 has a mean of 0.23 in its latter half
    assert parts(true["T13"])[after]["effect"] == pytest.approx(44 - 23, abs=2)
    falls = parts(true["T18"])
    noise = falls["noise of the last tenth / of the first: linear 10→100 < fixed 10"]
    # batches of 14.1 on average in the first tenth, of 95.0 in the last; in each 30 are drawn
    assert noise["effect"] == pytest.approx(50 * math.log(95.0 / 14.1), abs=25)
    flatter = parts(true["T19"])["epsilon-sharpness: linear 10→100 < fixed 100"]
    assert flatter["effect"] == pytest.approx(100 * math.log(2), abs=5)
    order = parts(true["T23"])["test loss at the end: linear 10→100 < random 10→100"]
    assert order["effect"] == pytest.approx(100 * math.log(1.3), abs=3)


@pytest.mark.parametrize(("claim", "changes"), LUCK.items())
def test_more_luck_than_effect_is_inconclusive(claim, changes):
    found = judged(planted(TRUE.but(**changes), horizons={"main": 3000}), claim)[claim]
    assert found["verdict"] == "inconclusive"


def test_low_losses_are_those_of_every_level_that_the_claim_is_about():
    """Of Figure 12, above 0.1; at 1 all cells but one would count."""
    (claim,) = (c for c in load_records("batch_increase").claims if c.id == "T15")
    above = {round(100 * level) for level in LEVELS if 0.1 < level < 1}
    for reading in claim.readings:
        assert {part.left["below"] for part in reading.parts} == above


def test_a_count_at_its_bound_enters_no_ratio(tables):
    """Fixed 10 fills the mesh of 100 sections: nothing is said of it, and all else stands."""
    mesh = tables["mesh.parquet"].copy()
    full = mesh["cell"].str.endswith("fixed_10") & (mesh["sections"] == 100)
    mesh.loc[full, "cells"] = mesh.loc[full, "snapshots"]
    found = judged({**tables, "mesh.parquet": mesh}, "T12")["T12"]
    main = found["readings"][0]
    assert found["verdict"] == "reproduced"
    assert [s["label"] for s in main["settings"]] == [
        f"C = {c}" for c in (2, 5, 10, 15, 20, 25, 30, 40, 50, 70)
    ]
    assert [what for what, _ in main["left_out"]] == ["C = 100"]


def test_counts_that_both_fill_the_mesh_are_left_out():
    """Which of two full meshes was searched more widely cannot be told."""
    full = {**TRUE.densities, "linear_500": flat(2.0), "fixed_10": flat(2.0)}
    found = judged(planted(TRUE.but(densities=full), horizons={"section_4_5": 1000}), "T13")["T13"]
    labels = parts(found)
    assert not any(label.endswith("fixed 10") for label in labels)
    # a full mesh is known to be more than one that is not
    assert labels["cells visited after T1: linear 10→500, C = 10, T1 = 50 percent < fixed 500"]
    assert found["verdict"] == "not reproduced"


def test_halves_at_their_bound_say_nothing_of_how_far_the_search_narrows():
    """Fixed 10 enters a new cell with every epoch: by how much it narrows is not known."""
    full = {**TRUE.densities, "fixed_10": flat(2.0)}
    found = judged(planted(TRUE.but(densities=full), horizons={"section_4_5": 1000}), "T22")["T22"]
    labels = [label for label in parts(found, reading=2) if "C = 10" in label]
    ahead = "cells visited, first half less second: linear 10→500, C = 10 > "
    assert labels == [f"{ahead}{other}" for other in ("fixed 255", "fixed 500")]
    third = found["readings"][2]
    assert third["verdict"] == "reproduced"
    assert any("fixed 10" in what for what, _ in third["left_out"])


def test_a_short_run_decides_nothing_and_says_what_it_lacks():
    found = judged(planted(TRUE, horizons={"main_ladder": 8}), *FURTHER)
    assert {c["verdict"] for c in found.values()} == {"not tested"}
    reasons = {name: c["readings"][0]["reason"] for name, c in found.items()}
    assert reasons["T19"].startswith("scale: needs 3000 epochs, this run has 8 (lacks ")
    assert reasons["T13"].startswith("scale: needs 1000 epochs, this run has 8 (lacks ")
    assert all(reason.endswith(" GPU hours)") for reason in reasons.values())
    # effects are shown all the same
    assert parts(found["T13"])


def test_section_4_5_is_about_just_so_many_epochs():
    found = judged(planted(TRUE, horizons={"main": 3000}), "T13")["T13"]
    reason = found["readings"][0]["reason"]
    assert reason.startswith("scale: needs runs of 1000 epochs, this run has 3000 (lacks ")
