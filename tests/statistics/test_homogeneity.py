"""Rows against scipy, against enumeration and on planted data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.homogeneity import row_equivalence, row_test


def test_dense_row_agrees_with_the_asymptotic_test():
    ours, printed = [150, 120, 130, 100], [28.0, 25.0, 23.0, 24.0]
    expected = stats.chi2_contingency([ours, [140, 125, 115, 120]], correction=False)
    result = row_test(ours, printed, 500, seed=3)
    assert result.statistic == pytest.approx(expected.statistic)
    assert result.p == pytest.approx(expected.pvalue, abs=4 * 0.005)
    assert result.printed_sum == 100.0
    assert "9999" in result.method


def test_sparse_row_agrees_with_the_enumerated_null():
    # Rows (9, 1) and (4, 6): the first cell given the margins is hypergeometric.
    cells = np.arange(3, 11)
    chance = stats.hypergeom.pmf(cells, 20, 13, 10)
    distance = np.abs(cells - 6.5)
    exact = chance[distance >= 2.5].sum()
    assert row_test([9, 1], [40.0, 60.0], 10, seed=0).p == pytest.approx(exact, abs=4 * 0.0022)


def test_shares_that_do_not_sum_to_100_are_renormalised_and_reported():
    result = row_test([50, 50], [49.0, 49.0], 500, seed=0)
    assert result.printed_sum == 98.0
    assert (result.statistic, result.p) == (0.0, 1.0)


def test_printed_counts_are_whole_and_sum_to_their_trials():
    # 5.04, 3.03 and 1.93 of ten: the missing one goes to the largest remainder.
    result = row_test([5, 3, 2], [50.4, 30.3, 19.3], 10, seed=0)
    assert result.statistic == 0.0


def test_cells_empty_in_both_rows_change_nothing():
    with_zero = row_test([60, 0, 40], [50.0, 0.0, 50.0], 100, seed=5)
    without = row_test([60, 40], [50.0, 50.0], 100, seed=5)
    assert with_zero == without
    assert with_zero.p < 0.5


def test_a_cell_empty_in_one_row_counts():
    assert row_test([90, 10], [100.0, 0.0], 100, seed=5).p < 0.01


def test_one_common_cell_cannot_differ():
    result = row_test([7, 0], [100.0, 0.0], 500, seed=0)
    assert (result.statistic, result.p) == (0.0, 1.0)


def test_the_seed_decides_the_resampling():
    row = ([12, 5, 3], [50.0, 30.0, 20.0], 40)
    assert row_test(*row, seed=1) == row_test(*row, seed=1)
    assert row_test(*row, seed=1).p != row_test(*row, seed=2).p


@pytest.mark.parametrize("shares", [[0.28, 0.25, 0.23, 0.24, 0.0], [0.97, 0.02, 0.005, 0.005]])
def test_equal_rows_are_rarely_told_apart(shares):
    rng = np.random.default_rng(2)
    p_values = []
    for seed in range(150):
        ours, printed = rng.multinomial(200, shares, 2)
        p_values.append(row_test(ours, printed / 2.0, 200, seed).p)
    for level in (0.05, 0.2):
        error = (level * (1 - level) / len(p_values)) ** 0.5
        assert np.mean(np.array(p_values) <= level) <= level + 3 * error


@pytest.mark.parametrize(
    ("ours", "printed", "trials"),
    [
        ([1, 2], [100.0], 10),
        ([0, 0], [50.0, 50.0], 10),
        ([-1, 2], [50.0, 50.0], 10),
        ([1, 2], [0.0, 0.0], 10),
        ([1, 2], [-1.0, 101.0], 10),
        ([1, 2], [float("nan"), 50.0], 10),
        ([1, 2], [50.0, 50.0], 0),
    ],
)
def test_impossible_rows_are_refused(ours, printed, trials):
    with pytest.raises(ValueError, match=r"row|counts|shares"):
        row_test(ours, printed, trials, seed=0)


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        ([2500, 2500, 2500, 2500], Verdict.REPRODUCED),
        ([2940, 2060, 2500, 2500], Verdict.INCONCLUSIVE),
        ([3800, 2100, 2050, 2050], Verdict.NOT_REPRODUCED),
    ],
)
def test_row_is_equal_if_all_cells_are(ours, expected):
    row = row_equivalence(ours, [24.5, 24.5, 24.5, 24.5], margin=0.05, a=0.05)
    assert row.verdict is expected
    assert row.printed_sum == 98.0
    # The printed shares were renormalised to a quarter each.
    assert [cell.effect for cell in row.bins] == pytest.approx([x / 1e4 - 0.25 for x in ours])
    assert row.p == max(cell.p for cell in row.bins)
    assert (row.p <= 0.05) == (expected is Verdict.REPRODUCED)


def test_one_cell_outside_must_pass_the_level_of_some():
    # Above the upper margin at level 0.05, two-sided, but not at 0.05 / 4: the row stays open.
    row = row_equivalence([3095, 2301, 2302, 2302], [25.0] * 4, margin=0.05, a=0.05)
    assert 0.05 / 4 < row.bins[0].q < 0.05
    assert {cell.verdict for cell in row.bins} == {Verdict.REPRODUCED, Verdict.INCONCLUSIVE}
    assert row.verdict is Verdict.INCONCLUSIVE
    row = row_equivalence([3125, 2291, 2292, 2292], [25.0] * 4, margin=0.05, a=0.05)
    assert row.bins[0].q < 0.05 / 4
    assert row.verdict is Verdict.NOT_REPRODUCED
