"""The loss on filter-normalised planes, and the ends of the Hessian's spectrum on them."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from escaping_minima.draws.streams import Streams
from escaping_minima.measures.loss_plane import LossPlane

BLOCK, ITEMS = 3, 24
MEASURE = LossPlane(images=10, batch=5, planes=2, points=3, curvature_points=3, products=2)
WEIGHTS = 170


@pytest.fixture(scope="module")
def rows():
    return Streams("loss_plane", BLOCK).generator("images", 0).permutation(ITEMS)[:10]


def moved(module, plane, alpha, beta):
    """Return a network moved along directions that are made filter by filter."""
    found = copy.deepcopy(module)
    own = [p.data.clone() for p in found.parameters()]
    for axis, step in enumerate((alpha, beta)):
        streams = Streams("loss_plane", BLOCK).generator("direction", 2 * plane + axis)
        drawn, place = streams.standard_normal((1, WEIGHTS), np.float32), 0
        for weights, parameter in zip(own, found.parameters(), strict=True):
            d = torch.from_numpy(drawn[0, place : place + weights.numel()].copy())
            place += weights.numel()
            if weights.ndim > 1:
                length = weights.flatten(1).norm(dim=1, keepdim=True)
                d = d.view(len(weights), -1)
                d = d / d.norm(dim=1, keepdim=True) * length
                parameter.data += step * d.view(weights.shape)
    return found


def test_losses_are_those_of_the_moved_network(tiny_network, tiny_module, tiny_task, rows):
    measure = LossPlane(images=10, batch=4, planes=2, points=5, reach=0.8, curvature_points=0)
    found = measure.at_state_of(tiny_network, tiny_task, BLOCK)
    steps = [-0.8, -0.4, 0, 0.4, 0.8]
    points = [(p, a, b) for p in range(2) for a in steps for b in steps]
    assert found["plane"] == [p for p, _, _ in points]
    assert found["alpha"] == pytest.approx([a for _, a, _ in points])
    assert found["beta"] == pytest.approx([b for _, _, b in points])
    losses = []
    for point in points:
        with torch.no_grad():
            outputs = moved(tiny_module, *point)(tiny_task.inputs[rows])
        losses.append(float(functional.cross_entropy(outputs, tiny_task.targets[rows])))
    assert found["loss"] == pytest.approx(losses, rel=1e-4)
    assert found["loss"][12] == found["loss"][37]
    assert len(set(found["loss"])) == 49
    assert all(math.isnan(value) for value in found["lowest"])


def test_ends_of_the_spectrum_are_those_of_the_whole_hessian(
    tiny_network, tiny_module, tiny_task, dense_hessian, rows
):
    measure = LossPlane(10, 5, points=5, reach=0.2, curvature_points=3, products=40)
    found = measure.at_state_of(tiny_network, tiny_task, BLOCK)
    steps = (-0.2, -0.1, 0.0, 0.1, 0.2)
    for place, (alpha, beta) in enumerate((a, b) for a in steps for b in steps):
        asked = alpha in (-0.2, 0, 0.2) and beta in (-0.2, 0, 0.2)
        assert math.isfinite(found["lowest"][place]) == asked
        # a dense Hessian takes long: one side and the state itself
        if asked and (alpha < 0 or alpha == beta == 0):
            there = moved(tiny_module, 0, alpha, beta)
            exact = torch.linalg.eigvalsh(dense_hessian(there, torch.from_numpy(rows)))
            assert found["lowest"][place] == pytest.approx(float(exact[0]), rel=1e-3)
            assert found["highest"][place] == pytest.approx(float(exact[-1]), rel=1e-3)
            assert found["lowest_residual"][place] < 0.05 * abs(float(exact[0]))


def test_the_state_itself_is_on_every_plane_and_asked_about_once(tiny_network, tiny_task):
    measure = LossPlane(images=10, batch=10, planes=3, points=3)
    found = measure.at_state_of(tiny_network, tiny_task, BLOCK)
    at_home = [i for i, v in enumerate(found["lowest"]) if math.isfinite(v)]
    assert at_home == [4, 13, 22]
    assert [found["alpha"][i] for i in at_home] == [found["beta"][i] for i in at_home] == [0.0] * 3
    assert len({found["highest"][i] for i in at_home}) == 1


def test_nothing_is_moved_and_another_run_has_other_draws(tiny_network, tiny_task):
    before = {name: t.clone() for name, t in tiny_network.module.state_dict().items()}
    first = MEASURE.at_state_of(tiny_network, tiny_task, BLOCK)
    for name, tensor in tiny_network.module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert tiny_network.parameters[0].data_ptr() == tiny_network.w.data_ptr()
    again = MEASURE.at_state_of(tiny_network, tiny_task, BLOCK)
    for name, values in first.items():
        np.testing.assert_array_equal(again[name], values)
    # all items: the directions alone are left
    whole = LossPlane(images=ITEMS, points=3, curvature_points=0)
    one, two = (whole.at_state_of(tiny_network, tiny_task, block)["loss"] for block in (0, 1))
    assert one[4] == pytest.approx(two[4], rel=1e-6)
    assert one[0] != pytest.approx(two[0], rel=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"images": 0},
        {"batch": 0},
        {"planes": 0},
        {"products": 0},
        {"points": 1},
        {"points": 4},
        {"curvature_points": -1},
        {"curvature_points": 2},
        {"curvature_points": 9},
        {"curvature_points": 15},
        {"reach": 0.0},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        LossPlane(**{"points": 13} | settings)


@pytest.mark.parametrize(("coarse", "asked"), [(0, 0), (1, 1), (3, 2 * 8 + 1)])
def test_cost_is_that_of_the_passes(coarse, asked):
    measure = LossPlane(600, planes=2, points=5, curvature_points=coarse, products=7)
    assert measure.trained_images(500) == pytest.approx(500 * (2 * 25 / 3 + asked * 7 * 3))
