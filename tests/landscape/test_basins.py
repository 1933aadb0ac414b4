"""Basins by a fast flow against a stiff solver of the gradient flow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from escaping_minima.landscape.basins import NONE, count_basins, find_basins
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem


@pytest.mark.parametrize("name", ["himmelblau", "three_hump_camel", "six_hump_camel"])
def test_basins_are_those_of_the_gradient_flow(name):
    function = make_problem(name, {})
    rng = np.random.default_rng(5)
    points = rng.uniform(function.lower, function.upper, (40, 2))
    minima = np.array([[p.x, p.y] for p in stationary_points(function) if p.kind == "minimum"])
    found = find_basins(function, points)
    for point, label in zip(points, found, strict=True):
        flow = solve_ivp(
            lambda _, w: [-g for g in function.gradient(*w)],
            (0, 60),
            point,
            method="LSODA",
            rtol=1e-9,
            atol=1e-11,
        )
        end = flow.y[:, -1]
        assert np.hypot(*(minima - end).T).argmin() == label


def test_points_that_left_have_no_basin():
    function = make_problem("himmelblau", {})
    points = np.array([[1e9, 0.0], [np.nan, 1.0], [np.inf, 0.0], [3.0, 2.0]])
    assert find_basins(function, points).tolist() == [NONE, NONE, NONE, 0]


def test_distinct_basins_are_counted_along_a_path():
    function = make_problem("three_hump_camel", {})
    minima = {p.label: (p.x, p.y) for p in stationary_points(function) if p.kind == "minimum"}
    visits = [("GM1", "GM1"), ("LM1", "GM1"), ("GM1", "LM2"), ("LM1", "GM1")]
    path = np.array([[minima[a], minima[b]] for a, b in visits])
    assert count_basins(function, path).tolist() == [2, 2]
    assert count_basins(function, path[:, :1]).tolist() == [2]
    assert count_basins(function, path[:1]).tolist() == [1, 1]
    nowhere = np.full((3, 2, 2), np.nan)
    assert count_basins(function, nowhere).tolist() == [0, 0]
