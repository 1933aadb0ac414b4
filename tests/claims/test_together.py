"""What all replicates have together is compared, or it is said why it cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.claims.grammar import Part
from escaping_minima.claims.reach import _extreme
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.claims.together import compare_together
from escaping_minima.statistics.jackknife import best_values, expected_best, spread_values

RNG = np.random.default_rng(11)
NARROW, WIDE = RNG.normal(size=6), 5 * RNG.normal(size=6)


def side(values, ids=None, **more):
    values = np.asarray(values, float)
    return Values(values, np.arange(len(values)) if ids is None else np.array(ids), "seeds", **more)


def part(relation, compared, margin=40.0):
    return Part({}, relation, {}, margin, compared, "ratio")


def test_a_spread_is_the_jackknifes_and_paired_by_id():
    order = RNG.permutation(6)
    found = compare_together(part(">", "spread"), "x", side(WIDE), side(NARROW[order], order))
    assert found.complete
    assert found.evidence.differences == pytest.approx(spread_values(WIDE, NARROW))
    assert (found.evidence.unit, found.evidence.label) == ("ratio", "x")


def test_what_is_not_lower_may_be_so_by_less_than_the_margin():
    found = compare_together(part(">=", "spread"), "x", side(WIDE), side(NARROW)).evidence
    assert found.differences == pytest.approx(spread_values(WIDE, NARROW) + 40)
    assert (found.threshold, found.beyond) == (-40.0, -40.0)


def test_the_best_is_chosen_by_what_a_side_says_also_in_another_order():
    by, order = RNG.normal(size=6), RNG.permutation(6)
    left = side(WIDE, chosen_by=by)
    found = compare_together(part(">", "best"), "x", left, side(NARROW[order], order)).evidence
    assert found.differences == pytest.approx(best_values(WIDE, NARROW, by))
    shuffled = side(WIDE[order], order, chosen_by=by[order])
    again = compare_together(part(">", "best"), "x", shuffled, side(NARROW)).evidence
    assert again.difference == pytest.approx(found.difference)


@pytest.mark.parametrize(
    ("compared", "runs", "said"),
    [("spread", 2, "needs 3 runs, there are 2"), ("best", 3, "needs 4 runs, there are 3")],
)
def test_too_few_runs_are_a_reason(compared, runs, said):
    with pytest.raises(MissingRunsError, match=said):
        compare_together(part(">", compared), "x", side(WIDE[:runs]), side(NARROW[:runs]))


def test_runs_that_all_agree_are_a_reason():
    for values in (np.ones(6), [1, 1, 1, 1, 1, 2]):
        with pytest.raises(MissingRunsError, match="all runs of a side agree"):
            compare_together(part(">", "spread"), "x", side(WIDE), side(values))


@pytest.mark.parametrize("compared", ["spread", "best"])
def test_a_run_without_a_value_leaves_nothing_and_is_counted(compared):
    found = compare_together(part(">", compared), "x", side([*WIDE[:5], np.nan]), side(NARROW[:5]))
    assert found.evidence is None
    assert (found.values, found.replicates) == (5, 6)


@pytest.mark.parametrize("compared", ["spread", "best"])
@pytest.mark.parametrize("relation", [">", "<", "="])
def test_the_most_and_least_favourable_values_decide(compared, relation):
    asked = part(relation, compared)
    sign = {">": 1, "<": -1, "=": 0}[relation]
    for favourable in (True, False):
        left = _extreme(favourable, asked, side(WIDE), side(NARROW))
        found = compare_together(asked, "x", left, side(NARROW)).evidence
        low, high = found.difference_bounds(0.01)
        if relation == "=":
            assert (found.difference == pytest.approx(0.0, abs=1e-6)) is favourable
        else:
            assert (low * sign > 0 and high * sign > 0) is favourable


def test_one_best_is_no_mean_of_two():
    assert expected_best(np.array([0.0, 0.0, 3.0])) == 3.0
