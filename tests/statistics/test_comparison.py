"""Decisions and p-values against exact tests, by hand, and by enumeration of every outcome."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import (
    SMALLEST_P,
    decide,
    effect,
    interval,
    is_reproduced,
    p_value,
    verdict_at,
)
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.intervals import Share, share_bounds

DIRECTIONS = ("greater", "less", "equal")


@st.composite
def shares(draw):
    trials = draw(st.integers(1, 600))
    return Share(draw(st.integers(0, trials)), trials)


@st.composite
def comparisons(draw, directions=DIRECTIONS, rights=None):
    right = rights if rights is not None else shares() | st.floats(0.0, 1.0)
    return Comparison(
        draw(shares()),
        draw(right),
        draw(st.sampled_from(directions)),
        draw(st.floats(0.01, 0.6)),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "bigger"},
        {"margin": 0.0},
        {"margin": 1.0},
        {"right": 1.2},
        {"right": float("nan")},
        {"replicates": 0},
        {"paired": True},
        {"paired": True, "right": Share(1, 9)},
        {"paired": True, "right": Share(8, 10)},
    ],
)
def test_comparison_refuses_impossible_fields(change):
    good = Comparison(Share(3, 10), 0.25, "greater", 0.05)
    with pytest.raises(ValueError, match=r".+"):
        dataclasses.replace(good, **change)


def test_replicate_count_is_the_larger_side_unless_given():
    assert Comparison(Share(3, 10), Share(1, 40), "equal", 0.1).replicate_count == 40
    assert Comparison(Share(3, 10), 0.5, "equal", 0.1).replicate_count == 10
    assert Comparison(Share(3, 10), 0.5, "equal", 0.1, replicates=90).replicate_count == 90


def test_effect_favours_the_statement():
    left, right = Share(30, 100), Share(10, 100)
    assert effect(Comparison(left, right, "greater", 0.1)) == pytest.approx(0.2)
    assert effect(Comparison(left, right, "less", 0.1)) == pytest.approx(-0.2)
    assert effect(Comparison(left, right, "equal", 0.1)) == pytest.approx(0.2)
    assert effect(Comparison(right, 0.3, "equal", 0.1)) == pytest.approx(-0.2)


def test_interval_levels():
    lower, upper = share_bounds(Share(30, 100), 0.02)
    left = Share(30, 100)
    # Level 1 - a two-sided, so a / 2 a side; equality has a on each side.
    assert interval(Comparison(left, 0.2, "greater", 0.1), 0.04) == (lower - 0.2, upper - 0.2)
    assert interval(Comparison(left, 0.2, "less", 0.1), 0.04) == (0.2 - upper, 0.2 - lower)
    assert interval(Comparison(left, 0.2, "equal", 0.1), 0.02) == (lower - 0.2, upper - 0.2)
    assert decide(Comparison(left, 0.2, "greater", 0.1), 0.04).level == pytest.approx(0.96)
    assert decide(Comparison(left, 0.2, "less", 0.1), 0.04).level == pytest.approx(0.96)
    assert decide(Comparison(left, 0.2, "equal", 0.1), 0.02).level == pytest.approx(0.96)


@pytest.mark.parametrize(("direction", "a"), [("greater", 1.01), ("less", 0.0), ("equal", 0.51)])
def test_a_level_without_interval_is_refused(direction, a):
    with pytest.raises(ValueError, match="level"):
        interval(Comparison(Share(3, 10), 0.2, direction, 0.1), a)


@pytest.mark.parametrize("count", [0, 3, 20, 33, 40, 59, 60])
@pytest.mark.parametrize("constant", [0.03, 0.4, 0.95])
def test_p_of_an_order_is_twice_the_exact_binomial_tail(count, constant):
    for direction in ("greater", "less"):
        tail = stats.binomtest(count, 60, constant, alternative=direction).pvalue
        p = p_value(Comparison(Share(count, 60), constant, direction, 0.05))
        assert p == pytest.approx(min(1.0, 2 * tail), rel=1e-8)


@pytest.mark.parametrize("count", [0, 150, 196, 200, 214, 236, 260, 400])
def test_p_of_equality_is_the_larger_exact_binomial_tail(count):
    above = stats.binomtest(count, 400, 0.4, alternative="greater").pvalue
    below = stats.binomtest(count, 400, 0.6, alternative="less").pvalue
    p = p_value(Comparison(Share(count, 400), 0.5, "equal", 0.1))
    larger = max(above, below)
    assert p == pytest.approx(larger if larger <= 0.5 else 1.0, rel=1e-8)


def test_p_of_two_shares_solves_the_touching_bounds():
    left, right = Share(70, 100), Share(45, 100)
    p = p_value(Comparison(left, right, "greater", 0.1))
    assert share_bounds(left, p / 4)[0] == pytest.approx(share_bounds(right, p / 4)[1], abs=1e-12)
    assert 1e-4 < p < 0.05


def test_p_never_falls_below_what_can_be_resolved():
    assert p_value(Comparison(Share(5000, 5000), 0.1, "greater", 0.05)) == SMALLEST_P
    assert p_value(Comparison(Share(3, 5000), 0.0, "greater", 0.05)) == SMALLEST_P


@settings(max_examples=150, deadline=None)
@given(comparisons(), st.floats(1e-9, 0.5), st.floats(0.2, 5.0))
def test_reproduced_exactly_where_p_is_at_most_a(comparison, a, factor):
    p = p_value(comparison)
    for level in (a, min(max(p * factor, SMALLEST_P), 0.5)):
        assume(level == p or abs(level - p) > 1e-9 * p)
        assert (p <= level) == (verdict_at(comparison, level) is Verdict.REPRODUCED)
    if p <= 0.5:
        assert is_reproduced(comparison, p)


@settings(max_examples=100, deadline=None)
@given(comparisons(directions=("greater",), rights=shares()), st.floats(1e-6, 0.5))
def test_swapping_the_sides_swaps_greater_and_less(comparison, a):
    mirrored = dataclasses.replace(
        comparison, left=comparison.right, right=comparison.left, direction="less"
    )
    ours, theirs = decide(comparison, a), decide(mirrored, a)
    low, high = ours.measured_interval
    assert theirs == dataclasses.replace(
        ours, direction="less", measured=-ours.measured, measured_interval=(-high, -low)
    )
    against = dataclasses.replace(comparison, direction="less")
    lower, upper = interval(comparison, a)
    assert interval(against, a) == (-upper, -lower)
    assert effect(against) == -effect(comparison)
    assert not (is_reproduced(comparison, a) and is_reproduced(against, a))


@settings(max_examples=100, deadline=None)
@given(comparisons(directions=("equal",), rights=shares()), st.floats(1e-6, 0.5))
def test_swapping_the_sides_mirrors_equality(comparison, a):
    mirrored = dataclasses.replace(comparison, left=comparison.right, right=comparison.left)
    lower, upper = interval(comparison, a)
    assert interval(mirrored, a) == (-upper, -lower)
    assert p_value(mirrored) == p_value(comparison)
    assert verdict_at(mirrored, a) is verdict_at(comparison, a)


@settings(max_examples=80, deadline=None)
@given(comparisons(directions=("greater", "less")))
def test_one_more_success_never_speaks_against_greater(comparison):
    assume(comparison.left.successes < comparison.left.trials)
    more = Share(comparison.left.successes + 1, comparison.left.trials)
    p, p_more = p_value(comparison), p_value(dataclasses.replace(comparison, left=more))
    if comparison.direction == "greater":
        assert p_more <= p
    else:
        assert p_more >= p


@pytest.mark.parametrize(
    ("count", "direction", "expected", "negligible"),
    [
        # 10,000 trials, a = 0.05: half-widths near 0.01; margin 0.05 about 0.5.
        (5300, "greater", Verdict.REPRODUCED, True),
        (5490, "greater", Verdict.REPRODUCED, False),
        (5900, "greater", Verdict.REPRODUCED, False),
        (5010, "greater", Verdict.NOT_REPRODUCED, False),
        (4000, "greater", Verdict.NOT_REPRODUCED, False),
        (4700, "less", Verdict.REPRODUCED, True),
        (4100, "less", Verdict.REPRODUCED, False),
        (4990, "less", Verdict.NOT_REPRODUCED, False),
        (6000, "less", Verdict.NOT_REPRODUCED, False),
        (5300, "equal", Verdict.REPRODUCED, False),
        (4700, "equal", Verdict.REPRODUCED, False),
        (5480, "equal", Verdict.INCONCLUSIVE, False),
        (4520, "equal", Verdict.INCONCLUSIVE, False),
        (5700, "equal", Verdict.NOT_REPRODUCED, False),
        (4300, "equal", Verdict.NOT_REPRODUCED, False),
    ],
)
def test_verdict_table(count, direction, expected, negligible):
    part = decide(Comparison(Share(count, 10_000), 0.5, direction, 0.05, "half"), 0.05)
    assert (part.verdict, part.negligible) == (expected, negligible)
    assert (part.label, part.a) == ("half", 0.05)
    assert part.interval[0] < part.effect < part.interval[1]


def test_too_few_trials_are_inconclusive_for_an_order():
    part = decide(Comparison(Share(27, 50), 0.5, "greater", 0.05), 0.05)
    assert part.verdict is Verdict.INCONCLUSIVE
    assert part.p == pytest.approx(2 * stats.binomtest(27, 50, 0.5, alternative="greater").pvalue)


def _rate(event, trials, p, right, q=None):
    """Exact probability of an event over one binomial count, or two independent ones."""
    if q is None:
        counts = range(trials + 1)
        chance = stats.binom.pmf(np.arange(trials + 1), trials, p)
        return sum(chance[x] for x in counts if event(Share(x, trials), right))
    left_chance = stats.binom.pmf(np.arange(trials + 1), trials, p)
    right_chance = stats.binom.pmf(np.arange(right + 1), right, q)
    return sum(
        left_chance[x] * right_chance[y]
        for x in range(trials + 1)
        for y in range(right + 1)
        if event(Share(x, trials), Share(y, right))
    )


@pytest.mark.parametrize("direction", ["greater", "less"])
@pytest.mark.parametrize(("trials", "p"), [(8, 0.5), (300, 0.01), (300, 0.5), (300, 0.98)])
def test_no_effect_is_rarely_called_one_against_a_constant(direction, trials, p):
    a = 0.1
    rate = _rate(
        lambda left, right: is_reproduced(Comparison(left, right, direction, 0.05), a),
        trials,
        p,
        p,
    )
    assert rate <= a / 2
    if (trials, p) == (300, 0.5):
        assert rate > 0.6 * a / 2


@pytest.mark.parametrize("direction", ["greater", "less"])
@pytest.mark.parametrize(("trials", "right", "p"), [(12, 9, 0.5), (40, 40, 0.05), (30, 40, 0.6)])
def test_no_effect_is_rarely_called_one_between_samples(direction, trials, right, p):
    a = 0.1
    rate = _rate(
        lambda x, y: is_reproduced(Comparison(x, y, direction, 0.05), a), trials, p, right, p
    )
    assert rate <= a / 2


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("trials", "centre", "margin"), [(300, 0.5, 0.1), (300, 0.1, 0.05)])
def test_an_effect_at_the_margin_is_rarely_called_equality(sign, trials, centre, margin):
    a = 0.05
    rate = _rate(
        lambda x, c: is_reproduced(Comparison(x, c, "equal", margin), a),
        trials,
        centre + sign * margin,
        centre,
    )
    assert rate <= a
    assert rate > 0.5 * a


@pytest.mark.parametrize("sign", [-1, 1])
def test_an_effect_at_the_margin_is_rarely_called_equality_between_samples(sign):
    a, margin = 0.2, 0.35
    rate = _rate(
        lambda x, y: is_reproduced(Comparison(x, y, "equal", margin), a),
        45,
        0.5 + sign * margin,
        40,
        0.5,
    )
    assert 0.0 < rate <= a


@pytest.mark.parametrize("direction", ["greater", "less"])
def test_an_effect_at_the_margin_is_rarely_decided_against(direction):
    a, shift = 0.1, {"greater": 0.1, "less": -0.1}[direction]
    rate = _rate(
        lambda x, c: verdict_at(Comparison(x, c, direction, 0.1), a) is Verdict.NOT_REPRODUCED,
        300,
        0.4 + shift,
        0.4,
    )
    assert 0.5 * a / 2 < rate <= a / 2


@pytest.mark.parametrize(("p", "n"), [(0.08, 20), (0.5, 20)])
def test_no_paired_effect_is_rarely_called_one(p, n):
    a = 0.1
    law = stats.multinomial(n, [p, p, 1 - 2 * p])
    rate = sum(
        law.pmf([x, y, n - x - y])
        for x in range(n + 1)
        for y in range(n + 1 - x)
        if is_reproduced(Comparison(Share(x, n), Share(y, n), "greater", 0.05, paired=True), a)
    )
    assert rate <= a / 2
