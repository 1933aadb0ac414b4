"""Conditional shares of the same starts: the interval, what it covers, and its power."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.conditional import ConditionalShares
from escaping_minima.statistics.decision import decide, is_reproduced, p_value
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.power import replicates_needed

# Rows are the left side, columns the right: out of the pool, in it and elsewhere, in the group.
WHOLE = ((0, 0, 0), (0, 3000, 12), (0, 13, 1975))
FEW_OUT = ((0, 13, 10), (0, 2987, 12), (0, 13, 1965))


def shares(counts, direction="equal", margin=0.05):
    return ConditionalShares(tuple(tuple(int(n) for n in row) for row in counts), direction, margin)


def unpaired(counts, tail):
    left, right = (
        Share(int(side[2].sum()), int(side[1:].sum()))
        for side in (np.array(counts), np.array(counts).T)
    )
    return Comparison(left, right, "equal", 0.05).difference_bounds(tail)


def width(bounds):
    return bounds[1] - bounds[0]


tables = st.lists(st.integers(0, 60), min_size=9, max_size=9).map(lambda n: np.reshape(n, (3, 3)))


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "more"},
        {"margin": 0.0},
        {"margin": 1.0},
        {"counts": ((0, 0, 0),) * 3},
        {"counts": ((1, 0, 0), (0, -1, 0), (0, 0, 0))},
        {"counts": ((1, 2), (3, 4))},
    ],
)
def test_impossible_fields_are_refused(change):
    good = {"counts": WHOLE, "direction": "greater", "margin": 0.05}
    with pytest.raises(ValueError, match=r".+"):
        ConditionalShares(**good | change)


def test_starts_are_counted_by_their_states_on_both_sides():
    group = [True, True, False, False, True]
    pool = [True, False, True, False, True]
    other = [True, True, True, True, True]
    found = ConditionalShares.from_starts((group, pool), (other, other), "less", 0.1, "label")
    # in the group but not in the pool is out
    assert found.counts == ((0, 0, 2), (0, 0, 1), (0, 0, 2))
    assert found.difference == pytest.approx(2 / 3 - 1)
    assert (found.replicate_count, found.label, found.direction) == (5, "label", "less")


def test_an_empty_pool_says_nothing():
    found = shares(((30, 10, 10), (0, 0, 0), (0, 0, 0)), "greater")
    lower, upper = found.difference_bounds(0.025)
    assert found.difference == 0.0
    assert lower < -0.5 < 0.5 < upper
    assert not found.can_plan
    assert decide(found, 0.05, 0.05).verdict == "inconclusive"


@settings(max_examples=150, deadline=None)
@given(tables, st.floats(1e-6, 0.5), st.floats(0.1, 1.0))
def test_bounds_hold_the_estimate_are_nested_and_turn_with_the_sides(counts, tail, factor):
    if counts.sum() == 0:
        return
    found = shares(counts)
    lower, upper = found.difference_bounds(tail)
    assert lower <= found.difference + 1e-12
    assert found.difference <= upper + 1e-12
    inner = found.difference_bounds(tail)
    outer = found.difference_bounds(tail * factor)
    assert outer[0] <= inner[0] + 1e-12
    assert inner[1] <= outer[1] + 1e-12
    assert shares(counts.T).difference_bounds(tail) == pytest.approx((-upper, -lower), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(tables, st.floats(1e-6, 0.5))
def test_the_interval_is_never_wider_than_that_of_two_shares_at_half_the_error(counts, tail):
    if min(counts[1:].sum(), counts[:, 1:].sum()) == 0:
        return
    lower, upper = shares(counts).difference_bounds(tail)
    apart = unpaired(counts, tail / 2)
    assert apart[0] - 1e-12 <= lower
    assert upper <= apart[1] + 1e-12


@pytest.mark.parametrize("tail", [0.025, 0.0028])
def test_with_whole_pools_it_is_nearly_that_of_pairs(tail):
    pairs = Comparison(Share(13, 5000), Share(12, 5000), "equal", 0.05, paired=True)
    found, exact = shares(WHOLE).difference_bounds(tail), pairs.difference_bounds(tail)
    assert width(exact) < width(found) < 1.7 * width(exact)


@pytest.mark.parametrize("tail", [0.025, 0.0028])
def test_a_few_starts_outside_a_pool_widen_it_little(tail):
    whole, few = (width(shares(c).difference_bounds(tail)) for c in (WHOLE, FEW_OUT))
    assert whole < few < 1.4 * whole
    # where the two shares were taken apart, it was many times as wide
    assert few < width(unpaired(FEW_OUT, tail)) / 4


LAWS = {
    "hardly any discordance": ((0, 0, 0), (0, 0.5994, 0.0003), (0, 0.0003, 0.4)),
    "a few out of one pool": ((0, 0.0, 0.01), (0, 0.594, 0.003), (0, 0.003, 0.39)),
    "pools that differ": ((0.1, 0.2, 0.1), (0.1, 0.2, 0.02), (0.03, 0.05, 0.2)),
    "a small pool": ((0.9, 0.03, 0.01), (0.02, 0.02, 0.005), (0.0, 0.005, 0.01)),
    "no relation": ((0.1, 0.2, 0.1), (0.1, 0.2, 0.1), (0.05, 0.1, 0.05)),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("starts", [50, 1000])
def test_each_bound_fails_at_most_as_often_as_it_says(law, starts):
    """1,000 draws: standard error at most 1 percent at the nominal 10."""
    chance, tail, draws = np.array(LAWS[law]), 0.1, 1000
    chance = chance / chance.sum()
    truth = chance[2].sum() / chance[1:].sum() - chance[:, 2].sum() / chance[:, 1:].sum()
    sampled = np.random.default_rng(starts).multinomial(starts, chance.ravel(), draws)
    bounds = np.array([shares(row.reshape(3, 3)).difference_bounds(tail) for row in sampled])
    error = (tail * (1 - tail) / draws) ** 0.5
    assert np.mean(bounds[:, 0] > truth) <= tail + 3 * error
    assert np.mean(bounds[:, 1] < truth) <= tail + 3 * error


@pytest.mark.parametrize("direction", ["greater", "equal"])
@pytest.mark.parametrize("law", ["pools that differ", "no relation"])
def test_power_at_the_margin_agrees_with_simulation(direction, law):
    """Pilots of 2,000 starts, the named number of them simulated 300 times."""
    chance = np.array(LAWS[law])
    # as planned: the two shares differ by the margin, or not at all
    target = 0.05 if direction == "greater" else 0.0
    left, right = chance[1:].sum(), chance[:, 1:].sum()
    shift = target - (chance[2].sum() / left - chance[:, 2].sum() / right)
    moved = shift / (1 / left + 1 / right)
    chance[2, 1] += moved
    chance[1, 2] -= moved
    assert chance.min() >= 0
    rng = np.random.default_rng(7)
    found = []
    for pilot in rng.multinomial(2000, chance.ravel(), 4):
        number = replicates_needed(shares(pilot.reshape(3, 3), direction), 0.05, block=100)
        again = rng.multinomial(number, chance.ravel(), 75)
        found += [is_reproduced(shares(row.reshape(3, 3), direction), 0.05) for row in again]
    assert np.mean(found) == pytest.approx(0.8, abs=0.08)


def test_it_decides_like_any_evidence():
    sure = shares(((0, 0, 0), (0, 100, 10), (0, 400, 1000)), "greater")
    part = decide(sure, 0.05, 0.05)
    assert (part.verdict, part.unit, part.scale) == ("reproduced", "points of share", 100.0)
    assert p_value(sure) < 1e-6
    assert sure.difference == pytest.approx(1400 / 1510 - 1010 / 1510)
