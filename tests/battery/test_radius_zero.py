"""With a radius of 0 every method that has one walks the path of gradient descent, bit for bit."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from escaping_minima.engine.side_by_side import join
from escaping_minima.parts.registry import make_method, part_class
from escaping_minima.vouching.cases import registered

WITH_RADIUS = [
    name
    for name in registered("methods")
    if "radius" in {entry.name for entry in fields(part_class("methods", name))}
]
#: Other readings that a method has beside its usual one.
READINGS = [
    *((name, {}) for name in WITH_RADIUS),
    ("nim", {"since_last_perturbation": True}),
    ("sam", {"restore": False}),
    ("nig_mbh", {"compare": "perturbed_point"}),
    ("nim_mbh", {"compare": "perturbed_point"}),
]
#: A perturbation of these is a step along the gradient, which counts as an evaluation only.
STEPS_BETWEEN_SEARCHES = ("nig_bh", "nig_mbh")
STEPS = 40


def walk(battery, method, steps):
    """Return where a method is after each step, (steps + 1, rows, 2), and its evaluations."""
    found = battery.PROBLEMS["himmelblau"]
    one = battery.Walk(method, found, battery.starts(found))
    path, evaluations = [one.w.clone()], [torch.zeros(battery.ROWS, dtype=torch.long)]
    for _ in range(steps):
        one.go(1)
        path.append(one.w.clone())
        evaluations.append(torch.tensor(one.objective.asked["gradient"]))
    one.finish()
    return torch.stack([*path, one.w.clone()]), torch.stack(evaluations)


@pytest.fixture(scope="module")
def descent(battery):
    """The path of gradient descent, long enough for methods that take two steps in one."""
    step = battery.busy("methods", WITH_RADIUS[0]).learning_rate
    return walk(battery, make_method("gd", {"learning_rate": step}), 2 * STEPS)[0]


def test_the_methods_of_the_paper_are_among_them():
    paper = {"nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh"}
    assert paper <= set(WITH_RADIUS)


@pytest.mark.parametrize(("name", "settings"), READINGS, ids=str)
def test_the_path_is_that_of_gradient_descent(battery, descent, name, settings):
    method = replace(battery.busy("methods", name), radius=0.0, **settings)
    path, evaluations = walk(battery, method, STEPS)
    twice = name in STEPS_BETWEEN_SEARCHES
    for step in range(STEPS + 1):
        at = evaluations[step] if twice else torch.full((battery.ROWS,), step)
        # equal values: adding 0 to -0.0 may change its sign, and moves nothing
        assert torch.equal(path[step], descent[at, torch.arange(battery.ROWS)])
    assert torch.equal(path[STEPS + 1], path[STEPS])
    if twice:
        assert evaluations[STEPS].min() > STEPS + 3


def test_with_a_radius_the_same_settings_leave_that_path(battery, descent):
    for name in WITH_RADIUS:
        path, _ = walk(battery, replace(battery.busy("methods", name), radius=0.3), STEPS)
        assert (path[STEPS] - descent[: 2 * STEPS + 1]).abs().amax(2).min() > 0


@pytest.mark.parametrize("name", WITH_RADIUS)
def test_beside_other_radii_it_does_the_same(battery, name):
    alone = replace(battery.busy("methods", name), radius=0.0)
    found = battery.PROBLEMS["himmelblau"]
    both = torch.cat([battery.starts(found)] * 2)
    joined = join([alone, replace(alone, radius=0.3)], battery.ROWS, battery.CPU)
    noise = torch.ones(2 * battery.ROWS, 2, dtype=torch.float64)
    ends = []
    for method, w in ((alone, battery.starts(found)), (joined, both)):
        one = battery.Walk(method, found, w)
        one.noise = battery.SameNoise(noise[: len(w)])
        ends.append(one.go(STEPS).finish().w[: battery.ROWS])
    assert torch.equal(*ends)
