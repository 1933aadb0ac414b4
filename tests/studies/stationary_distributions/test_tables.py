"""Tables at the main radius on planted counts, by arithmetic of their own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from escaping_minima.claims.records import load_records
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem
from escaping_minima.results.tables import read_tables, write_tables
from escaping_minima.studies.stationary_distributions import matching, printed
from escaping_minima.studies.stationary_distributions.plan import FUNCTIONS

STUDY = "stationary_distributions"


def test_table_1_has_the_planted_shares_and_joint_intervals(derived, row):
    table = derived["table_1.csv"]
    assert len(table) == 8 * (5 + 4 + 7)
    found = row(table, function="himmelblau", method="gd", bin="GM1")
    assert (found["count"], found["starts"], found["share"], found["printed"]) == (140, 500, 28, 28)
    # five bins share 5 percent: 0.5 percent in each tail of the binomial
    exact = stats.binomtest(140, 500).proportion_ci(0.99, method="exact")
    assert [found["low"], found["high"]] == pytest.approx(
        [100 * exact.low, 100 * exact.high], abs=1e-3
    )
    assert found["printed_inside"]
    # 15 of 500 are 3 percent, the paper prints 16.13
    outside = row(table, function="six_hump_camel", method="sam", bin="LM2")
    assert (outside["share"], outside["printed"]) == (3, 16.13)
    assert not outside["printed_inside"]
    assert np.isnan(outside["else_halo"])


def test_else_is_split_in_percent(derived, row):
    found = row(derived["table_1.csv"], function="six_hump_camel", method="sam", bin="Else")
    assert found["count"] == 166
    split = [found[f"else_{part}"] for part in ("saddle", "maximum", "halo", "diverged")]
    assert split == [20, 8, 3.2, 2]
    assert sum(split) == pytest.approx(found["share"])


def test_bins_are_in_printed_order(derived):
    part = derived["table_1.csv"].query("function == 'six_hump_camel' and method == 'nim'")
    assert list(part["bin"]) == ["GM1", "GM2", "LM1", "LM2", "LM3", "LM4", "Else"]


def test_a_row_of_the_printed_counts_is_not_rejected(derived, row):
    for kind in ("as printed", "mirror pairs summed"):
        found = row(
            derived["table_1_rows.csv"],
            function="himmelblau",
            method="gd",
            bins=kind,
            labelling="by flatness",
        )
        assert (found["p"], found["rejected"], found["largest_difference"]) == (1, False, 0)
        assert found["printed_sum"] == 100


def test_the_labelling_decides_which_pair_the_printed_one_is(derived, row):
    table = derived["table_1_rows.csv"]
    where = {"function": "six_hump_camel", "method": "sam", "bins": "mirror pairs summed"}
    flat = row(table, **where, labelling="by flatness")
    value = row(table, **where, labelling="by value")
    assert flat["rejected"]
    assert not value["rejected"]
    assert value["p"] > 0.5
    # by flatness LM1+LM2 has 19 of 500 against (19 + 16.13) / 100.61, LM3+LM4 176 against 3.75
    gaps = {"LM1+LM2": 35.13 / 100.61 - 19 / 500, "LM3+LM4": 176 / 500 - 3.75 / 100.61}
    assert flat["largest_difference_bin"] == max(gaps, key=gaps.get)
    assert flat["largest_difference"] == pytest.approx(100 * max(gaps.values()), abs=1e-3)
    assert flat["equivalence"] == "not reproduced"
    assert flat["printed_sum"] == 100.61


def test_holm_is_taken_over_the_24_rows_of_each_kind_and_labelling(derived):
    families = list(derived["table_1_rows.csv"].groupby(["bins", "labelling"]))
    assert len(families) == 4
    for _, part in families:
        assert len(part) == 24
        expected = multipletests(part["p"], 0.05, "holm")[0]
        assert list(part["rejected"]) == list(expected)
        # equal p-values share the first of their ranks, and all that stand share one level
        assert list(part["holm_rank"]) == list(part["p"].rank(method="min"))
        levels = np.where(
            expected, 0.05 / (25 - part["holm_rank"]), 0.05 / (24 - int(sum(expected)))
        )
        assert part["holm_level"].to_numpy() == pytest.approx(levels, rel=1e-3)
        assert 0 < sum(expected) < 24


def test_the_stated_runs_are_used_and_other_grains_are_noted(derived):
    table = derived["table_1_rows.csv"]
    assert set(table["printed_starts"]) == {500}
    noted = table[table["note"] != ""]
    assert set(noted["function"]) == {"six_hump_camel"}
    assert noted["method"].nunique() == 8
    assert noted["note"].str.contains("tested with the stated 500").all()
    assert "all entries are shares of 400" in noted[noted["method"] == "gd"]["note"].iloc[0]
    assert (
        "all entries but 9.86 are shares of 800" in noted[noted["method"] == "nim"]["note"].iloc[0]
    )


def test_paired_outcomes_and_mcnemar(source, derived, row):
    table = derived["paired.csv"]
    assert len(table) == 21
    found = row(table, function="six_hump_camel", method="sam")
    gd, sam = (
        source["outcomes_six_hump_camel.parquet"][f"six_hump_camel-{m}-0"] for m in ("gd", "sam")
    )
    other = int((gd != sam).sum())
    assert found["other_outcome_count"] == other
    exact = stats.binomtest(other, 500).proportion_ci(0.95, method="exact")
    assert [found["low"], found["high"]] == pytest.approx(
        [100 * exact.low, 100 * exact.high], abs=1e-3
    )
    square = pd.crosstab(gd > 5, sam > 5).to_numpy()
    assert (found["else_only_method"], found["else_only_gd"]) == (square[0, 1], square[1, 0])
    assert found["p"] == pytest.approx(mcnemar(square, exact=True).pvalue, rel=1e-3)
    none = row(table, function="three_hump_camel", method="nim")
    assert (none["p"], none["other_outcome_share"]) == (1, 0)
    assert list(table["rejected"]) == list(multipletests(table["p"], 0.05, "holm")[0])
    assert table["rejected"].sum() == 7


def test_variants_stand_beside_the_main_run(derived, row):
    table = derived["variants.csv"]
    assert len(table) == 2 * 8
    found = row(table, variant="moved", outcome="Else")
    assert (found["count"], found["share"], found["main_share"], found["printed"]) == (50, 10, 0, 0)
    found = row(table, variant="moved", outcome="LM2")
    assert (found["share"], found["main_share"], found["printed"]) == (26, 33.2, 33)
    assert np.isnan(row(table, variant="moved", outcome="saddle")["printed"])
    assert table[table["variant"] == "moved"]["bins_moved"].all()
    assert not table[table["variant"] == "box"]["bins_moved"].any()


def test_stationary_points_are_rounded_and_have_barriers(derived):
    found = derived["stationary_points.csv"].iloc[0]
    assert str(found["x"]) == "0.0"
    assert found["value"] == 0
    # 0.877362, the lowest saddle value of workflow/reference, over the global minimum at 0
    assert found["barrier"] == pytest.approx(0.877362, abs=1e-6)
    assert found["lowest_saddle"] in ("S1", "S2")


def test_enough_starts_decide_equivalence_of_a_row(large, row):
    table = large["table_1_rows.csv"]
    where = {"method": "sam", "labelling": "by flatness", "bins": "as printed"}
    for function in FUNCTIONS:
        found = row(table, **where, function=function)
        assert found["equivalence"] == "reproduced"
        assert found["equivalence_p"] <= found["equivalence_level"]
        assert found["starts"] == 5000
    assert table["against_level"].unique() == pytest.approx(0.05 / 24, rel=1e-3)


def test_tables_can_be_written_and_read(tmp_path, derived):
    write_tables(tmp_path, derived)
    read = read_tables(tmp_path)
    assert set(read) == {
        "table_1.csv", "table_1_rows.csv", "paired.csv", "sweep.csv", "radius_fit.csv",
        "radius_fit_summary.csv", "exploration.csv", "variants.csv", "stationary_points.csv",
        "start_sweep.csv", "other_runs.csv",
    }  # fmt: skip
    assert read["radius_fit_summary.csv"]["all_fit_by_value"].eq("none").all()


def test_a_table_without_variants_keeps_its_columns(large):
    assert large["variants.csv"].empty
    assert "bins_moved" in large["variants.csv"]


def test_value_order_exchanges_the_pairs_of_the_six_hump_function_alone():
    exchanged = {"LM1": "LM3", "LM2": "LM4", "LM3": "LM1", "LM4": "LM2"}
    same = {label: label for label in ("GM1", "GM2", "LM1", "LM2", "LM3", "LM4")}
    assert printed.our_labels("six_hump_camel", "by flatness") == same
    assert printed.our_labels("six_hump_camel", "by value") == same | exchanged
    for function in ("himmelblau", "three_hump_camel"):
        assert printed.our_labels(function, "by value") == printed.our_labels(
            function, "by flatness"
        )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_mirror_pairs_are_the_minima_that_are_images_through_the_origin(function):
    minima = [p for p in stationary_points(make_problem(function, {})) if p.kind == "minimum"]
    found = {
        (p.label, q.label)
        for p in minima
        for q in minima
        if p.label < q.label and np.hypot(p.x + q.x, p.y + q.y) < 1e-6
    }
    assert set(printed.MIRROR_PAIRS[function]) == found


def test_the_margin_is_that_of_the_claims():
    assert {claim.margin for claim in load_records(STUDY).claims} == {100 * matching.MARGIN}


def test_deriving_needs_no_torch():
    code = f"import sys, escaping_minima.studies.{STUDY}.tables; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
