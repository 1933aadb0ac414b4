"""What every schedule must be: a factor between 0 and 1, known from the position alone."""

from __future__ import annotations

import math

import pytest

from escaping_minima.parts.registry import make_part
from escaping_minima.vouching.cases import PART_SETTINGS, registered

SCHEDULES = registered("schedules")
#: Settings beside the defaults.
MORE = {
    "cosine": [{"warm_up": 0.2}],
    "cooling": [{"alpha": 1.0}],
    "steps": [{"epochs": (2, 5), "by": 0.5}],
}
CASES = [
    (name, s) for name in SCHEDULES for s in ({}, PART_SETTINGS.get(name, {}), *MORE.get(name, []))
]


def factors(schedule, epochs=6, updates=4):
    places = [(e, u / updates) for e in range(1, epochs + 1) for u in range(updates)]
    return [schedule.factor(e, epochs, (e - 1 + part) / epochs) for e, part in places]


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_factors_are_finite_floats_in_their_range(name, settings):
    found = factors(make_part("schedules", name, settings))
    assert {type(factor) for factor in found} == {float}
    assert all(math.isfinite(factor) and 0.0 <= factor <= 1.0 for factor in found)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_a_factor_depends_on_the_position_alone(name, settings):
    one, other = (make_part("schedules", name, settings) for _ in range(2))
    assert factors(one) == factors(other) == factors(one)


def test_schedules_go_as_they_say():
    steps = make_part("schedules", "steps", {"epochs": (2, 5), "by": 0.5})
    assert factors(steps, updates=1) == [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
    cooling = make_part("schedules", "cooling", {"alpha": 0.5})
    assert factors(cooling, 3, 2) == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    cosine = make_part("schedules", "cosine", {})
    assert factors(cosine, 2, 2) == pytest.approx(
        [1.0, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]
    )
    warm = make_part("schedules", "cosine", {"warm_up": 0.5})
    assert factors(warm, 1, 4) == pytest.approx([0.0, 0.5, 1.0, 0.5])
