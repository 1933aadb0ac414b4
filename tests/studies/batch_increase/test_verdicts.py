"""Planted effects come out as verdicts, with the numbers that were planted."""

from __future__ import annotations

import math

import pytest

from escaping_minima.claims.judge import judge_study

STUDY = "batch_increase"
CLAIMS = ["T04", "T05", "T06", "T07", "T08", "T09", "T11", "T17", "T20", "T21", "T24"]


def judged(tables):
    return {claim["id"]: claim for claim in judge_study(STUDY, tables)}


def parts(claim, setting=0, reading=0):
    found = claim["readings"][reading]["settings"][setting]["parts"]
    return {part["label"]: part for part in found}


@pytest.fixture(scope="module")
def right(enough):
    return judged(enough)


@pytest.fixture(scope="module")
def linear(planting):
    """Return a function that changes the linear increase in the paper's world and judges it."""

    def change(names=("linear_100", "linear_500"), luck=0.002, lost=(), **values):
        world = planting.paper_world().change(lambda name: name in names, **values)
        world = planting.replace(world, luck=luck, lost=frozenset(lost))
        return judged(planting.planted(world, planting.ENOUGH))

    return change


@pytest.fixture(scope="module")
def worse(linear):
    """Return verdicts where the linear increase is worse in everything."""
    return linear(loss=0.06, error=1.2, rise=0.3, scatter=0.01, train=0.006, turn=0.2, drift=0.2)


def test_all_that_is_true_is_reproduced(right):
    assert list(right) == CLAIMS
    assert {c["verdict"] for c in right.values()} == {"reproduced"}
    assert not any(c["readings"][0]["negligible"] for c in right.values())


def test_both_conditions_are_settings(right):
    for name in ("T04", "T05", "T06", "T07", "T08", "T20"):
        settings = right[name]["readings"][0]["settings"]
        assert [s["label"] for s in settings] == ["N2 = 100", "N2 = 500"]
        assert right[name]["swept"] == "conditions"
    for name in ("T09", "T11", "T17", "T21", "T24"):
        assert [s["label"] for s in right[name]["readings"][0]["settings"]] == ["one setting"]


def test_effects_are_those_planted(right, planting):
    # least losses: 0.025 and 0.03; the final one has climbed by 3 and 30 percent
    part = parts(right["T04"])["test loss at the end: linear 10→100 < fixed 10"]
    expected = 100 * planting.np.log(0.03 * 1.3 / (0.025 * 1.03))
    assert part["effect"] == pytest.approx(expected, abs=0.7)
    assert part["interval"][0] < expected < part["interval"][1]
    assert (part["unit"], part["margin"]) == ("percent", 5)
    # errors: 0.5 and 0.6 percent, climbed alike; in points
    part = parts(right["T06"])["test error at the end (percent): linear 10→100 < fixed 10"]
    assert part["effect"] == pytest.approx(0.6 * 1.3 - 0.5 * 1.03, rel=0.1)
    assert part["unit"] == "points of test error"
    scatter = parts(right["T05"])
    part = scatter["scatter of test loss about its moving mean: linear 10→100 < fixed 10"]
    ratio = 0.002 * 0.03 * 1.3 / (0.001 * 0.025 * 1.03)
    assert part["effect"] == pytest.approx(100 * planting.np.log(ratio), abs=12)
    fall = parts(right["T07"])["change of training loss since then (percent): fixed 100 < 0"]
    # exp(-1) less of the first training loss, which is gone by the turn
    assert fall["effect"] == pytest.approx(100, abs=1)
    rise = parts(right["T07"])["rise of test loss above its minimum (percent): fixed 100 > 5"]
    assert rise["effect"] == pytest.approx(30 - 5, abs=1)


def test_training_loss_may_be_lower_by_less_than_the_margin(linear):
    # 3 percent below that of fixed 500, and 27 percent below that of fixed 100
    end = 0.01 / 1.8 * 0.36788
    found = linear(train=0.97 * end)["T08"]
    settings = {s["label"]: s["verdict"] for s in found["readings"][0]["settings"]}
    assert settings["N2 = 500"] == "reproduced"
    assert settings["N2 = 100"] != "reproduced"
    label = "training loss at the end: linear 10→500 > fixed 500 less 5 %"
    assert parts(found, 1)[label]["effect"] == pytest.approx(100 * -0.0305 + 5, abs=0.5)
    stricter = {s["label"]: s["verdict"] for s in found["readings"][1]["settings"]}
    assert stricter["N2 = 500"] != "reproduced"


