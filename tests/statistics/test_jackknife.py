"""Pseudo-values: closed forms for few runs, another implementation, and how often they err."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.jackknife import (
    BEST_OF,
    JackknifedComparison,
    best_values,
    expected_best,
    pseudo_values,
    spread_values,
)

RNG = np.random.default_rng(7)


def test_pseudo_values_of_a_mean_are_the_values():
    values = RNG.normal(size=6)
    found = pseudo_values(lambda chosen: float(values[chosen].mean()), 6)
    assert found == pytest.approx(values, abs=1e-14)


def test_pseudo_values_of_a_variance_are_those_of_millers_closed_form():
    """Of the variance: n (x - m)^2 / (n - 2) less what makes their mean the variance itself."""
    values, n = RNG.exponential(size=7), 7
    found = pseudo_values(lambda chosen: float(values[chosen].var(ddof=1)), n)
    squares = (values - values.mean()) ** 2
    closed = n * squares / (n - 2) - squares.sum() / ((n - 1) * (n - 2))
    assert found == pytest.approx(closed)
    assert found.mean() == pytest.approx(values.var(ddof=1))


def test_the_spread_of_three_runs_is_what_pairs_of_them_say():
    """Without one of three runs the standard deviation is their distance over the root of 2."""
    left, right = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 1.0])
    whole = 100 * math.log(math.sqrt(7 / 3) / 1.0)
    others = [100 * math.log(2 / 1), 100 * math.log(3 / 1), 100 * math.log(1 / 2)]
    assert spread_values(left, right) == pytest.approx([3 * whole - 2 * o for o in others])


def test_a_spread_does_not_depend_on_where_the_runs_lie_and_turns_with_the_sides():
    left, right = RNG.normal(size=(2, 8))
    found = spread_values(left, right)
    assert spread_values(5 + left, right - 3) == pytest.approx(found)
    assert spread_values(right, left) == pytest.approx(-found)
    assert spread_values(math.e * left, right) == pytest.approx(100 + found)


def test_its_interval_is_scipys_t_on_pseudo_values_written_out():
    left, right = RNG.normal(size=(2, 10)) * [[2.0], [1.0]]
    comparison = JackknifedComparison(tuple(spread_values(left, right)), "greater", 40.0)
    logs = 100 * np.log([stats.tstd(left), stats.tstd(right)])
    drawn = np.array(
        [
            10 * (logs[0] - logs[1])
            - 9 * 100 * np.log(stats.tstd(np.delete(left, i)) / stats.tstd(np.delete(right, i)))
            for i in range(10)
        ]
    )
    expected = stats.t.interval(0.95, 9, drawn.mean(), stats.sem(drawn))
    assert comparison.difference_bounds(0.025) == pytest.approx(expected)
    assert comparison.favouring is None


@pytest.mark.parametrize("left", [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 2.0]])
def test_runs_that_agree_have_no_logarithm_of_a_spread(left):
    found = spread_values(np.array(left), np.array([1.0, 2.0, 4.0, 3.0]))
    assert not np.isfinite(found).all()


def test_the_expected_best_is_the_mean_over_every_choice():
    values, by = RNG.normal(size=(2, 7))
    choices = list(itertools.combinations(range(7), BEST_OF))
    best = [max(values[list(c)]) for c in choices]
    assert expected_best(values) == pytest.approx(np.mean(best))
    chosen = [values[max(c, key=lambda i: by[i])] for c in choices]
    assert expected_best(values, by) == pytest.approx(np.mean(chosen))
    # what they are chosen by is not how good they are
    assert expected_best(values, -values) == pytest.approx(
        np.mean([min(values[list(c)]) for c in choices])
    )


def test_the_best_of_equal_spreads_differ_as_the_means_do():
    left, by = RNG.normal(size=(2, 6))
    assert best_values(left + 2.0, left) == pytest.approx(np.full(6, 2.0))
    assert best_values(left + 2.0, left, by, by) == pytest.approx(np.full(6, 2.0))


def _misses(values, runs, draws):
    """Percent of intervals at 95 percent that lie wholly above 0, and wholly below."""
    half = stats.t.ppf(0.975, runs - 1) * stats.sem(values, axis=1)
    middle = values.mean(axis=1)
    return 100 * (middle > half).sum() / draws, 100 * (middle < -half).sum() / draws


@pytest.mark.parametrize(
    ("law", "runs", "worst"),
    [
        ("normal", 5, 2.6),
        ("normal", 10, 2.8),
        ("normal", 20, 2.7),
        ("t3", 5, 3.5),
        ("t3", 10, 4.4),
        ("t3", 20, 4.3),
    ],
)
def test_a_spread_errs_as_seldom_as_the_documents_say(law, runs, worst):
    """1,500 pairs of equal spread: a standard error of 0.4 to 0.5 a side."""
    rng, draws = np.random.default_rng(runs), 1500
    shape = (draws, 2, runs)
    pairs = rng.normal(size=shape) if law == "normal" else rng.standard_t(3, size=shape)
    values = np.array([spread_values(*pair) for pair in pairs])
    for missed in _misses(values, runs, draws):
        assert missed == pytest.approx(worst, abs=1.5)


def test_the_best_of_a_few_errs_as_seldom_as_the_documents_say():
    """1,500 pairs of ten normal runs: a standard error of 0.5 a side."""
    rng, draws = np.random.default_rng(3), 1500
    values = np.array([best_values(*pair) for pair in rng.normal(size=(draws, 2, 10))])
    for missed in _misses(values, 10, draws):
        assert missed == pytest.approx(3.6, abs=1.5)
