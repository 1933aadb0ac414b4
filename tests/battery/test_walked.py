"""What every problem that is walked over must do."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.draws.streams import Streams
from escaping_minima.parts.registry import make_problem, part_class
from escaping_minima.vouching.cases import registered
from escaping_minima.vouching.walk_cases import is_walked

CPU = torch.device("cpu")
FEW = {"data": "generated", "train_images": 50, "test_images": 40, "items": 6}


@pytest.fixture(params=[name for name in registered("problems") if is_walked(name)])
def walked(request):
    own = {f.name for f in fields(part_class("problems", request.param))}
    return request.param, make_problem(
        request.param, {name: value for name, value in FEW.items() if name in own}
    )


def looks(name, problem, blocks=(0, 4), steps=(0, 1, 0, 130)):
    """Look at the same points in some steps; return all that was seen, and gradients."""
    data = load_images(problem.DATA_SET, "generated") if problem.DATA_SET else None
    placed = problem.place(problem.select(data), CPU)
    surface = problem.surface(placed, [Streams(name, block) for block in blocks])
    shape = (len(blocks) * problem.BLOCK, problem.weights)
    # the same points for each block
    unit = torch.rand(problem.BLOCK, problem.weights, generator=torch.Generator().manual_seed(3))
    w = (unit.mul_(2).sub_(1) * problem.bound).repeat(len(blocks), 1)
    found = []
    for step in steps:
        g = torch.full(shape, float("nan"))
        surface.begin(step)
        found.append({**surface.look(w, g), "gradient": g})
    return found


def test_what_is_seen_is_of_the_step_and_the_block_alone(walked):
    name, problem = walked
    first, second, again, later = looks(name, problem)
    alone = looks(name, problem, blocks=(4,))[0]
    for key, values in first.items():
        assert values.isfinite().all()
        assert values.dtype == torch.float32
        assert torch.equal(values, again[key])
        assert torch.equal(values[problem.BLOCK :], alone[key])
    is_drawn = bool(problem.DATA_SET)
    for other in (second, later):
        assert torch.equal(first["gradient"], other["gradient"]) != is_drawn
    halves = first["gradient"].split(problem.BLOCK)
    assert torch.equal(*halves) != is_drawn


def test_what_is_seen_has_a_name_and_a_shape(walked):
    name, problem = walked
    (seen,) = looks(name, problem, steps=(2,))
    images = {"test_loss", "train_accuracy", "test_accuracy"} if problem.DATA_SET else set()
    assert seen.keys() == {"loss", "gradient"} | images
    walks = 2 * problem.BLOCK
    assert all(values.shape == (walks,) for key, values in seen.items() if key != "gradient")


def test_nothing_of_a_look_comes_from_generators_without_a_name(walked):
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(looks(*walked))
        assert torch.equal(torch.get_rng_state(), before)
    for one, other in zip(*found, strict=True):
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_gradients_are_the_slopes_of_losses(walked):
    """Of what was drawn for a step; in float32, along the steepest way."""
    name, problem = walked
    data = load_images(problem.DATA_SET, "generated") if problem.DATA_SET else None
    surface = problem.surface(problem.place(problem.select(data), CPU), [Streams(name, 0)])
    w = torch.rand(problem.BLOCK, problem.weights, generator=torch.Generator().manual_seed(5))
    w.mul_(2).sub_(1)
    g, unused = torch.empty_like(w), torch.empty_like(w)
    surface.begin(3)
    surface.look(w, g)
    size = g.norm(dim=1, keepdim=True)
    way = g / size * 2e-2 / size.clamp(min=1)
    up, down = (surface.look(w + sign * way, unused)["loss"] for sign in (1, -1))
    slope = (up - down) / (2 * way.norm(dim=1))
    torch.testing.assert_close(slope, size[:, 0], rtol=0.02, atol=1e-4)
