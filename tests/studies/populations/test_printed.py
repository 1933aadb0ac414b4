"""The printed tables as they are read, and claims about them tried on them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from escaping_minima.statistics.equivalence import tost
from escaping_minima.studies.populations.printed import load_p_values, load_table4
from escaping_minima.studies.populations.printed_claims import (
    printed_claims,
    printed_differences,
    printed_holm,
)

SAID = printed_claims().set_index("claim")["says"]


def value(table, task, method, other=""):
    rows = load_p_values()
    (found,) = rows.loc[
        (rows["table"] == table)
        & (rows["task"] == task)
        & (rows["method"] == method)
        & (rows["other_method"] == other),
        "as_printed",
    ]
    return found


@pytest.mark.parametrize(
    ("where", "printed"),
    [
        (("2a", "cifar-100", "sam"), "0.051783"),
        (("2b", "cifar-100", "nim_bh"), "0.0472"),
        (("3a", "goemotions", "nig"), "0.72134"),
        (("3b", "cifar-100", "nig_bh"), "0.01245"),
        (("5a", "cifar-10", "sam"), "0.0001"),
        (("5b", "tweeteval-emotion", "nim"), "0.0851"),
        (("6", "goemotions", "gd", "sam"), "0.035478"),
        (("6", "cifar-100", "sam", "nim_bh"), "0.0458"),
    ],
)
def test_p_values_are_where_the_paper_has_them(where, printed):
    assert value(*where) == printed


def test_every_cell_is_there_once():
    rows = load_p_values()
    keys = ["table", "task", "method", "other_method"]
    assert not rows[keys].isna().any(axis=None)
    assert not rows.duplicated(keys).any()
    assert rows.groupby("table").size().to_dict() == {
        **dict.fromkeys(("2a", "2b", "3a", "3b", "5a", "5b"), 24),
        "6": 12,
    }
    below = rows[rows["p"] < 0.05].groupby("table").size().to_dict()
    assert below == {"2a": 2, "2b": 3, "3a": 2, "3b": 1, "5a": 6, "5b": 3, "6": 2}


def test_table_4_is_in_percent():
    table = load_table4().set_index(["task", "method", "set"])
    assert len(table) == 48
    assert tuple(table.loc[("cifar-10", "sam", "B"), ["centre", "spread"]]) == (94.1, 0.7)
    assert table.loc[("tweeteval-emotion", "nim_bh", "B"), "spread_as_printed"] == "0.327"
    assert table["bold"].sum() == 9
    assert not table.loc[(slice(None), slice(None), "B"), "bold"].any()


def test_holm_is_within_each_table():
    rows = printed_holm()
    for _, table in rows.groupby("table"):
        expected = multipletests(table["p"], 0.05, method="holm")
        assert list(table["holm_p"]) == pytest.approx(list(expected[1]))
        assert list(table["rejected"]) == list(expected[0])
    left = rows[rows["rejected"]]
    assert set(left[["table", "task", "method"]].itertuples(index=False, name=None)) == {
        ("5a", "cifar-10", "sam"),
        ("5a", "cifar-100", "gd"),
        ("5b", "cifar-10", "sam"),
    }


@pytest.mark.parametrize(("unit", "n"), [("model", 50), ("trajectory", 5)])
def test_differences_of_table_4_are_tests_from_means_and_spreads(unit, n):
    rows = printed_differences(unit).set_index(["task", "method", "other_method"])
    row = rows.loc[("cifar-10", "gd", "nim_bh")]
    theirs = stats.ttest_ind_from_stats(93.4, 0.4, n, 89.6, 1.9, n)
    assert (row["difference"], row["n"]) == (pytest.approx(3.8), n)
    assert row["p"] == pytest.approx(theirs.pvalue)
    assert len(rows) == 60
    assert list(rows["holm_p"]) == pytest.approx(list(multipletests(rows["p"], method="holm")[1]))


def test_equality_is_tested_from_means_and_spreads():
    """Made samples with exactly the printed means and spreads, by statsmodels."""
    made = [
        centre + spread * stats.zscore(np.arange(50.0), ddof=1)
        for centre, spread in ((50.3, 5.3), (50.1, 4.4))
    ]
    one, other = (DescrStatsW(values) for values in made)
    expected = one.get_compare(other).ttost_ind(-2, 2)[0]
    rows = printed_differences("model").set_index(["task", "method", "other_method"])
    row = rows.loc[("goemotions", "nim", "nim_bh")]
    assert row["margin"] == 2.0
    assert row["tost_p"] == pytest.approx(expected)
    assert tost(0.2, 1.0, 98, 2.0) == pytest.approx(stats.t.cdf(-1.8, 98))


def test_no_single_p_value_of_scores_is_left_by_the_correction():
    for claim in ("I08", "I09", "I10", "I15"):
        assert "none below 0.05 with Holm" in SAID[claim], claim
    assert "2 below 0.05" in SAID["I14"]
    assert "CIFAR-100, SGD 0.048" in SAID["I14"]


def test_claims_of_table_4_hold_for_models_and_not_for_trajectories():
    assert SAID["I11"].startswith("with 50 models a side, 16 of 18 differences")
    assert "with 5 trajectories a side, 2 of 18" in SAID["I11"]
    assert "with 5 trajectories a side, 0 of 10" in SAID["I12"]
    assert "SAM is in the lower half on both" in SAID["I13"]
    assert "NiM-BH alone is in the upper half" in SAID["I13"]
    assert "with 50 models a side, 1 of 60 pairs are equal within the margin and 31" in SAID["I22"]
    assert list(SAID.index) == [f"I{n:02d}" for n in (*range(8, 16), 22)]


def test_differences_count_for_the_side_that_a_claim_puts_first():
    rows = printed_differences("model")
    chosen = rows[rows["task"].isin(("cifar-10", "cifar-100"))]
    first = ("gd", "nim", "sam")
    ahead = sum(
        row.holm_p <= 0.05 and (row.difference > 0) == (row.method in first)
        for row in chosen.itertuples()
        if (row.method in first) != (row.other_method in first)
    )
    assert ahead == 16
