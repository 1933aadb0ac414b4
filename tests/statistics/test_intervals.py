"""Bounds against oracles, and their error rates by enumeration of every outcome."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import multinomial_proportions_confint, proportion_confint

from escaping_minima.statistics.intervals import (
    Share,
    clopper_pearson,
    difference_bounds,
    multinomial_intervals,
    share_bounds,
)


def test_share_value():
    assert Share(3, 12).value == 0.25


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_share_refuses_impossible_counts(successes, trials):
    with pytest.raises(ValueError, match="trial"):
        Share(successes, trials)


@pytest.mark.parametrize("tail", [0.0, -0.1, 0.51, float("nan")])
def test_bounds_refuse_a_tail_that_leaves_no_interval(tail):
    with pytest.raises(ValueError, match="tail"):
        share_bounds(Share(1, 2), tail)


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (1, 7), (7, 7), (140, 500), (499, 500)])
@pytest.mark.parametrize("tail", [0.5e-6, 0.0125, 0.1])
def test_share_bounds_agree_with_statsmodels_and_scipy(successes, trials, tail):
    bounds = share_bounds(Share(successes, trials), tail)
    assert bounds == pytest.approx(
        proportion_confint(successes, trials, alpha=2 * tail, method="beta"), rel=1e-9
    )
    exact = stats.binomtest(successes, trials).proportion_ci(1 - 2 * tail, method="exact")
    assert bounds == pytest.approx((exact.low, exact.high), rel=1e-6)


def test_open_sides_have_their_closed_form():
    assert share_bounds(Share(0, 20), 0.05) == pytest.approx((0.0, 1 - 0.05 ** (1 / 20)))
    assert share_bounds(Share(20, 20), 0.05) == pytest.approx((0.05 ** (1 / 20), 1.0))


@pytest.mark.parametrize("trials", [5, 30, 400])
@pytest.mark.parametrize("truth", [0.004, 0.1, 0.5, 0.93])
def test_each_side_of_a_share_errs_at_most_by_its_tail(trials, truth):
    tail = 0.05
    counts = np.arange(trials + 1)
    chance = stats.binom.pmf(counts, trials, truth)
    lower, upper = clopper_pearson(counts, trials, tail)
    above, below = chance[lower > truth].sum(), chance[upper < truth].sum()
    assert above <= tail
    assert below <= tail
    if trials == 400 and truth == 0.5:
        # Neither side gives away half of its tail.
        assert min(above, below) > 0.6 * tail


def test_difference_from_a_constant_is_a_shift():
    lower, upper = share_bounds(Share(30, 100), 0.02)
    assert difference_bounds(Share(30, 100), 0.25, 0.02) == (lower - 0.25, upper - 0.25)


def test_difference_of_two_shares_takes_half_the_tail_from_each():
    # statsmodels names the level of both sides together: a quarter tail is 0.0125 on each.
    left = proportion_confint(30, 100, alpha=0.025, method="beta")
    right = proportion_confint(20, 80, alpha=0.025, method="beta")
    bounds = difference_bounds(Share(30, 100), Share(20, 80), 0.025)
    assert bounds == pytest.approx((left[0] - right[1], left[1] - right[0]), rel=1e-9)


def _difference_errors(outcomes, truth, tail):
    """Probabilities of a bound on the wrong side, from (left, right, probability) outcomes."""
    above = below = 0.0
    for left, right, chance in outcomes:
        lower, upper = difference_bounds(left, right, tail)
        above += chance * (lower > truth)
        below += chance * (upper < truth)
    return above, below


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.02, 0.02), (0.9, 0.6), (0.05, 0.3)])
def test_difference_covers_for_independent_samples(p, q):
    outcomes = [
        (Share(x, 20), Share(y, 14), stats.binom.pmf(x, 20, p) * stats.binom.pmf(y, 14, q))
        for x in range(21)
        for y in range(15)
    ]
    assert max(_difference_errors(outcomes, p - q, 0.05)) <= 0.05


@pytest.mark.parametrize(("p", "q"), [(0.1, 0.1), (0.02, 0.3), (0.5, 0.5), (0.4, 0.01)])
def test_difference_covers_for_paired_discordant_counts(p, q):
    n = 18
    law = stats.multinomial(n, [p, q, 1 - p - q])
    outcomes = [
        (Share(x, n), Share(y, n), law.pmf([x, y, n - x - y]))
        for x in range(n + 1)
        for y in range(n + 1 - x)
    ]
    assert max(_difference_errors(outcomes, p - q, 0.05)) <= 0.05


def test_difference_covers_for_opposite_counts():
    # The dependence that hurts most: what one side gains the other loses.
    n, p = 200, 0.5
    outcomes = [
        (Share(x, n), Share(n - x, n), float(stats.binom.pmf(x, n, p))) for x in range(n + 1)
    ]
    errors = _difference_errors(outcomes, 0.0, 0.05)
    assert max(errors) <= 0.05
    # Without the split of the tail this case would break; with it, it is nearly used up.
    assert min(errors) > 0.01


def test_pairing_narrows_the_interval_where_few_pairs_disagree():
    # 500 pairs: 215 agree on success, 35 and 10 disagree.
    paired = difference_bounds(Share(35, 500), Share(10, 500), 0.025)
    unpaired = difference_bounds(Share(250, 500), Share(225, 500), 0.025)
    assert np.mean(paired) == pytest.approx(0.05, abs=0.005)
    assert paired[1] - paired[0] < 0.5 * (unpaired[1] - unpaired[0])
    assert unpaired[0] < 0.0 < paired[0]


def test_multinomial_cells_are_bonferroni_clopper_pearson():
    counts = [140, 125, 115, 120, 0]
    expected = [proportion_confint(c, 500, alpha=0.05 / 5, method="beta") for c in counts]
    assert multinomial_intervals(counts, 0.95) == pytest.approx(np.array(expected), rel=1e-9)


def test_multinomial_intervals_are_near_goodman_where_cells_are_full():
    counts = [140, 125, 115, 120]
    goodman = multinomial_proportions_confint(counts, 0.05, method="goodman")
    assert multinomial_intervals(counts, 0.95) == pytest.approx(goodman, abs=0.005)


@pytest.mark.parametrize(
    ("shares", "trials", "goodman_fails"),
    [
        ([0.28, 0.25, 0.23, 0.24, 0.0], 500, False),
        ([0.9, 0.05, 0.03, 0.01, 0.005, 0.003, 0.002], 100, True),
        ([0.95, 0.05], 20, False),
        ([0.1] * 10, 50, True),
    ],
)
def test_multinomial_rows_are_covered_jointly(shares, trials, goodman_fails):
    draws, repeats = np.unique(
        np.random.default_rng(7).multinomial(trials, shares, 1500), axis=0, return_counts=True
    )

    def coverage(interval):
        covered = [
            np.all((bounds[:, 0] <= shares) & (bounds[:, 1] >= shares))
            for bounds in map(interval, draws)
        ]
        return np.average(covered, weights=repeats)

    assert coverage(lambda row: multinomial_intervals(row, 0.95)) >= 0.95
    goodman = coverage(lambda row: np.asarray(multinomial_proportions_confint(row, 0.05)))
    assert (goodman < 0.93) == goodman_fails


@pytest.mark.parametrize("counts", [[], [0, 0], [3, -1], [[1, 2]]])
def test_multinomial_refuses_what_is_no_row(counts):
    with pytest.raises(ValueError, match="counts"):
        multinomial_intervals(counts, 0.95)


def test_multinomial_refuses_a_level_that_is_none():
    with pytest.raises(ValueError, match="level"):
        multinomial_intervals([1, 2], 95)
