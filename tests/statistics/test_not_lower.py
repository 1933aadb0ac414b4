"""What is only "not lower" may be so by less than the margin: one-sided, for all shares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from escaping_minima.statistics.comparison import Comparison
from escaping_minima.statistics.conditional import ConditionalShares
from escaping_minima.statistics.decision import decide, is_reproduced, p_value, q_value
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.intervals import Share

MARGIN = 0.05


def not_lower(left, right, **more):
    more = {"margin": MARGIN, "beyond": -MARGIN} | more
    return Comparison(left, right, "greater", **more)


def paired(more, less, n):
    return not_lower(Share(more, n), Share(less, n), paired=True)


@pytest.mark.parametrize("count", [380, 430, 460, 500])
def test_p_and_q_are_exact_binomial_tails_at_the_shifted_number(count):
    found = not_lower(Share(count, 1000), 0.5)
    above = stats.binom.sf(count - 1, 1000, 0.45)
    below = stats.binom.cdf(count, 1000, 0.45)
    assert p_value(found) == pytest.approx(min(1, 2 * above), rel=1e-6)
    assert q_value(found) == pytest.approx(min(1, 2 * below), rel=1e-6)


def test_the_other_direction_is_the_mirror_image():
    low = not_lower(Share(40, 500), Share(60, 500))
    high = Comparison(Share(60, 500), Share(40, 500), "less", MARGIN, beyond=MARGIN)
    assert p_value(high) == pytest.approx(p_value(low))
    assert q_value(high) == pytest.approx(q_value(low))
    assert (low.threshold, high.threshold) == (-MARGIN, MARGIN)


def test_a_gain_never_speaks_against_it_and_a_loss_beyond_the_margin_does():
    assert decide(paired(900, 0, 1000), 0.01, 0.01).verdict is Verdict.REPRODUCED
    assert decide(paired(0, 20, 1000), 0.01, 0.01).verdict is Verdict.REPRODUCED
    assert decide(paired(0, 100, 1000), 0.01, 0.01).verdict is Verdict.NOT_REPRODUCED
    assert decide(paired(0, 50, 1000), 0.01, 0.01).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "change", [{"direction": "equal"}, {"beyond": 1.0}, {"beyond": -1.0, "direction": "less"}]
)
def test_what_cannot_be_is_refused(change):
    fields = {"direction": "greater", "margin": MARGIN, "beyond": -MARGIN} | change
    with pytest.raises(ValueError, match="cannot hold beyond"):
        Comparison(Share(1, 10), Share(2, 10), **fields)
    with pytest.raises(ValueError, match="cannot hold beyond"):
        ConditionalShares(((1, 0, 0), (0, 1, 0), (0, 0, 1)), **fields)


def test_conditional_shares_are_shifted_alike():
    counts = ((20, 3, 5), (4, 300, 40), (2, 30, 100))
    plain = ConditionalShares(counts, "greater", MARGIN)
    found = ConditionalShares(counts, "greater", MARGIN, beyond=-MARGIN)
    assert found.difference == pytest.approx(plain.difference + MARGIN)
    assert found.difference_bounds(0.01) == pytest.approx(
        [bound + MARGIN for bound in plain.difference_bounds(0.01)]
    )
    assert (found.threshold, found.slack, plain.slack) == (-MARGIN, 0.0, MARGIN)


def test_power_against_a_number_is_the_exact_one_where_nothing_differs():
    n, a = 1500, 0.01
    least = stats.binom.isf(a / 2, n, 0.45) + 1
    expected = stats.binom.sf(least - 1, n, 0.5)
    assert not_lower(Share(200, 500), 0.5).power_at_margin(n, a) == pytest.approx(expected)


def _tables(rng, shares, n, runs):
    return rng.multinomial(n, np.ravel(shares), size=runs).reshape(runs, *np.shape(shares))


@pytest.mark.parametrize("loss", [MARGIN, 0.0])
def test_power_and_error_of_pairs_are_as_said(loss):
    """2,000 runs: standard errors of at most 1.1 percent, at the margin of at most 0.5."""
    rng, n, a = np.random.default_rng(5), 800, 0.05
    more = 0.03
    cells = [more, more + loss, 1 - 2 * more - loss]
    hits = [
        is_reproduced(paired(int(plus), int(minus), n), a)
        for plus, minus, _ in _tables(rng, cells, n, 2000)
    ]
    if loss:
        assert np.mean(hits) <= a / 2 + 3 * np.sqrt(a / 2 / 2000)
    else:
        said = paired(int(more * n), int(more * n), n).power_at_margin(n, a)
        assert np.mean(hits) == pytest.approx(said, abs=0.034)


def test_power_of_conditional_shares_is_near_to_what_is_said():
    """500 runs: a standard error of at most 2.3 percent; the plan is a normal approximation."""
    rng, n, a = np.random.default_rng(6), 3000, 0.05
    shares = np.array([[0.1, 0.03, 0.02], [0.03, 0.45, 0.02], [0.02, 0.02, 0.31]])
    shares[1, 2] = shares[2, 1]
    hits = [
        is_reproduced(
            ConditionalShares(
                tuple(tuple(int(c) for c in row) for row in counts), "greater", MARGIN,
                beyond=-MARGIN,
            ),
            a,
        )
        for counts in _tables(rng, shares, n, 500)
    ]  # fmt: skip
    expected = tuple(tuple(int(c) for c in row) for row in np.rint(n * shares))
    said = ConditionalShares(expected, "greater", MARGIN, beyond=-MARGIN).power_at_margin(n, a)
    assert np.mean(hits) == pytest.approx(said, abs=0.1)
    assert 0.1 < said < 1.0
