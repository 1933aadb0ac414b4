"""Holm's procedure against statsmodels and by hand."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import p_value
from escaping_minima.statistics.holm import HolmStep, holm, holm_p_values
from escaping_minima.statistics.intervals import Share


def test_steps_by_hand_in_the_order_given():
    steps = holm([0.04, 0.001, 0.02], 0.05)
    assert steps == [
        HolmStep(3, pytest.approx(0.05), True),
        HolmStep(1, pytest.approx(0.05 / 3), True),
        HolmStep(2, pytest.approx(0.025), True),
    ]


def test_all_later_ones_fail_after_the_first_failure():
    # The second is above 0.025; the third is below 0.05 and fails all the same.
    assert [step.rejected for step in holm([0.01, 0.03, 0.04], 0.05)] == [True, False, False]


def test_equal_p_values_share_a_rank_and_a_level():
    steps = holm([0.5, 0.01, 0.5, 0.01], 0.05)
    assert [step.rank for step in steps] == [3, 1, 3, 1]
    assert [step.a for step in steps] == pytest.approx([0.025, 0.0125, 0.025, 0.0125])
    assert [step.rejected for step in steps] == [False, True, False, True]


def test_all_that_are_not_rejected_share_a_level_at_which_none_would_be():
    steps = holm([0.04, 0.001, 0.03, 1.0], 0.05)
    assert [step.rejected for step in steps] == [False, True, False, False]
    # 0.04 is below the level of its own rank, and not below the one that it is given
    assert [step.a for step in steps] == pytest.approx([0.05 / 3, 0.0125, 0.05 / 3, 0.05 / 3])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([0.001, 0.004, 0.012, 0.024, 1.0]), min_size=2, max_size=9),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_members_come_decides_nothing(p_values, random):
    order = list(range(len(p_values)))
    random.shuffle(order)
    steps, others = holm(p_values, 0.05), holm([p_values[i] for i in order], 0.05)
    assert [steps[i] for i in order] == others
    for p, step in zip(p_values, steps, strict=True):
        assert step.rejected == (p <= step.a)


def test_a_level_is_reached_by_equality():
    assert holm([0.025, 0.05], 0.05)[0].rejected
    assert holm([0.025, 0.05], 0.05)[1].rejected


def test_an_empty_family_has_no_steps():
    assert holm([], 0.05) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from([0.0, 0.001, 0.004, 0.011, 0.024, 0.049, 1.0]) | st.floats(0.0, 0.06),
        min_size=1,
        max_size=12,
    )
)
def test_rejections_agree_with_statsmodels(p_values):
    # it collects garbage first, which in a process full of tests takes a third of a second
    with patch("gc.collect"):
        expected, adjusted, *_ = multipletests(p_values, 0.05, method="holm")
    assert [step.rejected for step in holm(p_values, 0.05)] == list(expected)
    assert holm_p_values(p_values) == pytest.approx(list(adjusted))


@pytest.mark.parametrize(
    ("p_values", "alpha"), [([0.5], 0.0), ([0.5], 1.0), ([1.1], 0.05), ([float("nan")], 0.05)]
)
def test_impossible_numbers_are_refused(p_values, alpha):
    with pytest.raises(ValueError, match="must lie"):
        holm(p_values, alpha)


def test_corrected_p_values_by_hand():
    assert holm_p_values([0.04, 0.01, 0.04, 0.3]) == pytest.approx([0.12, 0.04, 0.12, 0.3])
    assert holm_p_values([]) == []
    with pytest.raises(ValueError, match="must lie"):
        holm_p_values([0.1, float("nan")])


@pytest.mark.parametrize(("trials", "share"), [(400, 0.5), (400, 0.1), (40, 0.9)])
def test_false_rejections_of_a_family_stay_at_its_level(trials, share):
    """Five claims of equality at the margin, where the single test uses its whole level."""
    alpha, margin, m, families = 0.1, 0.09, 5, 4000
    p_of = [
        p_value(Comparison(Share(x, trials), share - margin, "equal", margin))
        for x in range(trials + 1)
    ]
    draws = np.random.default_rng(11).binomial(trials, share, (families, m))
    # A sixth claim is true: it must not raise the rate of false rejections of the others.
    true_p = 1e-9
    wrong = [
        any(step.rejected for step in holm([true_p, *(p_of[x] for x in row)], alpha)[1:])
        for row in draws
    ]
    error = (alpha * (1 - alpha) / families) ** 0.5
    assert np.mean(wrong) <= alpha + 3 * error
    if trials == 400:
        assert np.mean(wrong) > 0.5 * alpha
