"""Power against full enumeration and simulation; the replicates it asks for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import is_reproduced
from escaping_minima.statistics.intervals import Share
from escaping_minima.statistics.power import replicates_needed
from escaping_minima.statistics.share_power import planned_shares, power


@pytest.mark.parametrize(
    ("direction", "right", "constant", "paired", "expected"),
    [
        ("greater", 0.3, False, False, (0.4, 0.3)),
        ("less", 0.3, False, False, (0.2, 0.3)),
        ("equal", 0.3, False, False, (0.3, 0.3)),
        ("greater", 0.97, False, False, (1.0, 0.9)),
        ("less", 0.02, False, False, (0.0, 0.1)),
        ("greater", 0.97, True, False, (1.0, 0.97)),
        ("less", 0.02, True, False, (0.0, 0.02)),
        ("greater", 0.6, False, True, (0.55, 0.45)),
        ("less", 0.6, False, True, (0.45, 0.55)),
        ("equal", 0.6, False, True, (0.5, 0.5)),
    ],
)
def test_planned_shares_stay_in_range(direction, right, constant, paired, expected):
    shares = planned_shares(direction, 0.1, right, constant=constant, paired=paired)
    assert shares == pytest.approx(expected)


@pytest.mark.parametrize(
    ("direction", "left"), [("greater", 0.45), ("less", 0.25), ("equal", 0.35)]
)
@pytest.mark.parametrize("trials", [7, 90, 600])
def test_against_a_constant_power_is_the_enumerated_probability(direction, left, trials):
    a, margin, right = 0.1, 0.1, 0.35
    chance = stats.binom.pmf(np.arange(trials + 1), trials, left)
    exact = sum(
        chance[x]
        for x in range(trials + 1)
        if is_reproduced(Comparison(Share(x, trials), right, direction, margin), a)
    )
    assert power(direction, margin, right, trials, a) == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize(("direction", "left"), [("greater", 0.7), ("less", 0.1), ("equal", 0.4)])
def test_between_samples_power_is_the_enumerated_probability(direction, left):
    a, margin, right, n, m = 0.2, 0.3, 0.4, 50, 35
    exact = sum(
        stats.binom.pmf(x, n, left) * stats.binom.pmf(y, m, right)
        for x in range(n + 1)
        for y in range(m + 1)
        if is_reproduced(Comparison(Share(x, n), Share(y, m), direction, margin), a)
    )
    assert exact > 0.01
    assert power(direction, margin, right, n, a, right_trials=m) == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize(("direction", "left"), [("greater", 0.3), ("less", 0.0), ("equal", 0.1)])
def test_of_pairs_power_is_the_enumerated_probability(direction, left):
    a, margin, n = 0.1, 0.2, 40
    right = 0.2 if direction == "less" else 0.1
    law = stats.multinomial(n, [left, right, 1 - left - right])
    exact = sum(
        law.pmf([x, y, n - x - y])
        for x in range(n + 1)
        for y in range(n + 1 - x)
        if is_reproduced(Comparison(Share(x, n), Share(y, n), direction, margin), a)
    )
    assert exact > 0.01
    found = power(direction, margin, right, n, a, right_trials=n, paired=True)
    assert found == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize(
    ("direction", "left", "n", "m"),
    [("greater", 0.32, 4000, 1500), ("less", 0.25, 6000, 6000), ("equal", 0.27, 9000, 20_000)],
)
def test_power_of_large_samples_agrees_with_simulation(direction, left, n, m):
    a, right = 0.01, {"less": 0.28}.get(direction, 0.27)
    margin = {"greater": 0.05, "less": 0.03, "equal": 0.03}[direction]
    rng = np.random.default_rng(5)
    draws = zip(rng.binomial(n, left, 3000), rng.binomial(m, right, 3000), strict=True)
    simulated = np.mean(
        [
            is_reproduced(Comparison(Share(int(x), n), Share(int(y), m), direction, margin), a)
            for x, y in draws
        ]
    )
    assert 0.1 < simulated < 0.95
    found = power(direction, margin, right, n, a, right_trials=m)
    assert found == pytest.approx(simulated, abs=4 * (0.25 / 3000) ** 0.5)


def test_pairs_need_one_number_of_trials():
    with pytest.raises(ValueError, match="paired"):
        power("greater", 0.1, 0.2, 100, 0.05, right_trials=50, paired=True)


COMPARISONS = [
    Comparison(Share(140, 500), 0.25, "greater", 0.05),
    Comparison(Share(140, 500), Share(120, 500), "less", 0.05),
    Comparison(Share(140, 500), Share(120, 500), "equal", 0.05),
    Comparison(Share(40, 500), Share(20, 500), "greater", 0.05, paired=True),
]


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("block", [90, 500])
def test_the_number_has_the_power_and_one_block_less_has_not(comparison, block):
    number = replicates_needed(comparison, 0.01, block=block)
    right = comparison.right
    random = isinstance(right, Share)
    shift = {"greater": 0.05, "less": -0.05, "equal": 0.0}[comparison.direction]

    def power_with(n):
        return power(
            comparison.direction,
            comparison.margin,
            # two shares at the margin whose mean is that of the two at hand
            (comparison.left.value + right.value - shift) / 2 if random else right,
            n,
            0.01,
            right_trials=n if random else None,
            paired=comparison.paired,
        )

    assert number % block == 0
    assert power_with(number) >= 0.8
    assert number == block or power_with(number - block) < 0.8


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_the_observed_effect_does_not_matter(comparison):
    other = dataclasses.replace(comparison, left=Share(comparison.left.successes - 15, 500))
    if isinstance(comparison.right, Share):
        right = Share(comparison.right.successes + 15, 500)
        other = dataclasses.replace(other, right=right)
    assert replicates_needed(other, 0.01) == replicates_needed(comparison, 0.01)


def test_more_is_asked_for_by_a_smaller_level_a_higher_power_or_a_smaller_margin():
    base = Comparison(Share(140, 500), Share(120, 500), "greater", 0.05)
    number = replicates_needed(base, 0.05, block=10)
    assert replicates_needed(base, 0.005, block=10) > number
    assert replicates_needed(base, 0.05, power=0.95, block=10) > number
    halved = replicates_needed(dataclasses.replace(base, margin=0.025), 0.05, block=10)
    assert halved == pytest.approx(4 * number, rel=0.1)


def test_trials_that_are_a_fifth_of_the_replicates_ask_for_five_times_as_many():
    whole = Comparison(Share(60, 100), Share(40, 100), "greater", 0.05)
    part = dataclasses.replace(whole, replicates=500)
    number = replicates_needed(whole, 0.05, block=10)
    assert replicates_needed(part, 0.05, block=50) == pytest.approx(5 * number, abs=50)


def test_discordant_pairs_need_fewer_than_independent_samples():
    paired = Comparison(Share(40, 500), Share(20, 500), "greater", 0.05, paired=True)
    unpaired = Comparison(Share(260, 500), Share(240, 500), "greater", 0.05)
    assert 3 * replicates_needed(paired, 0.05) < replicates_needed(unpaired, 0.05)


def test_no_number_is_given_where_none_decides():
    assert replicates_needed(Comparison(Share(9, 10), 1.0, "greater", 0.05), 0.05) is None
    fine = Comparison(Share(140, 500), Share(120, 500), "equal", 0.01)
    assert replicates_needed(fine, 0.01, maximum=20_000) is None
    assert replicates_needed(fine, 0.01, maximum=400_000) > 20_000


def test_the_largest_number_itself_is_considered():
    comparison = COMPARISONS[2]
    number = replicates_needed(comparison, 0.01)
    assert replicates_needed(comparison, 0.01, maximum=number) == number
    assert replicates_needed(comparison, 0.01, maximum=number - 1) is None


@pytest.mark.parametrize("wrong", [{"power": 1.0}, {"power": 0.0}, {"block": 0}, {"maximum": 499}])
def test_impossible_wishes_are_refused(wrong):
    with pytest.raises(ValueError, match="out of range"):
        replicates_needed(COMPARISONS[0], 0.05, **wrong)
