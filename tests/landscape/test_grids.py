"""A grid has every point of the box, at its own value."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from escaping_minima.landscape.grids import grid_of
from escaping_minima.parts.registry import make_problem


def test_a_plane_is_a_full_grid_over_its_box():
    problem = make_problem("six_hump_camel", {})
    found = grid_of(problem, 7)
    points = set(zip(found["x"], found["y"], strict=True))
    assert len(points) == 49
    assert (min(points), max(points)) == (tuple(problem.lower), tuple(problem.upper))
    np.testing.assert_array_equal(found["value"], problem.value(found["x"], found["y"]))


def test_a_curve_is_shown_as_far_as_there_is_something_to_see():
    problem = make_problem("gentle_curve", {})
    found = grid_of(problem, 50)
    assert (found["x"][0], found["x"][-1]) == problem.reach
    assert np.isnan(found["y"]).all()
    np.testing.assert_allclose(found["value"], problem.height(found["x"]), rtol=1e-14)


def test_a_plane_may_reach_beyond_its_starts():
    problem = SimpleNamespace(
        lower=(0.0, 0.0),
        upper=(1.0, 1.0),
        reach=((0.5, 3.0), (-2.0, 0.5)),
        value=lambda x, y: x - y,
    )
    found = grid_of(problem, 3)
    assert sorted(set(found["x"])) == [0.0, 1.5, 3.0]
    assert sorted(set(found["y"])) == [-2.0, -0.5, 1.0]


def test_three_variables_have_no_picture():
    with pytest.raises(ValueError, match="has 3"):
        grid_of(SimpleNamespace(lower=(0.0,) * 3, upper=(1.0,) * 3))
