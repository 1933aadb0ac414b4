"""The correction of Barker's test of an estimate: with a normal error it is logistic."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import expit, ndtr

from escaping_minima.methods import barker

ALPHA = 1e-3


def test_a_normal_and_the_correction_are_logistic():
    """By quadrature over the cells, at places between those that it was computed at."""
    borders, reached = barker.correction()
    masses = np.diff(reached)
    assert (masses >= 0).all()
    assert masses.sum() == pytest.approx(1.0, abs=1e-15)
    assert masses == pytest.approx(masses[::-1], abs=1e-15)
    places = np.linspace(-14, 14, 3001)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    middle, half = (borders[1:] + borders[:-1]) / 2, np.diff(borders) / 2
    within = middle[:, None] + half[:, None] * nodes
    sums = ndtr(places[:, None, None] - within) @ (weights / 2) @ masses
    assert np.abs(sums - expit(places)).max() < 2e-6
    # a normal variable of the same variance is not
    alone = ndtr(places / (math.pi / math.sqrt(3)))
    assert np.abs(alone - expit(places)).max() > 1e-2


@pytest.mark.parametrize("deviation", [0.0, 0.6, 1.0])
def test_draws_add_up_to_a_logistic_variable(deviation):
    """An error of the estimate, what makes its deviation 1, and the correction."""
    rng = np.random.default_rng(4)
    uniforms = torch.from_numpy(rng.random((2, 60_000)))
    error = deviation * rng.standard_normal(60_000)
    missing = math.sqrt(1 - deviation**2) * barker.draw_normal(uniforms[0]).numpy()
    total = error + missing + barker.draw_correction(uniforms[1]).numpy()
    assert stats.kstest(total, "logistic").pvalue > ALPHA
    # twice the error would show
    assert stats.kstest(total + rng.standard_normal(60_000), "logistic").pvalue < ALPHA


def test_draws_are_those_of_their_distributions():
    uniform = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    given = uniform.numpy()
    np.testing.assert_allclose(barker.draw_logistic(uniform), stats.logistic.ppf(given), rtol=1e-12)
    normal = stats.norm.ppf(given)
    np.testing.assert_allclose(barker.draw_normal(uniform), normal, rtol=1e-9, atol=1e-12)
    borders, reached = barker.correction()
    drawn = barker.draw_correction(uniform).numpy()
    np.testing.assert_allclose(np.interp(drawn, borders, reached), given, rtol=1e-12)
    assert torch.isfinite(
        barker.draw_correction(torch.tensor([0.0, 1.0 - 2.0**-53]).double())
    ).all()
