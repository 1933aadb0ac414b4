"""The mixed model: against closed forms of balanced data, and where it has no maximum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from escaping_minima.statistics import mixed_models
from escaping_minima.statistics.mixed_models import mixed_model


def means(side):
    return [np.mean(c) for c in side]


@pytest.fixture
def sides():
    """Return 8 trajectories of 10 models a side, whose sides differ from one to the next."""
    rng = np.random.default_rng(3)
    left = 2 * rng.normal(size=(8, 1)) + rng.normal(size=(8, 10))
    right = left.mean(1, keepdims=True) + 1.5 * rng.normal(size=(8, 1)) + rng.normal(size=(8, 10))
    return left, right


def test_pairs_of_one_size_give_students_t_of_their_means(sides):
    left, right = sides
    found, theirs = mixed_model(left, right, True), stats.ttest_rel(means(left), means(right))
    assert found.reason == ""
    assert found.difference == pytest.approx(left.mean() - right.mean())
    assert found.df == 7
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-3)
    assert found.error == pytest.approx(found.difference / theirs.statistic, rel=1e-3)


def test_sides_apart_of_one_size_give_students_t_of_their_means(sides):
    left, right = sides
    found, theirs = mixed_model(left, right, False), stats.ttest_ind(means(left), means(right))
    assert found.reason == ""
    assert found.df == 14
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-3)


def test_the_unit_of_the_values_does_not_matter(sides):
    left, right = sides
    found, small = mixed_model(left, right, False), mixed_model(left * 1e-5, right * 1e-5, False)
    assert small.p == pytest.approx(found.p, rel=1e-6)
    assert small.difference == pytest.approx(1e-5 * found.difference)


def test_models_without_trajectories_of_their_own_give_the_test_of_all_models():
    """Means of trajectories as near as chance, or nearer: their variance is found as 0."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 6, 10))
    values += np.array([0.5, 0.0])[:, None, None] - 0.99 * values.mean(2, keepdims=True)
    left, right = values
    found = mixed_model(left, right, False)
    error = math.sqrt(values.reshape(2, -1).var(1, ddof=0).sum() * 60 / 118 * 2 / 60)
    assert found.error == pytest.approx(error, rel=1e-3)


def test_trajectories_of_different_sizes_are_weighted():
    rng = np.random.default_rng(5)
    left = [rng.normal() + 0.5 * rng.normal(size=n) for n in (2, 5, 9, 10)]
    right = [1 + rng.normal() + 0.5 * rng.normal(size=n) for n in (10, 3, 4)]
    side = np.repeat([1.0] * 4 + [0.0] * 3, [len(c) for c in (*left, *right)])
    groups = np.repeat(np.arange(7), [len(c) for c in (*left, *right)])
    theirs = MixedLM(
        np.concatenate([*left, *right]), np.column_stack([np.ones_like(side), side]), groups
    ).fit()
    found = mixed_model(left, right, False)
    assert found.difference == pytest.approx(theirs.fe_params[1], rel=1e-3)
    assert found.error == pytest.approx(theirs.bse_fe[1], rel=1e-3)
    assert found.difference != pytest.approx(np.mean(means(left)) - np.mean(means(right)), rel=1e-4)


def test_students_t_stands_in_where_no_maximum_is_found(sides, monkeypatch):
    left, right = sides
    monkeypatch.setattr(mixed_models, "_fit", lambda *_: None)
    for paired, test in ((True, stats.ttest_rel), (False, stats.ttest_ind)):
        found = mixed_model(left, right, paired)
        assert found.p == pytest.approx(test(means(left), means(right)).pvalue)
        assert found.reason.startswith("the mixed model did not converge")


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        ([[1.0, 2.0]], [[2.0, 3.0]], "fewer than two trajectories"),
        ([[0.1, 0.2], [0.3, 0.7]], [[0.2, 0.3], [0.4, 0.8]], "nothing varies between trajectories"),
    ],
)
def test_too_little_gives_nothing(left, right, reason):
    found = mixed_model(left, right, True)
    assert math.isnan(found.p)
    assert found.reason == reason


def test_pairs_need_each_other(sides):
    left, right = sides
    with pytest.raises(ValueError, match="not paired"):
        mixed_model(left, right[:3], True)