def test_what_is_false_is_not_reproduced(worse):
    verdicts = {name: claim["verdict"] for name, claim in worse.items()}
    assert {verdicts[n] for n in ("T04", "T05", "T06")} == {"not reproduced"}
    # the fixed sizes do what the paper says: these hold in part, or are open
    assert verdicts["T07"] != "reproduced"
    assert verdicts["T08"] == "not reproduced"
    level = parts(worse["T07"])["rise of test loss above its minimum (percent): linear 10→100 = 0"]
    assert level["verdict"] == "not reproduced"
    trend = parts(worse["T09"])["trend of test loss in the last tenth (percent): linear 10→100 = 0"]
    # a line through a rise by a fifth over the last tenth, in percent of its mean
    assert trend["effect"] == pytest.approx(100 * 0.2 / 1.1, abs=0.5)
    assert (trend["verdict"], worse["T09"]["verdict"]) == ("not reproduced", "partly")
    label = "epoch of the least test loss: linear 10→500, runs in 300 to 700 > 50 %"
    early = parts(worse["T17"])[label]
    assert (early["measured"], early["threshold"], early["unit"]) == (0, 50, "points of share")
    # eight runs of eight at the others are too few to say that the claim holds in part
    assert (early["verdict"], worse["T17"]["verdict"]) == ("not reproduced", "inconclusive")


def test_order_of_the_fixed_sizes(planting):
    sizes = dict(zip((10, 55, 100, 255, 500), (0.9, 0.8, 0.7, 0.6, 0.5), strict=True))
    world = planting.paper_world()
    for size, error in sizes.items():
        world = world.change(lambda n, s=size: n == f"fixed_{s}", error=error, loss=error / 20)
    found = judged(planting.planted(world, planting.ENOUGH))["T20"]
    assert {r["name"]: r["verdict"] for r in found["readings"]}.items() >= {
        "test error and test loss at the end, equal epochs": "not reproduced",
        "test error at the best single epoch": "not reproduced",
        "test loss at the best single epoch": "not reproduced",
    }.items()
    assert {p["unit"] for r in found["readings"] for p in r["settings"][0]["parts"]} == {
        "points of test error",
        "percent",
    }


def test_a_mean_near_500_is_not_enough(planting):
    """Half of the strategies turn early and half late: no run has its minimum in 300 to 700."""
    world = planting.paper_world()
    for name in world.shapes:
        turn = 0.15 if name in ("fixed_10", "fixed_500") else 0.8
        world = world.change(lambda n, name=name: n == name, turn=turn, scatter=0.0005, rise=0.3)
    found = judged(planting.planted(world, planting.ENOUGH))["T17"]
    assert found["verdict"] == "not reproduced"
    assert {p["measured"] for p in parts(found).values()} == {0}


def test_what_is_lower_by_less_than_5_percent_is_not_decided_against(linear):
    """4 percent lower is within what T08 is read as; lower by 10 is not."""
    end = 0.01 / 1.8 * 0.36788
    verdicts = {}
    for share in (0.96, 0.9):
        found = linear(("linear_500",), train=share * end, luck=0.02)["T08"]
        label = "training loss at the end: linear 10→500 > fixed 500 less 5 %"
        part = parts(found, 1)[label]
        assert part["measured"] == pytest.approx(100 * math.log(share), abs=2)
        verdicts[share] = part["verdict"]
    assert verdicts[0.96] != "not reproduced"
    assert verdicts[0.9] == "not reproduced"


@pytest.mark.parametrize("seeds", [1, 8])
def test_a_part_without_a_value_leaves_its_claim_untested(enough, seeds):
    """A training loss of exactly 0 has no logarithm: T08 cannot be decided by what is left."""
    cells = enough["cells.csv"]
    chosen = cells[(cells["strategy"] == "linear_500") & (cells["role"] == "main")]["cell"]
    measures = enough["measures.parquet"].copy()
    rows = measures["cell"].isin(chosen) & (measures["seed"] < seeds)
    measures.loc[rows, "final_train_loss"] = 0.0
    found = judged({**enough, "measures.parquet": measures})
    assert found["T08"]["verdict"] == "not tested"
    assert found["T08"]["readings"][0]["reason"] == (
        "measure: some runs have no value of training loss at the end: linear 10→500 > fixed 500 "
        f"less 5 % ({8 - seeds} of 8 seeds)"
    )
    assert found["T07"]["verdict"] == "reproduced"


