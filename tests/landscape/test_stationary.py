"""Stationary points against an exact solution, and against independent computed values."""

from __future__ import annotations

import pandas as pd
import pytest

from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem

CASES = [
    ("himmelblau", "himmelblau", {}),
    ("three_hump_camel", "three_hump_camel", {}),
    ("three_hump_camel_104", "three_hump_camel", {"coefficient": 1.04}),
    ("six_hump_camel", "six_hump_camel", {}),
]
REFERENCE_NAMES = {
    "Himmelblau": ("himmelblau", {}),
    "Three-Hump Camel (1.05)": ("three_hump_camel", {}),
    "Three-Hump Camel (1.04 as printed)": ("three_hump_camel", {"coefficient": 1.04}),
    "Six-Hump Camel": ("six_hump_camel", {}),
}


@pytest.mark.parametrize(("exact", "name", "settings"), CASES)
def test_points_are_those_of_the_exact_solution(slow_problems, exact, name, settings):
    found = sorted(stationary_points(make_problem(name, settings)), key=lambda p: (p.x, p.y))
    truth = slow_problems.stationary_points(exact)
    assert len(found) == len(truth)
    for point, true in zip(found, sorted(truth, key=lambda t: (t["x"], t["y"])), strict=True):
        assert (point.x, point.y) == pytest.approx((true["x"], true["y"]), abs=1e-9)
        assert point.kind == true["kind"]
        assert point.value == pytest.approx(true["value"], abs=1e-9)
        eigenvalues = (point.eigenvalue_min, point.eigenvalue_max)
        assert eigenvalues == pytest.approx(tuple(true["eigenvalues"]), abs=1e-7)


def reference(root, name):
    return pd.read_csv(root / "workflow/reference/inan2024-model-populations" / name)


def test_minima_agree_with_the_reference_table(root):
    """Labels too: global first, then local, flatter first; mirror images may swap."""
    for row in reference(root, "synthetic_minima_computed.csv").itertuples():
        name, settings = REFERENCE_NAMES[row.function]
        points = stationary_points(make_problem(name, settings))
        near = [p for p in points if abs(p.x - row.x) + abs(p.y - row.y) < 1e-5]
        assert len(near) == 1
        assert near[0].kind == "minimum"
        assert near[0].value == pytest.approx(row.f, abs=1e-6)
        assert near[0].trace == pytest.approx(row.hessian_trace, abs=1e-4)
        assert near[0].eigenvalue_max == pytest.approx(row.sharpness_max_eig, abs=1e-4)
        expected = {"LM_A1": "LM1", "LM_A2": "LM2", "LM_B1": "LM3", "LM_B2": "LM4"}
        assert near[0].label == expected.get(row.label, row.label)


def test_saddles_and_maxima_agree_with_the_reference_table(root):
    for row in reference(root, "synthetic_saddles_maxima_computed.csv").itertuples():
        name, settings = REFERENCE_NAMES[row.function]
        points = stationary_points(make_problem(name, settings))
        near = [p for p in points if abs(p.x - row.x) + abs(p.y - row.y) < 1e-4]
        assert [p.kind for p in near] == [row.kind]
        assert near[0].value == pytest.approx(row.f, abs=1e-5)


def test_a_missed_point_is_noticed():
    """A box that holds one hump only breaks the index sum."""
    with pytest.raises(ArithmeticError, match="sum to"):
        stationary_points(
            make_problem("three_hump_camel", {"lower": (0.9, -1.0), "upper": (1.3, 1.0)})
        )
