"""Barriers against flooding the surface on a grid, which knows nothing of saddles or flows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from escaping_minima.landscape.barriers import find_barriers
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem

FUNCTIONS = ("himmelblau", "three_hump_camel", "six_hump_camel")
#: The box around all stationary points, with a margin, and points along each axis.
BOXES = {"himmelblau": (4.6, 4.6), "three_hump_camel": (2.3, 2.3), "six_hump_camel": (2.2, 1.3)}
SIDE = 501


def flooded_barrier(name: str, index: int) -> float:
    """Raise the water until the pool around a minimum holds another one, by bisection."""
    function = make_problem(name, {})
    axes = [np.linspace(-reach, reach, SIDE) for reach in BOXES[name]]
    height = function.value(*np.meshgrid(*axes, indexing="ij"))
    minima = [p for p in stationary_points(function) if p.kind == "minimum"]
    cells = [
        tuple(np.abs(a - z).argmin() for a, z in zip(axes, (p.x, p.y), strict=True)) for p in minima
    ]
    low, high = 0.0, float(height.max())
    for _ in range(30):
        middle = (low + high) / 2
        pools, _ = ndimage.label(height < minima[index].value + middle, np.ones((3, 3)))
        own = pools[cells[index]]
        met = own > 0 and any(pools[c] == own for i, c in enumerate(cells) if i != index)
        low, high = (low, middle) if met else (middle, high)
    return high


@pytest.mark.parametrize("name", FUNCTIONS)
def test_barriers_are_the_heights_at_which_pools_meet(name):
    barriers = find_barriers(make_problem(name, {}))
    minima = [p.label for p in stationary_points(make_problem(name, {})) if p.kind == "minimum"]
    assert [b.minimum for b in barriers] == minima
    for index, barrier in enumerate(barriers):
        assert barrier.height == pytest.approx(flooded_barrier(name, index), rel=5e-3)


def test_the_flattest_pair_of_the_six_hump_function_is_the_shallowest():
    barriers = {b.minimum: b for b in find_barriers(make_problem("six_hump_camel", {}))}
    assert barriers["LM1"].height == pytest.approx(0.125, abs=5e-4)
    assert barriers["LM2"].height == pytest.approx(barriers["LM1"].height, abs=1e-9)
    assert min(b.height for n, b in barriers.items() if n not in ("LM1", "LM2")) > 0.7


def test_saddles_are_the_published_ones():
    # saddle values of workflow/reference: 13.311926 beside GM1 and GM2, whose value is 0
    barriers = {b.minimum: b for b in find_barriers(make_problem("himmelblau", {}))}
    assert barriers["GM1"].saddle == barriers["GM2"].saddle == "S1"
    assert barriers["GM1"].height == pytest.approx(13.311926, abs=1e-6)
    assert barriers["GM4"].height == pytest.approx(104.015163, abs=1e-6)


def test_a_changed_setting_has_barriers_of_its_own():
    usual, printed = (
        find_barriers(make_problem("three_hump_camel", {"coefficient": c})) for c in (1.05, 1.04)
    )
    # (0.877362 - 0.298638) and (0.890780 - 0.389945)
    assert usual[1].height == pytest.approx(0.578723, abs=1e-5)
    assert printed[1].height == pytest.approx(0.500834, abs=1e-5)
