"""Stationary points and basins of the curve, against its source and against descents."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.landscape.curve import curve_basins, curve_points
from escaping_minima.problems.gentle_curve import GentleCurve


def test_points_are_those_that_the_source_gives():
    points = curve_points(GentleCurve())
    assert [p.kind for p in points] == ["minimum", "maximum", "minimum"]
    assert [p.x for p in points] == pytest.approx([4.07, 4.61, 9.0], abs=5e-3)
    assert [p.value for p in points] == pytest.approx([0.633, 0.905, 0.0], abs=5e-4)


def test_starts_lie_in_the_basin_of_the_local_minimum():
    curve = GentleCurve()
    assert curve_basins(curve, np.array([*curve.lower, 2.0, *curve.upper])).tolist() == [0, 0, 0]


def test_basins_are_where_descents_end():
    curve = GentleCurve()
    starts = np.linspace(-2, 20, 401)
    x = starts.copy()
    for _ in range(8_000):
        x -= 0.05 * curve.slope(x)
    minima = np.array([p.x for p in curve_points(curve) if p.kind == "minimum"])
    nearest = np.abs(x[:, None] - minima).argmin(1)
    assert np.abs(x - minima[nearest]).max() < 1e-3
    assert (curve_basins(curve, starts) == nearest).all()
    assert set(nearest) == {0, 1}


def test_without_a_well_there_is_one_minimum():
    (point,) = curve_points(GentleCurve(depth=0.0))
    assert (point.kind, point.x) == ("minimum", pytest.approx(9.0))


def test_what_is_no_number_has_no_basin():
    assert curve_basins(GentleCurve(), np.array([np.nan, 9.0])).tolist() == [-1, 1]


def test_points_that_do_not_close_a_curve_are_refused():
    class Slope:
        reach = (0.0, 1.0)

        def height(self, x):
            return x**2

        def slope(self, x):
            return np.where(x < 0.3, 1.0, -1.0)

    with pytest.raises(ArithmeticError, match="do not close"):
        curve_points(Slope())
