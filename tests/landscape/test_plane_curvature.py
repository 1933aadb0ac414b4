"""Curvatures within a plane against exact ones, and what rounding may not decide."""

from __future__ import annotations

import math

import numpy as np
import pytest

from escaping_minima.landscape.plane_curvature import (
    PlaneCurvature,
    negative_share,
    negative_weight,
    principal_curvatures,
)

STEP = 0.25
AXIS = np.arange(-1, 1 + STEP / 2, STEP)
A, B = np.meshgrid(AXIS, AXIS, indexing="ij")


def test_curvatures_of_a_quadratic_are_exact():
    matrix = np.array([[3.0, -2.0], [-2.0, 1.0]])
    losses = (matrix[0, 0] * A**2 + 2 * matrix[0, 1] * A * B + matrix[1, 1] * B**2) / 2 + A + 7
    found = principal_curvatures(losses, STEP)
    low, high = np.linalg.eigvalsh(matrix)
    assert found.low.shape == (len(AXIS) - 2,) * 2
    np.testing.assert_allclose(found.low, low, atol=1e-12)
    np.testing.assert_allclose(found.high, high, atol=1e-12)
    assert negative_share(found) == 1.0
    assert negative_weight(found) == pytest.approx(-low / (high - low))


def test_the_share_is_that_of_the_points_that_bend_down():
    """A cubic bends down where its argument is below 0, the other axis up."""
    found = principal_curvatures(A**3 + B**2, STEP)
    np.testing.assert_allclose(found.low, np.minimum(6 * A, 2)[1:-1, 1:-1], atol=1e-12)
    inner = AXIS[1:-1]
    assert negative_share(found) == pytest.approx((inner < 0).mean())
    down = 6 * np.abs(inner[inner < 0]).sum()
    up = 6 * inner[inner > 0].sum() + 2 * len(inner)
    assert negative_weight(found) == pytest.approx(down / (down + up))


@pytest.mark.parametrize("level", [0.0, 2.3, 500.0])
def test_what_float32_rounds_bends_nowhere(level):
    rounded = np.random.default_rng(0).uniform(-4, 4, A.shape) * np.finfo(np.float32).eps
    found = principal_curvatures(level + rounded * (level + 1), STEP)
    assert (found.low < 0).any()
    assert negative_share(found) == 0.0
    assert math.isnan(negative_weight(found))


def test_losses_that_are_no_numbers_are_left_out():
    losses = -(A**2)
    losses[0, 0] = np.inf
    found = principal_curvatures(losses, STEP)
    assert np.isnan(found.low[0, 0])
    assert np.isfinite(found.low).sum() == found.low.size - 1
    assert negative_share(found) == 1.0
    # the other axis does not bend at all
    assert negative_weight(found) == 1.0
    nothing = PlaneCurvature(*(np.full((2, 2), np.nan) for _ in range(3)))
    assert math.isnan(negative_share(nothing))
