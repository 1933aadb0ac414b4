"""Traces from random signs: their mean, and what their error says."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.landscape.hutchinson import mean_trace


def test_values_are_those_computed_by_hand():
    """Means 2 and 6, variances of these 1 and 3 / 2; counted by one and three quarters."""
    trace, error = mean_trace([[1.0, 3.0], [7.5, 4.5, 6.0]], [0.25, 0.75])
    assert trace == pytest.approx(5.0)
    assert error == pytest.approx((1 / 16 + 9 / 16 * 2.25 / 3) ** 0.5)


def test_estimates_lie_around_the_trace_as_their_errors_say():
    generator = np.random.default_rng(0)
    roots = generator.standard_normal((4, 8, 8))
    matrices, shares = roots @ roots.transpose(0, 2, 1), np.array([0.1, 0.2, 0.3, 0.4])
    exact = np.einsum("b,bii->", shares, matrices)
    signs = generator.choice([-1.0, 1.0], size=(2000, 4, 3, 8))
    forms = np.einsum("rbpi,bij,rbpj->rbp", signs, matrices, signs)
    found = np.array([mean_trace(each.tolist(), shares.tolist()) for each in forms])
    traces, errors = found.T
    assert abs(traces.mean() - exact) < 4 * traces.std() / len(traces) ** 0.5
    assert traces.std() == pytest.approx((errors**2).mean() ** 0.5, rel=0.06)
