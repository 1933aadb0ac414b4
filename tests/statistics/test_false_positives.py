"""How often naive tests err: the simulation against exact rates, and these against limits."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.false_positives import (
    design_effect_rate,
    expected_rate,
    false_positive_rate,
)


def rng():
    return np.random.default_rng(20)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(
    ("icc", "trajectories", "models"), [(0.0, 5, 10), (0.3, 10, 10), (0.9, 5, 10), (0.5, 2, 3)]
)
def test_the_simulation_finds_the_exact_rate_of_the_t_test(icc, trajectories, models, shared):
    exact = expected_rate(icc, trajectories, models, shared)
    found = false_positive_rate(icc, trajectories, models, "t", rng(), shared, repetitions=12_000)
    error = (exact * (1 - exact) / found.repetitions) ** 0.5
    assert found.rate == pytest.approx(exact, abs=4 * error + 1e-4)
    assert found.low <= found.rate <= found.high


def test_independent_models_give_the_level():
    for trajectories, models in ((5, 10), (2, 2), (30, 1)):
        assert expected_rate(0.0, trajectories, models) == pytest.approx(0.05, abs=1e-5)
        assert expected_rate(0.0, trajectories, models, shared=True) == pytest.approx(
            0.05, abs=1e-5
        )
    assert expected_rate(0.0, 5, 10, level=0.01) == pytest.approx(0.01, abs=1e-5)


def test_many_trajectories_give_the_design_effect():
    assert expected_rate(0.4, 2000, 10) == pytest.approx(design_effect_rate(0.4, 10), abs=2e-4)
    # variance 1 + 9 x 0.4 of what is taken
    assert design_effect_rate(0.4, 10) == pytest.approx(2 * stats.norm.sf(1.959964 / 4.6**0.5))
    assert design_effect_rate(0.7, 1) == pytest.approx(0.05)


def test_near_copies_of_few_trajectories_give_students_t_with_their_degrees_of_freedom():
    """All m models of a trajectory equal: t is sqrt(m) times that of the trajectories, nearly."""
    k, m = 5, 10
    df = 2 * k * m - 2
    # sums of squares between are m times those of means; t^2 = k d^2 / 2 / (SS / df)
    critical = stats.t.ppf(0.975, df) * np.sqrt((2 * k - 2) / df)
    assert expected_rate(0.9999, k, m) == pytest.approx(
        2 * stats.t.sf(critical, 2 * k - 2), abs=1e-3
    )


def test_trajectories_apart_err_often_and_shared_ones_hardly():
    apart, shared = (
        false_positive_rate(0.8, 10, 10, "mann_whitney", rng(), design) for design in (False, True)
    )
    assert apart.rate > 0.4
    assert shared.rate < 0.005
    # the U test errs about as the t-test does
    assert apart.rate == pytest.approx(expected_rate(0.8, 10, 10), abs=0.05)


def test_the_same_draws_give_the_same_rate_and_others_another():
    one, same = (false_positive_rate(0.5, 5, 10, "t", rng()) for _ in range(2))
    assert one == same
    other = false_positive_rate(0.5, 5, 10, "t", np.random.default_rng(21))
    assert one != other


def test_thousands_of_repetitions_take_seconds_at_most():
    start = time.process_time()
    found = false_positive_rate(0.5, 10, 10, "mann_whitney", rng(), repetitions=4000)
    assert found.repetitions == 4000
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("icc", "trajectories", "models"), [(-0.1, 5, 5), (1.0, 5, 5), (0.5, 0, 5), (0.5, 1, 1)]
)
def test_what_is_out_of_range_is_refused(icc, trajectories, models):
    with pytest.raises(ValueError, match=r"icc|spread"):
        false_positive_rate(icc, trajectories, models, "t", rng())


def test_the_rest_out_of_range_is_refused():
    with pytest.raises(ValueError, match="repetitions"):
        false_positive_rate(0.5, 5, 5, "t", rng(), repetitions=0)
    with pytest.raises(ValueError, match="level"):
        design_effect_rate(0.5, 5, level=1.0)
    with pytest.raises(ValueError, match="one trajectory"):
        expected_rate(0.5, 1, 5)
