"""The cells of simulated annealing: settings by the rules, and temperatures at both ends."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from escaping_minima.landscape.barriers import find_barriers
from escaping_minima.landscape.curve import curve_points
from escaping_minima.landscape.stationary import stationary_points
from escaping_minima.parts.registry import make_problem
from escaping_minima.studies.batch_increase.annealing_cells import (
    CURVE,
    FRAMES,
    FROZEN,
    MOMENTS,
    SEARCHES,
    annealing_items,
)


def ways_out(problem):
    """Return the height of the barrier of each minimum, and how far its top is."""
    made = make_problem(problem, {})
    if problem == CURVE:
        points = curve_points(made)
        pairs = [
            (a, b)
            for low, high in pairwise(points)
            for a, b in ((low, high), (high, low))
            if a.kind == "minimum"
        ]
        return [(b.value - a.value, abs(b.x - a.x)) for a, b in pairs]
    points = {point.label: point for point in stationary_points(made)}
    found = []
    for barrier in find_barriers(made):
        low, top = points[barrier.minimum], points[barrier.saddle]
        found.append((top.value - low.value, np.hypot(top.x - low.x, top.y - low.y)))
    return found


def two_digits(value):
    return float(f"{value:.2g}")


@pytest.mark.parametrize("problem", FRAMES)
def test_settings_are_what_the_rules_give(problem):
    heights, distances = zip(*ways_out(problem), strict=True)
    frame = FRAMES[problem]
    assert frame.hot == two_digits(max(heights))
    assert frame.cold == two_digits(min(heights) / 100)
    assert frame.deviation == two_digits(min(distances) / 2)


def test_every_search_is_made_of_every_problem_once():
    planned = annealing_items(2)
    names = [(p.labels["strategy"], p.labels["variant"]) for p in planned]
    assert sorted(names) == sorted((p, v) for p in FRAMES for v in SEARCHES)
    assert len({p.cell.id for p in planned}) == len(planned)
    assert {p.blocks for p in planned} == {2}
    assert {p.labels["role"] for p in planned} == {"annealing"}
    # the cooled search of every problem comes first
    assert {v for _, v in names[: len(FRAMES)]} == {"cooled"}
    assert annealing_items(0) == []


@pytest.mark.parametrize("planned", annealing_items(1), ids=lambda p: "-".join(p.labels.values()))
def test_temperatures_begin_and_end_as_the_search_says(planned):
    frame = FRAMES[planned.labels["strategy"]]
    search = SEARCHES[planned.labels["variant"]]
    degrees = {"hot": frame.hot, "cold": frame.cold, "frozen": FROZEN}
    settings, steps = planned.cell.method_settings, planned.cell.steps
    last = settings["temperature"] * settings["cooling"] ** (steps - 1)
    assert settings["temperature"] == degrees[search.first]
    assert last == pytest.approx(degrees[search.last], rel=1e-6)
    assert settings["floor"] <= last
    assert steps % MOMENTS == 0
    assert {o["settings"]["every"] for o in planned.cell.observers} == {steps // MOMENTS}
