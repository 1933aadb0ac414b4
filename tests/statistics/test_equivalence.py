"""Two one-sided tests: against statsmodels and pingouin."""

from __future__ import annotations

import math

import numpy as np
import pingouin
import pytest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW, ttost_paired

from escaping_minima.statistics.decision import p_value
from escaping_minima.statistics.equivalence import tost, tost_apart, tost_paired
from escaping_minima.statistics.means import MeanComparison


@pytest.mark.parametrize("margin", [0.2, 0.5, 2.0])
def test_agree_with_statsmodels_and_pingouin(margin):
    rng = np.random.default_rng(1)
    left, right = rng.normal(0.1, 0.5, 10), rng.normal(0.0, 1.0, 7)
    paired = left[:7] - right
    assert tost_paired(paired, margin) == pytest.approx(
        ttost_paired(left[:7], right, -margin, margin)[0]
    )
    apart = CompareMeans(DescrStatsW(left), DescrStatsW(right)).ttost_ind(
        -margin, margin, usevar="unequal"
    )
    assert tost_apart(left, right, margin) == pytest.approx(apart[0])
    theirs = pingouin.tost(left, right, bound=margin, correction=True)
    assert tost_apart(left, right, margin) == pytest.approx(float(theirs["pval"].iloc[0]))


def test_is_what_decides_an_equality_elsewhere():
    """The p-value of a comparison for equality is that of the same interval."""
    differences = (0.1, -0.3, 0.2, 0.4, -0.1)
    elsewhere = p_value(MeanComparison(differences, "equal", 0.5))
    assert tost_paired(differences, 0.5) == pytest.approx(elsewhere)


def test_less_than_two_or_no_spread_gives_nothing():
    assert math.isnan(tost_paired([0.1], 0.5))
    assert math.isnan(tost_paired([0.3 - 0.1, 0.4 - 0.2, 0.2], 0.5))
    assert math.isnan(tost_apart([0.1], [0.1, 0.2], 0.5))
    assert math.isnan(tost_apart([0.1, 0.1], [0.1, 0.1], 0.5))


def test_beyond_the_margin_is_above_a_half():
    assert tost(0.6, 0.1, 9, 0.5) > 0.5
    assert tost(-0.5, 0.1, 9, 0.5) == 0.5


@pytest.mark.parametrize("margin", [0.0, -1.0, math.inf, math.nan])
def test_a_margin_is_above_0(margin):
    with pytest.raises(ValueError, match="margin"):
        tost(0.0, 1.0, 9, margin)