def test_a_setting_that_fails_makes_no_claim_negligible(linear):
    found = linear(("linear_500",), loss=0.2)["T04"]
    assert not found["readings"][0]["negligible"]


def test_a_condition_that_holds_alone_is_named(linear):
    found = linear(("linear_500",), loss=0.2)["T04"]
    assert found["verdict"] == "partly"
    assert found["readings"][0]["holds_at"] == ["N2 = 100"]


def test_more_luck_than_effect_is_inconclusive(linear):
    found = linear(luck=0.4)["T04"]
    assert found["verdict"] == "inconclusive"
    assert found["readings"][0]["needed"] > 5


def test_one_network_more_or_less_is_another(enough):
    cells = enough["cells.csv"]
    found = judged({**enough, "cells.csv": cells.assign(parameters=1_114_314)})["T11"]
    assert found["verdict"] == "not reproduced"
    assert parts(found)["1,114,314 = 1,111,946"]["effect"] == 2368


def test_a_first_run_decides_nothing_but_shows_its_effects(quick):
    found = judged(quick)
    verdicts = {name: claim["verdict"] for name, claim in found.items()}
    assert verdicts.pop("T11") == "reproduced"
    assert set(verdicts.values()) == {"not tested"}
    main = found["T04"]["readings"][0]
    assert main["reason"] == "scale: needs 3000 epochs, this run has 8"
    # the sample has one condition
    assert [s["label"] for s in main["settings"]] == ["N2 = 100"]
    assert len(main["settings"][0]["parts"]) == 3
    assert found["T24"]["readings"][0]["reason"] == "scale: needs 1000 epochs, this run has 8"
    assert len(found["T24"]["readings"][0]["settings"][0]["parts"]) == 4


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"epochs": 2999}, "scale: needs 3000 epochs, this run has 2999"),
        ({"seeds": 4}, "scale: needs 5 seeds, this run has 4"),
        ({"data": "sample"}, "scale: needs 60000 training images, this run has 10000"),
    ],
)
def test_one_need_that_is_not_met_is_named(planting, changed, reason):
    numbers = {**planting.ENOUGH, "mesh_epochs": 0, **changed}
    found = judged(planting.planted(planting.paper_world(), numbers))
    for name in ("T04", "T05", "T06", "T07", "T08", "T09", "T20", "T21"):
        assert found[name]["verdict"] == "not tested"
        assert found[name]["readings"][0]["reason"] == reason


def test_section_4_5_rests_on_runs_of_1000_epochs(planting, enough):
    numbers = {**planting.ENOUGH, "epochs": 1000, "mesh_epochs": 0}
    main = judged(planting.planted(planting.paper_world(), numbers))
    assert {main[n]["verdict"] for n in ("T17", "T24")} == {"reproduced"}
    # of main, whose seven strategies are there, the four of N2 = 500
    assert len(main["T17"]["readings"][0]["settings"][0]["parts"]) == 4
    assert main["T04"]["verdict"] == "not tested"
    # longer runs do not stand in for them
    cells = enough["cells.csv"]
    longer = {**enough, "cells.csv": cells[cells["role"] == "main"]}
    found = judged(longer)["T17"]
    assert found["verdict"] == "not tested"
    reason = "scale: needs runs of 1000 epochs, this run has 3000"
    assert found["readings"][0]["reason"] == reason


def test_a_lost_run_leaves_its_family_untested_and_is_named(linear):
    found = linear(lost=[("linear_100", 3)])
    assert found["T04"]["verdict"] == "not tested"
    assert found["T04"]["readings"][0]["reason"] == "diverged: linear 10→100, seed 3"
    # the other pairs are shown
    assert parts(found["T04"])["test loss at the end: linear 10→100 < fixed 10"]["effect"] > 30
    assert found["T17"]["verdict"] == "reproduced"
