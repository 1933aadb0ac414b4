"""Decisions, p and q against exact tests and by hand."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import (
    SMALLEST_P,
    decide,
    effect,
    is_against,
    is_reproduced,
    p_value,
    q_value,
)
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.intervals import Share, share_bounds

DIRECTIONS = ("greater", "less", "equal")


def at(comparison, a):
    """A comparison decided both ways at one level."""
    return decide(comparison, a, a)


def interval(comparison, a):
    return at(comparison, a).interval


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


def test_each_end_of_the_interval_of_an_order_has_the_level_of_its_verdict():
    # a / 2 a side: the lower end of the effect is that of "reproduced"
    lower, upper = share_bounds(Share(30, 100), 0.02)[0], share_bounds(Share(30, 100), 0.005)[1]
    left = Share(30, 100)
    part = decide(Comparison(left, 0.2, "greater", 0.1), 0.04, 0.01)
    assert part.interval == (lower - 0.2, upper - 0.2)
    assert (part.a, part.a_against) == (0.04, 0.01)
    assert part.level == pytest.approx(0.975)
    lower, upper = share_bounds(Share(30, 100), 0.005)[0], share_bounds(Share(30, 100), 0.02)[1]
    part = decide(Comparison(left, 0.2, "less", 0.1), 0.04, 0.01)
    assert part.interval == (0.2 - upper, 0.2 - lower)
    assert part.measured_interval == pytest.approx((lower, upper))


@pytest.mark.parametrize(
    ("count", "tail", "expected"),
    [
        # the interval that decided: "reproduced" has tail a, "not reproduced" half of its level
        (205, 0.02, Verdict.REPRODUCED),
        (300, 0.005, Verdict.NOT_REPRODUCED),
        # neither: the wider one
        (250, 0.005, Verdict.INCONCLUSIVE),
    ],
)
def test_the_interval_of_an_equality_is_the_one_that_decided(count, tail, expected):
    part = decide(Comparison(Share(count, 400), 0.5, "equal", 0.1), 0.02, 0.01)
    lower, upper = share_bounds(Share(count, 400), tail)
    assert part.verdict is expected
    assert part.interval == (lower - 0.5, upper - 0.5)
    assert part.level == pytest.approx(1 - 2 * tail)


@pytest.mark.parametrize(("direction", "a"), [("greater", 1.01), ("less", 0.0), ("equal", 0.51)])
def test_a_level_without_interval_is_refused(direction, a):
    comparison = Comparison(Share(3, 10), 0.2, direction, 0.1)
    with pytest.raises(ValueError, match="level"):
        is_reproduced(comparison, a)
    with pytest.raises(ValueError, match="level"):
        decide(comparison, 0.05, 1.01)


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


@pytest.mark.parametrize("count", [0, 3, 20, 33, 40, 59, 60])
@pytest.mark.parametrize("constant", [0.03, 0.4, 0.9])
def test_q_of_an_order_is_twice_the_exact_binomial_tail_at_the_margin(count, constant):
    for direction, other, shift in (("greater", "less", 0.05), ("less", "greater", -0.05)):
        if not 0.0 < constant + shift < 1.0:
            continue
        tail = stats.binomtest(count, 60, constant + shift, alternative=other).pvalue
        q = q_value(Comparison(Share(count, 60), constant, direction, 0.05))
        assert q == pytest.approx(min(1.0, 2 * tail), rel=1e-8)


@pytest.mark.parametrize("count", [0, 100, 150, 196, 240, 260, 300, 400])
def test_q_of_equality_is_twice_the_smaller_tail_beyond_the_margins(count):
    above = stats.binomtest(count, 400, 0.6, alternative="greater").pvalue
    below = stats.binomtest(count, 400, 0.4, alternative="less").pvalue
    q = q_value(Comparison(Share(count, 400), 0.5, "equal", 0.1))
    smaller = max(2 * min(above, below), SMALLEST_P)
    assert q == pytest.approx(min(1.0, smaller), rel=1e-8)


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
        assert (p <= level) == is_reproduced(comparison, level)
    if p <= 0.5:
        assert is_reproduced(comparison, p)


@settings(max_examples=150, deadline=None)
@given(comparisons(), st.floats(1e-9, 0.5), st.floats(0.2, 5.0))
def test_decided_against_exactly_where_q_is_at_most_a(comparison, a, factor):
    q = q_value(comparison)
    for level in (a, min(max(q * factor, SMALLEST_P), 1.0)):
        assume(level == q or abs(level - q) > 1e-9 * q)
        assert (q <= level) == is_against(comparison, level) or level == q == 1.0


@settings(max_examples=150, deadline=None)
@given(comparisons(), st.floats(1e-6, 0.5), st.floats(1e-6, 0.5))
def test_the_verdict_can_be_read_off_the_interval(comparison, a, a_against):
    part = decide(comparison, a, a_against)
    lower, upper = part.interval
    if comparison.direction == "equal":
        holds = -comparison.margin < lower and upper < comparison.margin
        fails = lower >= comparison.margin or upper <= -comparison.margin
    else:
        holds = lower > 0
        fails = upper < comparison.margin and not holds
        assert part.negligible == (holds and upper < comparison.margin)
    expected = Verdict.INCONCLUSIVE
    if holds or fails:
        expected = Verdict.REPRODUCED if holds else Verdict.NOT_REPRODUCED
    assert part.verdict is expected


@settings(max_examples=100, deadline=None)
@given(comparisons(directions=("greater",), rights=shares()), st.floats(1e-6, 0.5))
def test_swapping_the_sides_swaps_greater_and_less(comparison, a):
    mirrored = dataclasses.replace(
        comparison, left=comparison.right, right=comparison.left, direction="less"
    )
    ours, theirs = at(comparison, a), at(mirrored, a)
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
    assert q_value(mirrored) == q_value(comparison)
    assert at(mirrored, a).verdict is at(comparison, a).verdict


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
    part = at(Comparison(Share(count, 10_000), 0.5, direction, 0.05, "half"), 0.05)
    assert (part.verdict, part.negligible) == (expected, negligible)
    assert (part.label, part.a) == ("half", 0.05)
    assert part.interval[0] < part.effect < part.interval[1]


def test_too_few_trials_are_inconclusive_for_an_order():
    part = at(Comparison(Share(27, 50), 0.5, "greater", 0.05), 0.05)
    assert part.verdict is Verdict.INCONCLUSIVE
    assert part.p == pytest.approx(2 * stats.binomtest(27, 50, 0.5, alternative="greater").pvalue)
