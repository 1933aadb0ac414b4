"""Means over few runs: against scipy, statsmodels and pingouin, and by simulation."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import (
    SMALLEST_P,
    decide,
    effect,
    is_reproduced,
    p_value,
)
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.families import Member, Setting
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.power import replicates_needed
from escaping_minima.statistics.t_power import t_power
from escaping_minima.statistics.verdicts import judge_family

RUNS = (0.31, -0.12, 0.25, 0.4, 0.08)
DIRECTIONS = ("greater", "less", "equal")


def mean_of(runs=RUNS, direction="greater", margin=0.5, **fields):
    return MeanComparison(tuple(runs), direction, margin, **fields)


def interval(comparison, a):
    return decide(comparison, a, a).interval


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"direction": "bigger"}, "direction"),
        ({"margin": 0.0}, "margin"),
        ({"margin": math.inf}, "margin"),
        ({"margin": math.nan}, "margin"),
        ({"differences": ()}, "no runs"),
        ({"differences": (1.0, math.nan)}, "finite"),
        ({"differences": (math.inf,)}, "finite"),
        ({"known": True}, "known"),
    ],
)
def test_impossible_fields_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(mean_of(), **change)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
@pytest.mark.parametrize("a", [0.05, 0.01])
def test_the_interval_is_that_of_scipy(n, a):
    runs = np.random.default_rng(n).normal(0.3, 1.0, n)
    low, high = stats.ttest_1samp(runs, 0.0).confidence_interval(1 - a)
    assert interval(mean_of(runs), a) == pytest.approx((low, high))
    assert interval(mean_of(runs, "less"), a) == pytest.approx((-high, -low))
    # nothing within a margin so small: the interval that would decide against has tail a / 2
    assert interval(mean_of(runs, "equal", 1e-3), a) == pytest.approx((low, high))
    assert effect(mean_of(runs, "less")) == pytest.approx(-runs.mean())
    assert decide(mean_of(runs), a, a).level == pytest.approx(1 - a)


@pytest.mark.parametrize("tail", [0.0, 0.51])
def test_a_level_without_interval_is_refused(tail):
    with pytest.raises(ValueError, match="tail"):
        mean_of().difference_bounds(tail)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
@pytest.mark.parametrize("shift", [-1.0, 0.2, 4.0])
def test_p_of_an_order_is_twice_the_tail_of_t(n, shift):
    runs = np.random.default_rng(n).normal(shift, 1.0, n)
    for direction in ("greater", "less"):
        tail = stats.ttest_1samp(runs, 0.0, alternative=direction).pvalue
        assert p_value(mean_of(runs, direction)) == pytest.approx(min(1.0, 2 * tail), rel=1e-8)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("margin", [0.4, 1.0, 3.0])
def test_p_of_equality_is_that_of_two_one_sided_tests(n, margin):
    rng = np.random.default_rng(n)
    left, right = rng.normal(0.0, 1.0, n), rng.normal(0.2, 0.5, n)
    expected = ttost_paired(left, right, -margin, margin)[0]
    found = p_value(mean_of(left - right, "equal", margin))
    assert found == pytest.approx(expected if expected <= 0.5 else 1.0, rel=1e-8)
    other = float(pingouin.tost(left, right, bound=margin, paired=True)["pval"].iloc[0])
    assert expected == pytest.approx(other, rel=1e-6)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(-10, 10).map(lambda x: round(x, 3)), min_size=1, max_size=10),
    st.sampled_from(DIRECTIONS),
    st.floats(0.01, 5.0),
    st.floats(1e-9, 0.5),
    st.floats(0.2, 5.0),
)
def test_reproduced_exactly_where_p_is_at_most_a(runs, direction, margin, a, factor):
    comparison = mean_of(runs, direction, margin)
    p = p_value(comparison)
    for level in (a, min(max(p * factor, SMALLEST_P), 0.5)):
        if level == p or abs(level - p) > 1e-9 * p:
            assert (p <= level) == is_reproduced(comparison, level)
    if p <= 0.5:
        assert is_reproduced(comparison, p)


@pytest.mark.parametrize(
    ("runs", "direction", "expected", "negligible"),
    [
        ((0.6, 0.7, 0.8), "greater", Verdict.REPRODUCED, False),
        ((0.10, 0.11, 0.12), "greater", Verdict.REPRODUCED, True),
        ((0.01, -0.01, 0.02), "greater", Verdict.NOT_REPRODUCED, False),
        ((-0.6, -0.7, -0.8), "greater", Verdict.NOT_REPRODUCED, False),
        ((-0.6, -0.7, -0.8), "less", Verdict.REPRODUCED, False),
        ((0.9, -0.4, 0.6), "greater", Verdict.INCONCLUSIVE, False),
        ((0.10, 0.11, 0.12), "equal", Verdict.REPRODUCED, False),
        ((0.9, -0.4, 0.6), "equal", Verdict.INCONCLUSIVE, False),
        ((0.9, 0.95, 0.92), "equal", Verdict.NOT_REPRODUCED, False),
    ],
)
def test_verdict_table(runs, direction, expected, negligible):
    part = decide(mean_of(runs, direction, label="here", unit="epochs"), 0.05, 0.05)
    assert (part.verdict, part.negligible) == (expected, negligible)
    assert (part.label, part.unit, part.scale) == ("here", "epochs", 1.0)
    assert part.interval[0] < part.effect < part.interval[1]


@pytest.mark.parametrize("runs", [(7.0,), (7.0, 7.0), (7.0,) * 9, (0.3, 0.1 + 0.2, 0.9 / 3)])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_runs_without_a_spread_decide_nothing(runs, direction):
    comparison = mean_of(runs, direction)
    part = decide(comparison, 0.05, 0.05)
    assert part.verdict is Verdict.INCONCLUSIVE
    assert part.interval == (-math.inf, math.inf)
    assert part.p == 1.0
    assert abs(part.effect) == pytest.approx(runs[0])
    assert replicates_needed(comparison, 0.05, block=1) is None
    claim = Member("a", (Setting("main", (comparison,)),))
    assert "show no spread" in judge_family([claim], block=1)[0].reason


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_coarse_runs_that_agree_by_chance_decide_nothing(n):
    """Each difference is +1 or -1 with equal chance: every outcome, so the rate is exact."""
    outcomes = list(itertools.product((-1.0, 1.0), repeat=n))
    for a in (0.05, 0.025):
        wrong = sum(is_reproduced(mean_of(runs), a) for runs in outcomes)
        assert wrong / len(outcomes) <= a / 2 + 0.01


@pytest.mark.parametrize("runs", [(0.7,), (0.7, 0.7), (0.1 + 0.6, 0.7)])
def test_numbers_that_cannot_vary_are_points(runs):
    def verdict(direction, margin=0.5):
        comparison = mean_of(runs, direction, margin, known=True)
        assert interval(comparison, 0.05) == pytest.approx((effect(comparison),) * 2)
        return decide(comparison, 1e-9, 1e-9).verdict

    assert verdict("greater") is Verdict.REPRODUCED
    assert verdict("less") is Verdict.NOT_REPRODUCED
    assert verdict("equal") is Verdict.NOT_REPRODUCED
    assert verdict("equal", 0.8) is Verdict.REPRODUCED
    assert p_value(mean_of(runs, known=True)) == SMALLEST_P
    assert p_value(mean_of(runs, "less", known=True)) == 1.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # lower by more than 5 percent, surely
        ((-7.0, -7.2, -6.9, -7.1), Verdict.NOT_REPRODUCED),
        # mostly above -5: with the margin a second time it would have been decided against
        ((-4.0, -5.5, -3.0, -3.2), Verdict.INCONCLUSIVE),
        ((-4.0, -4.1, -3.9, -4.0), Verdict.REPRODUCED),
        ((3.0, 3.1, 2.9, 3.0), Verdict.REPRODUCED),
    ],
)
def test_a_threshold_has_the_margin_in_it(values, expected):
    runs = [value + 5.0 for value in values]
    part = decide(mean_of(runs, "greater", 5.0, threshold=-5.0), 0.05, 0.05)
    assert (part.verdict, part.negligible) == (expected, False)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert part.measured == pytest.approx(np.mean(values))
    assert part.measured_interval == pytest.approx((low, high))
    assert (part.direction, part.threshold, part.margin) == ("greater", -5.0, 5.0)


def test_what_was_measured_keeps_its_sign():
    part = decide(mean_of((-0.6, -0.7, -0.8), "less"), 0.05, 0.05)
    assert part.effect == pytest.approx(0.7)
    assert part.measured == pytest.approx(-0.7)
    assert part.measured_interval == pytest.approx((-part.interval[1], -part.interval[0]))


# Skewed like a loss: a gamma law of shape 8 has skewness 0.7.
LAWS = {
    "normal": (lambda rng, size: rng.normal(0.0, 1.0, size), 0.0),
    "skewed": (lambda rng, size: rng.gamma(8.0, 1.0, size), 8.0),
    "skewed pairs": (lambda rng, size: -np.diff(rng.gamma(8.0, 1.0, (2, *size)), axis=0)[0], 0.0),
}


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("law", LAWS)
def test_coverage_of_the_interval(n, law):
    draw, mean = LAWS[law]
    rows = draw(np.random.default_rng(n), (4000, n))
    bounds = np.array([mean_of(row).difference_bounds(0.025) for row in rows])
    coverage = np.mean((bounds[:, 0] <= mean) & (mean <= bounds[:, 1]))
    error = (0.05 * 0.95 / len(rows)) ** 0.5
    assert coverage == pytest.approx(0.95, abs=4 * error + (0.01 if law == "skewed" else 0.0))


@pytest.mark.parametrize("n", [2, 3, 5, 10, 60])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("a", [0.05, 0.005])
def test_power_of_an_order_is_that_of_statsmodels(n, ratio, a):
    expected = TTestPower().power(ratio, n, a / 2, alternative="larger")
    for direction in ("greater", "less"):
        assert t_power(direction, ratio, 1.0, n, a) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("n", "ratio"), [(2, 5.0), (3, 2.5), (5, 1.5), (10, 1.0), (40, 0.5)])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_power_agrees_with_simulation(n, ratio, direction):
    a, draws = 0.05, 4000
    centre = {"greater": ratio, "less": -ratio, "equal": 0.0}[direction]
    rows = np.random.default_rng(n).normal(centre, 1.0, (draws, n))
    simulated = np.mean([is_reproduced(mean_of(row, direction, ratio), a) for row in rows])
    found = t_power(direction, ratio, 1.0, n, a)
    assert 0.05 < simulated < 0.999
    assert found == pytest.approx(simulated, abs=4 * (0.25 / draws) ** 0.5)


def test_power_at_its_ends():
    assert t_power("greater", 1.0, 1.0, 1, 0.05) == 0.0
    assert t_power("equal", 1.0, 0.0, 2, 0.05) == 1.0
    assert t_power("greater", 1.0, 1.0, 10**7, 0.05) == pytest.approx(1.0)
    assert t_power("equal", 1e6, 1.0, 5, 0.05) == pytest.approx(1.0)
    assert t_power("greater", 1e-6, 1.0, 5, 0.05) == pytest.approx(0.025, abs=1e-5)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("a", [0.05, 0.002])
def test_the_number_has_the_power_and_one_run_less_has_not(direction, a):
    comparison = mean_of(direction=direction, margin=0.1)
    number = replicates_needed(comparison, a, block=1)
    sd = np.std(RUNS, ddof=1)
    assert t_power(direction, 0.1, sd, number, a) >= 0.8
    assert t_power(direction, 0.1, sd, number - 1, a) < 0.8


def test_the_observed_effect_does_not_matter():
    far = mean_of([x + 100 for x in RUNS])
    assert replicates_needed(far, 0.01, block=1) == replicates_needed(mean_of(), 0.01, block=1)


def test_no_number_is_given_where_none_decides():
    assert replicates_needed(mean_of(margin=1e-5), 0.05, block=1) is None


def family(*parts):
    return [Member(str(i), (Setting("main", (part,)),)) for i, part in enumerate(parts)]


def test_shares_means_and_counts_share_one_family():
    count = mean_of((-2500.0,), "less", 1.0, known=True)
    share = Comparison(Share(60, 100), 0.5, "greater", 0.05)
    runs = mean_of(margin=0.2)
    parts = (runs, count, share)
    judged = judge_family(family(*parts), block=1)
    assert [j.ranks[0] for j in judged] == [3, 1, 2]
    assert [j.levels[0] for j in judged] == pytest.approx([0.025, 0.05 / 3, 0.025])
    assert [j.p for j in judged] == [p_value(part) for part in parts]
    assert [j.verdict for j in judged] == ["inconclusive", "reproduced", "inconclusive"]
    # planned so that nothing depends on what becomes of the others
    assert judged[0].needed == replicates_needed(runs, 0.05 / 3, block=1)


def test_false_verdicts_of_a_family_of_means_stay_at_its_level():
    rng = np.random.default_rng(6)
    families, alpha = 400, 0.2
    wrong = 0
    for _ in range(families):
        nulls = [mean_of(rng.normal(0.0, 1.0, 4), margin=9.0) for _ in range(3)]
        wrong += any(j.verdict is Verdict.REPRODUCED for j in judge_family(family(*nulls), alpha))
    # each of the three is one-sided: half of its level
    assert 0.3 * alpha < wrong / families <= alpha / 2 + 3 * (0.1 * 0.9 / families) ** 0.5
