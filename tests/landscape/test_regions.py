"""Regions of curves and planes, against flows that are followed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from escaping_minima.landscape.barriers import find_barriers
from escaping_minima.landscape.basins import find_basins
from escaping_minima.landscape.curve import curve_basins, curve_points
from escaping_minima.landscape.evaluated import gradients_at, values_at
from escaping_minima.landscape.regions import NONE, regions, shares
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem

PLANES = ("himmelblau", "three_hump_camel", "six_hump_camel")


def box_of(problem, count, seed=0):
    low, high = np.array(problem.lower), np.array(problem.upper)
    return low + (high - low) * np.random.default_rng(seed).random((count, len(low)))


def minima_of(function):
    return [point for point in stationary_points(function) if point.kind == "minimum"]


@pytest.mark.parametrize("name", PLANES)
def test_planes_have_the_minima_and_the_ways_out_that_newton_finds(name):
    function = make_problem(name, {})
    found, minima = regions(function), minima_of(function)
    order = [np.argmin(np.hypot(*(found.minima - [p.x, p.y]).T)) for p in minima]
    assert sorted(order) == list(range(len(found.values)))
    places = np.array([[p.x, p.y] for p in minima])
    np.testing.assert_allclose(found.minima[order], places, atol=1e-5)
    np.testing.assert_allclose(found.values[order], [p.value for p in minima], atol=1e-8)
    assert [found.best[i] for i in order] == [p.label.startswith("GM") for p in minima]
    assert (np.diff(found.values) > -1e-6).all()
    heights = [barrier.height for barrier in find_barriers(function)]
    np.testing.assert_allclose(found.barriers[order], heights, rtol=3e-3)


@pytest.mark.parametrize("name", PLANES)
def test_planes_are_labelled_as_each_flow_says(name):
    function = make_problem(name, {})
    found, points = regions(function), box_of(function, 1500)
    places = np.array([[p.x, p.y] for p in minima_of(function)])
    index = np.hypot(*(found.minima[:, None] - places).transpose(2, 0, 1)).argmin(axis=1)
    labels = found.label(points)
    assert (labels != NONE).all()
    assert (index[labels] == find_basins(function, points)).mean() > 0.99


@pytest.mark.parametrize("name", ["gentle_plane", "random_waves"])
def test_any_problem_of_two_variables_has_a_map(name):
    problem = make_problem(name, {"dimension": 2, "waves": 32} if name == "random_waves" else {})
    found = regions(problem)
    assert len(found.values) >= 2
    np.testing.assert_allclose(gradients_at(problem, found.minima), 0.0, atol=1e-4)
    np.testing.assert_allclose(values_at(problem, found.minima), found.values)
    points, right = box_of(problem, 12), []
    for point, label in zip(points, found.label(points), strict=True):
        flow = solve_ivp(
            lambda t, w: -gradients_at(problem, w[None])[0], (0, 60), point, rtol=1e-6, atol=1e-8
        )
        nearest = np.hypot(*(found.minima - flow.y[:, -1]).T)
        assert nearest.min() < 0.1
        right.append(nearest.argmin() == label)
    assert sum(right) >= 11


def test_the_gentle_plane_has_the_well_and_the_bottom():
    problem = make_problem("gentle_plane", {})
    found = regions(problem)
    np.testing.assert_allclose(found.minima, [[9.0, 0.0], [4.068, 0.0]], atol=1e-3)
    assert found.best.tolist() == [True, False]
    # in the plane the way out of the well is the one of the curve along the axis
    top = curve_points(make_problem("gentle_curve", {}))[1].value
    np.testing.assert_allclose(found.barriers, top - found.values, rtol=2e-3)
    # beside the axis there is a way around
    assert found.label(np.array([[2.0, 0.0], [2.0, 2.0]])).tolist() == [1, 0]


@pytest.mark.parametrize("name", ["gentle_curve", "scattered_sum"])
def test_curves_are_cut_at_their_maxima(name):
    curve = make_problem(name, {})
    found, points = regions(curve), curve_points(curve)
    x = np.linspace(found.low[0] - 3, found.high[0] + 3, 2001)
    np.testing.assert_array_equal(found.label(x[:, None]), curve_basins(curve, x))
    first, top, last = points
    np.testing.assert_allclose(found.minima[:, 0], [first.x, last.x], atol=1e-9)
    np.testing.assert_allclose(found.barriers, [top.value - first.value, top.value - last.value])
    assert found.best.tolist() == [False, True]


def test_shares_are_those_of_the_box_of_starts():
    curve = make_problem("scattered_sum", {})
    low, high = curve.lower[0], curve.upper[0]
    right = (high - curve.top) / (high - low)
    np.testing.assert_allclose(shares(curve), [1 - right, right], atol=2e-3)
    plane = make_problem("six_hump_camel", {})
    drawn = np.bincount(regions(plane).label(box_of(plane, 20_000)), minlength=6) / 20_000
    np.testing.assert_allclose(shares(plane), drawn, atol=0.012)
    assert shares(plane).sum() == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(ValueError, match="more than two variables"):
        shares(make_problem("random_waves", {"dimension": 3}))


def test_what_has_left_for_good_is_nowhere():
    found = regions(make_problem("himmelblau", {}))
    far = [[np.nan, 0.0], [np.inf, 0.0], [0.0, -1e6], [1e300, 1e300]]
    assert found.label(np.array(far)).tolist() == [NONE] * 4
    # a little outside, the nearest point of the border says it
    beside = found.label(np.array([[14.0, 9.0], [10.0, 9.0]]))
    assert beside[0] == beside[1] != NONE


def test_of_more_variables_there_are_none():
    assert regions(make_problem("random_waves", {"dimension": 5})) is None
