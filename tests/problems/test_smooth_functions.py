"""Smooth functions of the question against their formulas: random waves, and the gentle plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
import torch

from escaping_minima.draws.boxes import draw_in_box
from escaping_minima.draws.streams import Streams
from escaping_minima.landscape.curve import curve_points
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem

STREAMS = Streams("written out", 0)

# -------------------------------------------------------------------------------- random waves


def test_random_waves_are_the_sum_of_their_waves():
    problem = make_problem("random_waves", {"dimension": 3, "waves": 24, "instance": 4})
    streams = Streams("random_waves", 4)
    directions = streams.generator("directions", 3).standard_normal((24, 3)) / np.sqrt(3)
    phases = 2 * np.pi * streams.generator("phases", 3).random(24)
    w = draw_in_box(problem, STREAMS, "points", 6)
    waves = np.cos(w.numpy() @ directions.T + phases).sum(1) * np.sqrt(2 * 3 / 24)
    bowl = 0.1 / 2 * (w.numpy() ** 2).sum(1)
    np.testing.assert_allclose(problem.values(w)[:, 0], bowl + waves, rtol=1e-12)
    point = w[0].clone().requires_grad_()
    turned = torch.from_numpy(directions)

    def written(v):
        waves = torch.cos(turned @ v + torch.from_numpy(phases)).sum() * math.sqrt(2 * 3 / 24)
        return 0.1 / 2 * v @ v + waves

    hessian = torch.autograd.functional.hessian(written, point)
    torch.testing.assert_close(problem.hessians(w[:1])[0], hessian)
    (gradient,) = torch.autograd.grad(written(point), point)
    torch.testing.assert_close(problem.gradients(w[:1])[0], gradient)


@pytest.mark.parametrize("dimension", [2, 30])
def test_random_waves_have_the_covariance_that_is_described(dimension):
    """Over many instances, at two points a given distance apart."""
    apart = 0.8 * math.sqrt(dimension)
    pair = torch.zeros(2, dimension, dtype=torch.float64)
    pair[1, 0] = apart
    found = []
    for instance in range(400):
        settings = {"dimension": dimension, "instance": instance, "steepness": 1e-9}
        found.append(make_problem("random_waves", settings).values(pair)[:, 0].numpy())
    a, b = np.array(found).T / math.sqrt(dimension)
    # standard errors of 400: 0.07 for a variance, 0.05 for a covariance near this one
    assert a.var() == pytest.approx(1.0, abs=0.25)
    assert np.mean(a * b) == pytest.approx(math.exp(-(0.8**2) / 2), abs=0.2)


def test_points_of_random_waves_are_evaluated_as_they_are_alone():
    for dimension in (2, 11, 50):
        problem = make_problem("random_waves", {"dimension": dimension})
        w = draw_in_box(problem, STREAMS, "points", 9)
        for ask in (problem.values, problem.gradients, problem.hessians):
            for row in (0, 5, 8):
                assert torch.equal(ask(w[row : row + 1])[0], ask(w)[row])


# -------------------------------------------------------------------------------- gentle plane


def test_on_its_axis_the_plane_is_the_curve():
    plane, curve = make_problem("gentle_plane", {}), make_problem("gentle_curve", {})
    x = np.linspace(1.0, 10.0, 200)
    np.testing.assert_allclose(plane.value(x, 0 * x), curve.height(x), rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(plane.gradient(x, 0 * x)[0], curve.slope(x), rtol=1e-13, atol=1e-15)
    named = [(p.kind, p.x, p.y, p.value) for p in stationary_points(plane)]
    kinds = [("minimum", 0), ("saddle", 1), ("minimum", 2)]
    points = curve_points(curve)
    assert len(named) == len(points) == 3
    for kind, index in kinds:
        known = (kind, points[index].x, 0.0, points[index].value)
        assert any(
            one[0] == kind and one[1:] == pytest.approx(known[1:], abs=1e-9) for one in named
        )


def test_the_plane_has_the_derivatives_of_its_formula():
    x, y = sympy.symbols("x y")
    well = sympy.Rational(6, 10) * sympy.exp(-((x - 4) ** 2 + y**2) / sympy.Rational(16, 100))
    f = sympy.Rational(5, 100) * ((x - 9) ** 2 + y**2) - well
    plane = make_problem("gentle_plane", {})
    second = [sympy.diff(f, *by) for by in ((x, x), (x, y), (y, y))]
    for at in ((3.7, 0.2), (4.4, -0.5), (8.0, 1.0)):
        numbers = dict(zip((x, y), map(sympy.Rational, at), strict=True))
        exact = [float(e.evalf(30, subs=numbers)) for e in (f, sympy.diff(f, x), sympy.diff(f, y))]
        assert [plane.value(*at), *plane.gradient(*at)] == pytest.approx(exact, rel=1e-12)
        exact = [float(e.evalf(30, subs=numbers)) for e in second]
        assert list(plane.hessian(*at)) == pytest.approx(exact, rel=1e-12)


def test_a_path_beside_the_axis_steers_around_the_well():
    """Of starts on the far side some flow into the well and some past it."""
    plane = make_problem("gentle_plane", {})
    y = np.linspace(plane.start_lower[1], plane.start_upper[1], 21)
    x, y = np.full(21, plane.start_lower[0]), y.copy()
    for _ in range(6000):
        gx, gy = plane.gradient(x, y)
        x, y = x - 0.02 * gx, y - 0.02 * gy
    caught = np.abs(x - 4.07) < 0.01
    assert (caught | (np.abs(x - 9.0) < 0.01)).all()
    assert 0.3 < caught.mean() < 0.8
    # the well is in the middle
    assert caught[10]
    assert not caught[[0, -1]].any()
