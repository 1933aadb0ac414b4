"""Exact rates of false decisions of one comparison, over every outcome of its counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.decision import is_against, is_reproduced
from escaping_minima.statistics.intervals import Share


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
        lambda x, c: is_against(Comparison(x, c, direction, 0.1), a), 300, 0.4 + shift, 0.4
    )
    assert 0.5 * a / 2 < rate <= a / 2


@pytest.mark.parametrize("sign", [-1, 1])
def test_an_equality_at_its_margin_is_rarely_decided_against(sign):
    a = 0.1
    rate = _rate(
        lambda x, c: is_against(Comparison(x, c, "equal", 0.1), a), 300, 0.5 + sign * 0.1, 0.5
    )
    # the other margin is far: one of the two sides has half of the level
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
