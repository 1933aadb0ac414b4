"""Tables over the radius on planted counts, by arithmetic of their own."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from escaping_minima.landscape.classify import ELSE
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS
from escaping_minima.studies.stationary_distributions.show import show_start_sweep


def test_sweep_has_every_outcome_its_sums_and_gd_once(derived, row):
    table = derived["sweep.csv"]
    gd = table[table["method"] == "gd"]
    assert set(gd["k"]) == {0}
    assert gd["radius"].isna().all()
    assert table[table["method"] != "gd"]["radius"].notna().all()
    where = {"function": "six_hump_camel", "method": "sam", "k": 0}
    found = {o: row(table, **where, outcome=o)["count"] for o in ("GM", "LM", "Else", "saddle")}
    assert found == {"GM": 139, "LM": 195, "Else": 166, "saddle": 100}
    shallow = row(table, **where, outcome="pair_f_2.104")
    assert (shallow["count"], shallow["share"]) == (19, 3.8)
    assert row(table, **where, outcome="pair_f_-0.215")["count"] == 176
    exact = stats.binomtest(19, 500).proportion_ci(0.95, method="exact")
    assert [shallow["low"], shallow["high"]] == pytest.approx(
        [100 * exact.low, 100 * exact.high], abs=1e-3
    )
    lost = row(table, function="six_hump_camel", method="nig", k=4, outcome="diverged")
    assert (lost["share"], lost["high"], lost["radius"]) == (100, 100, 250)
    himmelblau = set(table[table["function"] == "himmelblau"]["outcome"])
    assert himmelblau == {"GM1", "GM2", "GM3", "GM4", *ELSE, "Else", "GM"}


def test_starts_and_steps_of_gradient_descent_stand_beside_the_main_run(derived, row):
    table = derived["start_sweep.csv"]
    assert list(table["function"].drop_duplicates()) == list(FUNCTIONS)
    six = table[table["function"] == "six_hump_camel"].drop_duplicates("setting")
    assert six[["setting", "learning_rate", "lower", "upper"]].to_numpy().tolist() == [
        ["step 0.0005, usual boxes", 0.0005, "-3, -2", "3, 2"],
        ["step 0.001, usual boxes", 0.001, "-3, -2", "3, 2"],
        ["step 0.005, other boxes", 0.005, "-5, -5", "5, 5"],
    ]
    where = {"function": "six_hump_camel", "setting": "step 0.005, other boxes"}
    found = {o: row(table, **where, outcome=o)["count"] for o in ("GM1", "halo", "diverged")}
    assert found == {"GM1": 90, "halo": 5, "diverged": 95}
    beside = row(table, **where, outcome="Else")
    exact = stats.binomtest(100, 500).proportion_ci(0.95, method="exact")
    assert (beside["count"], beside["starts"], beside["share"]) == (100, 500, 20)
    assert [beside["low"], beside["high"]] == pytest.approx(
        [100 * exact.low, 100 * exact.high], abs=1e-3
    )
    main = row(table, **where | {"setting": "step 0.001, usual boxes"}, outcome="GM1")
    assert main["count"] == 100
    assert len(table) == (4 + 5) + (3 + 5) + 3 * (6 + 5)


def test_what_no_start_came_to_is_not_shown_of_other_starts(derived):
    shown = show_start_sweep(derived["start_sweep.csv"])
    assert shown.count("<table") == 3
    six = shown[shown.index("Six-Hump Camel") :]
    headings = re.findall("<th[^>]*>([^<]*)</th>", six)
    minima = ["GM1", "GM2", "LM1", "LM2", "LM3", "LM4"]
    assert headings == ["setting", *minima, *ELSE, "Else"]
    assert "20.0 [16.6, 23.8]" in six
    assert not any(part in shown[: shown.index("Six-Hump Camel")] for part in ELSE)


def test_exploration_counts_basins_start_by_start(derived, row):
    table = derived["exploration.csv"]
    found = row(table, function="six_hump_camel", method="nim", k=4)
    # starts 300-419 saw 3 basins, the rest 1; gradient descent saw 2 from start 400 on
    assert found["mean_basins"] == (380 + 120 * 3) / 500
    assert found["several_basins"] == 24
    assert (found["more_than_gd"], found["fewer_than_gd"]) == (24, 16)
    assert found["net_difference"] == 8
    more, fewer = (stats.binomtest(n, 500).proportion_ci(0.975, method="exact") for n in (120, 80))
    assert found["low"] == pytest.approx(100 * (more.low - fewer.high), abs=1e-3)
    assert found["high"] == pytest.approx(100 * (more.high - fewer.low), abs=1e-3)
    gd = row(table, function="six_hump_camel", method="gd")
    assert (gd["mean_basins"], gd["several_basins"]) == (1.2, 20)
    assert np.isnan(gd["net_difference"])


def test_radius_fit_finds_the_radii_at_which_all_rows_fit(large, row):
    summary = large["radius_fit_summary.csv"].set_index("method")
    assert summary.index.tolist() == ["nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh"]
    assert (summary["radii_tested"] == 9).all()
    assert summary.loc["sam", "all_fit_by_flatness"] == "0.33, 0.5868"
    assert summary.loc["sam", "all_fit_by_value"] == "none"
    assert summary.loc["nim", "all_fit_by_flatness"] == "none"
    assert (summary["could_fit_by_flatness"] == "none").all()
    fit = large["radius_fit.csv"]
    where = {"method": "nim", "k": 2, "labelling": "by flatness"}
    assert row(fit, **where, function="himmelblau")["verdict"] == "reproduced"
    assert row(fit, **where, function="six_hump_camel")["verdict"] == "not reproduced"
    assert row(fit, **where, function="himmelblau")["fit_level"] == pytest.approx(
        0.05 / 9, rel=1e-3
    )


def test_too_few_starts_leave_a_fitting_radius_open(few, row):
    summary = few["radius_fit_summary.csv"]
    sam = row(summary, method="sam")
    assert (sam["radii_tested"], sam["all_fit_by_flatness"]) == (5, "none")
    assert sam["could_fit_by_flatness"] == "0.33"


@pytest.mark.parametrize(("name", "points"), [("derived", 3), ("few", 5), ("large", 9)])
def test_tables_have_as_many_rows_as_the_sweep_has_points(request, name, points):
    found = request.getfixturevalue(name)
    runs = 3 * (7 * points + 1)
    assert len(found["exploration.csv"]) == runs
    assert len(found["radius_fit.csv"]) == 3 * 7 * points * 2
    assert len(found["sweep.csv"].drop_duplicates(["function", "method", "k"])) == runs
