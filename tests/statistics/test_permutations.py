"""Permutations of clusters: against scipy, by hand, and how often they err."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics import permutations
from escaping_minima.statistics.permutations import permutation_test, sign_flip_test


def rng():
    return np.random.default_rng(13)


def mean_difference(x, y, axis):
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)


@pytest.mark.parametrize(("n", "m"), [(5, 5), (3, 6), (6, 4)])
def test_two_sets_of_clusters_agree_with_scipy(n, m):
    draw = np.random.default_rng(n)
    left, right = draw.normal(0.8, 1.0, n), draw.normal(0.0, 2.0, m)
    scipys = stats.permutation_test(
        (left, right), mean_difference, n_resamples=np.inf, vectorized=True
    )
    found = permutation_test(left, right, rng())
    assert found.exact
    assert found.arrangements == math.comb(n + m, n)
    assert found.difference == pytest.approx(left.mean() - right.mean())
    if n == m:
        # scipy doubles the smaller tail, the same where arrangements are mirrored
        assert found.p == pytest.approx(scipys.pvalue)
    means = [np.mean(np.concatenate([left, right])[list(c)]) for c in combinations(range(n + m), n)]
    total = left.sum() + right.sum()
    away = [abs(x - (total - n * x) / m) for x in means]
    assert found.p == pytest.approx(
        np.mean(np.array(away) >= abs(found.difference) - 1e-12), abs=1e-12
    )


@pytest.mark.parametrize("n", [1, 5, 10])
def test_signs_agree_with_scipy(n):
    differences = np.random.default_rng(n).normal(0.5, 1.0, n)
    found = sign_flip_test(differences, rng())
    if n > 1:
        scipys = stats.permutation_test(
            (differences,),
            np.mean,
            permutation_type="samples",
            n_resamples=np.inf,
        )
        assert found.p == pytest.approx(scipys.pvalue)
    assert (found.exact, found.arrangements, found.least_p) == (True, 2**n, 2 / 2**n)


def test_the_least_p_is_reached_where_all_differences_are_of_one_sign():
    found = sign_flip_test([0.1, 0.2, 0.3, 0.4, 0.5], rng())
    assert found.p == found.least_p == 0.0625
    apart = permutation_test([5, 6, 7, 8, 9], [0, 1, 2, 3, 4], rng())
    assert apart.p == apart.least_p == pytest.approx(2 / 252)
    # of unequal sides no other arrangement is as far
    uneven = permutation_test([10.0], [0.0, 1.0, 2.0, 3.0], rng())
    assert uneven.p == uneven.least_p == 1 / 5


def test_equal_sums_in_another_order_count_as_equal():
    values = [0.1, 0.2, 0.3, 0.3, 0.2, 0.1]
    assert permutation_test(values[:3], values[3:], rng()).p == 1.0
    assert sign_flip_test([0.0, 0.0, 0.0], rng()).p == 1.0


def test_random_arrangements_come_near_all_of_them_and_are_named(monkeypatch):
    """99,999 draws: standard error at most 0.16 percent."""
    draw = np.random.default_rng(3)
    left, right = draw.normal(0.5, 1.0, 8), draw.normal(0.0, 1.0, 8)
    exact = permutation_test(left, right, rng()), sign_flip_test(left - right, rng())
    monkeypatch.setattr(permutations, "MOST_ENUMERATED", 0)
    drawn = permutation_test(left, right, rng()), sign_flip_test(left - right, rng())
    for found, all_of_them in zip(drawn, exact, strict=True):
        assert (found.exact, found.arrangements) == (False, 100_000)
        assert found.p == pytest.approx(all_of_them.p, abs=0.006)
        assert found.p != all_of_them.p
    assert drawn[1] == sign_flip_test(left - right, rng())
    assert drawn[1] != sign_flip_test(left - right, np.random.default_rng(0))


def test_a_random_p_is_never_0():
    found = sign_flip_test(np.arange(1.0, 41.0), rng())
    assert found.p == found.least_p == 1e-5


def test_errs_at_most_as_often_as_it_says_where_the_model_as_unit_errs_often():
    """5 against 5 trajectories of 10 near copies; 1,000 draws, standard error 0.7 percent."""
    draw = np.random.default_rng(4)
    means = draw.normal(size=(1000, 10)) * np.sqrt(0.9 + 0.1 / 10)
    errors = [permutation_test(row[:5], row[5:], draw).p <= 0.05 for row in means]
    assert np.mean(errors) <= 0.05 + 3 * 0.007
    assert np.mean(errors) > 0.02


@pytest.mark.parametrize("values", [[], [math.nan], [[1.0]]])
def test_what_is_no_mean_is_refused(values):
    with pytest.raises(ValueError, match="finite"):
        sign_flip_test(values, rng())
    with pytest.raises(ValueError, match="finite"):
        permutation_test([1.0], values, rng())
