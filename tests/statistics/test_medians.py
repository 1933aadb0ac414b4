"""Medians against a constant: exact intervals, their power, and when they are used."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.decision import decide, is_reproduced
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.medians import (
    MeanOfFew,
    MedianComparison,
    against_constant,
    median_power,
)


def median_of(values, direction="greater", margin=1.0, **fields):
    return MedianComparison(tuple(values), direction, margin, **fields)


@pytest.mark.parametrize(
    ("n", "tail", "rank"),
    [(5, 0.025, 0), (6, 0.025, 1), (8, 0.0025, 0), (9, 0.0025, 1), (9, 0.025, 2), (20, 0.025, 6)],
)
def test_the_interval_lies_between_order_statistics(n, tail, rank):
    values = np.random.default_rng(n).permutation(n).astype(float)
    lower, upper = median_of(values).difference_bounds(tail)
    if rank == 0:
        assert (lower, upper) == (-math.inf, math.inf)
    else:
        assert (lower, upper) == (rank - 1, n - rank)
    # as far in as the binomial allows
    assert rank == 0 or stats.binom.cdf(rank - 1, n, 0.5) <= tail
    assert stats.binom.cdf(rank, n, 0.5) > tail


@pytest.mark.parametrize("n", [6, 7, 9, 10])
@pytest.mark.parametrize("tail", [0.001, 0.03, 0.2, 0.5])
def test_the_median_lies_within(n, tail):
    comparison = median_of(np.random.default_rng(n).normal(size=n))
    lower, upper = comparison.difference_bounds(tail)
    assert lower <= comparison.difference <= upper
    assert comparison.difference == np.median(comparison.differences)


@pytest.mark.parametrize("tail", [0.0, 0.51])
def test_a_tail_without_interval_is_refused(tail):
    with pytest.raises(ValueError, match="tail"):
        median_of([1.0]).difference_bounds(tail)


@pytest.mark.parametrize("n", [6, 9, 12])
@pytest.mark.parametrize("law", ["exponential", "lognormal", "coarse"])
def test_each_side_errs_at_most_as_often_as_it_says(n, law):
    """4,000 draws: standard error 0.25 percent at the nominal 2.5."""
    rng, tail, draws = np.random.default_rng(n), 0.025, 4000
    rows = {
        "exponential": lambda: rng.exponential(1.0, (draws, n)) - math.log(2),
        "lognormal": lambda: rng.lognormal(0.0, 1.0, (draws, n)) - 1.0,
        "coarse": lambda: rng.integers(-2, 3, (draws, n)).astype(float),
    }[law]()
    bounds = np.array([median_of(row).difference_bounds(tail) for row in rows])
    error = (tail * (1 - tail) / draws) ** 0.5
    assert np.mean(bounds[:, 0] > 0) <= tail + 3 * error
    assert np.mean(bounds[:, 1] < 0) <= tail + 3 * error


@pytest.mark.parametrize("direction", ["greater", "less", "equal"])
@pytest.mark.parametrize(("n", "margin"), [(9, 1.5), (25, 0.8), (60, 0.4)])
def test_power_agrees_with_simulation(direction, n, margin):
    """2,000 draws of normal values: standard error at most 1.1 percent."""
    centre = {"greater": margin, "less": -margin, "equal": 0.0}[direction]
    rows = np.random.default_rng(n).normal(centre, 1.0, (2000, n))
    simulated = np.mean([is_reproduced(median_of(r, direction, margin), 0.05) for r in rows])
    found = median_power(direction, margin, 1.0, n, 0.05)
    assert found == pytest.approx(simulated, abs=4 * (0.25 / 2000) ** 0.5)
    assert median_power(direction, margin, 1.0, 4, 0.05) == 0.0


def test_runs_that_agree_are_evidence_of_their_median_and_plan_nothing():
    values = (2.0,) * 9
    assert decide(median_of(values), 0.05, 0.05).verdict == "reproduced"
    assert not median_of(values).can_plan
    found = decide(median_of(values), 0.05, 0.05)
    # an interval without width is not a number without sampling error
    assert (found.measured_interval, found.known) == ((2.0, 2.0), False)
    known = MeanComparison((2.0,), "greater", 1.0, known=True)
    assert decide(known, 0.05, 0.05).known


@pytest.mark.parametrize(
    ("n", "a", "kind"),
    [
        (5, 0.05, MeanOfFew),
        (6, 0.05, MedianComparison),
        (8, 0.05 / 9, MeanOfFew),
        (9, 0.05 / 9, MedianComparison),
    ],
)
def test_the_number_of_runs_and_the_level_of_the_family_choose(n, a, kind):
    values = tuple(float(v) for v in range(10, 10 + n))
    found = against_constant(values, 5.0, "greater", 5.0, "rise > 5", a, "percent")
    assert type(found) is kind
    assert found.label == ("rise > 5 (median)" if kind is MedianComparison else "rise > 5")
    assert (found.threshold, found.slack, found.unit) == (5.0, 0.0, "percent")
    assert found.differences == tuple(v - 5.0 for v in values)
    assert decide(found, 0.05, 0.05).measured == pytest.approx(np.median(values))


@pytest.mark.parametrize(("runs", "kind"), [(9, MedianComparison), (8, MeanOfFew)])
def test_the_whole_run_chooses_where_one_is_left_out(runs, kind):
    values = tuple(float(v) for v in range(10, 9 + runs))
    found = against_constant(values, 5.0, "greater", 5.0, "rise > 5", 0.05 / 9, runs=runs)
    assert (type(found), len(found.differences)) == (kind, runs - 1)
    # 8 of 9 have no interval at this level, so none decides
    open_median = found.difference_bounds(0.05 / 18) == (-math.inf, math.inf)
    assert open_median == (kind is MedianComparison)


@pytest.mark.parametrize("runs", [6, 9])
def test_a_median_is_planned_with_the_spread_that_a_mean_is(runs):
    values = tuple(np.random.default_rng(runs).normal(size=runs))
    sd = float(np.std(values, ddof=1))
    found = median_of(values).power_at_margin(20, 0.05)
    assert found == median_power("greater", 1.0, sd, 20, 0.05)
    assert found != median_power("greater", 1.0, float(np.std(values)), 20, 0.05)
    assert not median_of(values[:1]).can_plan


def test_few_runs_plan_for_the_median_that_more_will_have():
    few = MeanOfFew((0.9, -0.4, 0.6), "greater", 1.0, threshold=5.0)
    mean = MeanComparison(few.differences, "greater", 1.0)
    assert few.power_at_margin(5, 0.05) == mean.power_at_margin(5, 0.05)
    sd = float(np.std(few.differences, ddof=1))
    assert few.power_at_margin(12, 0.05) == median_power("greater", 1.0, sd, 12, 0.05)
    low, high = few.plan_range
    assert type(low) is type(high) is MeanOfFew
