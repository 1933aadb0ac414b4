"""The slow reference of SSA, a search by random moves, against cases worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

#: What normalisation adds to the variance.
EPS = 1e-5


def numbers(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def softplus(x):
    return math.log1p(math.exp(x))


@pytest.fixture(scope="module")
def slow(root, load_module):
    return load_module(root / "tests" / "methods" / "annealing_torch.py")


#: One weight w, at first 1, with the loss w squared.
POINT = (numbers([1.0]), torch.tensor([0]))


def square(outputs, targets):
    return ((outputs[:, 0] - targets) ** 2).mean()


def search(slow, epochs, draws, uniforms, start=1.0, **settings):
    model = nn.Sequential(nn.Linear(1, 1, bias=False).double())
    model[0].weight.data = numbers([start])
    settings = {"radius": 0.5, "temperature": 2.0, "masks": None, "objective": square} | settings
    directions = [[numbers([draw])] for draw in draws]
    return slow.ssa(model, epochs, directions=directions, uniforms=uniforms, **settings)


def test_a_search_takes_the_better_side(slow):
    """To 1/2 by the way back, to 1/4 by the way there, kept worse at 3/4, lost at 5/4."""
    draws, uniforms = [1.0, -0.5, 2.0, 4.0], [0.99, 0.99, 0.77, 0.61]
    steps = search(slow, [[POINT] * 4], draws, uniforms)
    assert [step["weights"][0] for step in steps] == [0.5, 0.25, -0.75, -0.75]
    assert [step["l_old"] for step in steps] == [1.0, 0.25, 0.0625, 0.5625]
    assert [step["l_new"] for step in steps] == [0.25, 0.0625, 0.5625, 1.5625]
    assert [step["worse"] for step in steps] == [-0.75, -0.1875, 0.5, 1.0]
    probabilities = [1.0, 1.0, math.exp(-0.25), math.exp(-0.5)]
    assert [step["probability"] for step in steps] == pytest.approx(probabilities)
    assert [step["accepted"] for step in steps] == [True, True, True, False]
    assert {step["radius"] for step in steps} == {0.5}


def test_of_equal_sides_the_first_is_taken(slow):
    (step,) = search(slow, [[POINT]], [1.0], [0.0], start=0.0)
    assert step["weights"].tolist() == [0.5]


def test_a_search_knows_the_unit(slow):
    four = (torch.ones(4, 1, dtype=torch.float64), torch.zeros(4))
    for unit, share in (("share", 4.0), ("mean", 1.0)):
        (step,) = search(slow, [[four]], [4.0], [0.0], start=0.0, unit=unit)
        assert step["worse"] == 4.0
        assert step["probability"] == pytest.approx(math.exp(-4.0 / share / 2.0))


@pytest.mark.parametrize("idle", [4.0, 0.0])
def test_a_radius_drops_after_an_epoch_of_few_improvements(slow, idle):
    """Of two moves from 1/100 one improves, by the way back; one is too long, or of no length."""
    epochs = [[POINT] * 2] * 2
    draws, uniforms = [0.02, idle, 0.1, 0.1], [0.99] * 4
    for share, radius in ((0.0, 0.5), (0.5, 0.5), (0.6, 0.05)):
        chosen = {"start": 0.01, "drop_below": share, "temperature": 1e-9}
        steps = search(slow, epochs, draws, uniforms, **chosen)
        assert [step["worse"] < 0 for step in steps[:2]] == [True, False]
        assert [step["radius"] for step in steps] == [0.5, 0.5, radius, radius]


@pytest.mark.parametrize("refresh", [False, True])
def test_statistics_of_a_search_move_on_request_alone(slow, refresh):
    model = nn.Sequential(slow.MaskedDropout(), nn.BatchNorm1d(2).double())
    batch = (numbers([5.0, 1.0], [1.0, 5.0]), torch.tensor([0, 1]))
    masks = [torch.full((2, 2), 2.0, dtype=torch.float64)]
    direction = [numbers(-1.0, 0.0), numbers(0.0, 2.0)]
    chosen = {"radius": 0.5, "temperature": 1.0, "masks": masks, "refresh": refresh}
    (step,) = slow.ssa(model, [[batch]], directions=[direction], uniforms=[0.0], **chosen)
    # the factors make the mean 6 and the unbiased variance 32 for the pass that refreshes
    mean, variance = (0.6, 0.9 + 3.2) if refresh else (0.0, 1.0)
    assert step["statistics"] == pytest.approx([mean] * 2 + [variance] * 2)
    assert step["l_old"] == pytest.approx(softplus(-4 / math.sqrt(variance + EPS)))
    sides = []
    for sign in (0.5, -0.5):
        a, b = ((x - mean) / math.sqrt(variance + EPS) for x in (5.0, 1.0))
        margins = [(1 - sign) * a - b - 2 * sign, a - (1 - sign) * b + 2 * sign]
        sides.append(sum(softplus(-m) for m in margins) / 2)
    assert step["l_new"] == pytest.approx(min(sides))
