"""The slow walks themselves: gradients against autograd, what they record against hand counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch


def network(width, depth, inputs, outputs):
    """Return the network as torch writes it, in float64."""
    layers, before = [], inputs
    for _ in range(depth):
        layers += [torch.nn.Linear(before, width), torch.nn.ELU()]
        before = width
    return torch.nn.Sequential(*layers, torch.nn.Linear(before, outputs)).double()


def autograd(net, weights, inputs, targets, criterion):
    """Return loss and gradient of a network with these weights."""
    torch.nn.utils.vector_to_parameters(torch.as_tensor(weights), net.parameters())
    loss = criterion(net(torch.as_tensor(inputs)), torch.as_tensor(targets))
    grads = torch.autograd.grad(loss, list(net.parameters()))
    return loss.item(), torch.nn.utils.parameters_to_vector(grads).numpy()


@pytest.mark.parametrize("width", [2, 4, 20])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("bound", [1.0, 10.0])
def test_xor_is_autograd(slow_walks, width, depth, bound):
    m = slow_walks.count_weights(slow_walks.sizes_of(2, width, depth, 1))
    weights = np.random.default_rng([width, depth]).uniform(-bound, bound, m)
    inputs = np.array([x for x, _ in slow_walks.XOR])
    targets = np.array([[float(y)] for _, y in slow_walks.XOR])
    criterion = torch.nn.BCEWithLogitsLoss()
    loss, gradient = autograd(network(width, depth, 2, 1), weights, inputs, targets, criterion)
    judged = slow_walks.judge_xor(weights, width, depth)
    assert judged.loss == pytest.approx(loss, rel=1e-12)
    assert judged.gradient == pytest.approx(gradient, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize(("width", "depth"), [(10, 1), (10, 3), (20, 2)])
def test_images_are_autograd(slow_walks, width, depth):
    rng = np.random.default_rng([width, depth, 1])
    images, labels = rng.uniform(0, 1, (8, 784)), rng.integers(0, 10, 8)
    m = slow_walks.count_weights(slow_walks.sizes_of(784, width, depth, 10))
    weights = rng.uniform(-1, 1, m)
    net = network(width, depth, 784, 10)
    loss, gradient = autograd(net, weights, images, labels, torch.nn.CrossEntropyLoss())
    judged = slow_walks.judge_images(weights, width, depth, images, labels)
    assert judged.loss == pytest.approx(loss, rel=1e-12)
    assert judged.gradient == pytest.approx(gradient, rel=1e-9, abs=1e-13)
    assert judged.accuracy == np.mean(net(torch.as_tensor(images)).argmax(1).numpy() == labels)


def test_a_network_that_solves_xor(slow_walks):
    """Hidden units 10(x + y) and 10(x + y) - 10, whose difference is the answer."""
    weights = [10.0, 10.0, 10.0, 10.0, 0.0, -10.0, 10.0, -20.0, -25.0]
    judged = slow_walks.judge_xor(weights, 2, 1)
    # outputs: -5 + ..., worked out by hand from ELU(-10), ELU(0), ELU(10)
    e = math.expm1(-10)
    z = [-25 - 20 * e, 100 - 25, 100 - 25, 200 - 200 - 25]
    by_hand = [math.log1p(math.exp(z[0])), 0, 0, math.log1p(math.exp(z[3]))]
    assert judged.loss == pytest.approx(sum(by_hand) / 4, rel=1e-9)
    assert judged.accuracy == 1.0


def test_directions(slow_walks):
    """Down the gradient, and up where it is zero, of either sign."""
    assert slow_walks.follow_gradient([1e-300, -1e-300, 0.0, -0.0]).tolist() == [-1, 1, 1, 1]


def test_first_point_is_the_start_and_moves_follow_records(slow_walks):
    """Three points by hand on a loss |w|^2 / 2, whose gradient is w."""

    def at(number, w):
        judged = slow_walks.Judged(number, 0.5, w)
        return judged, judged, None

    lengths = [[0.5, 0.25], [0.125, 1.0], [9.0, 9.0]]
    points = slow_walks.walk([0.5, -2.0], lengths, at)
    assert [p.weights.tolist() for p in points] == [[0.5, -2.0], [0.0, -1.75], [0.125, -0.75]]
    assert [p.loss for p in points] == [0, 1, 2]
    assert points[1].gradient_norm == 1.75
    points = slow_walks.random_walk([0.5, -2.0], lengths, at, [1, -1])
    assert [p.weights.tolist() for p in points] == [[0.5, -2.0], [1.0, -2.25], [1.125, -3.25]]


def test_tables_by_hand(slow_walks):
    losses = np.array([[0.5, 0.0005], [2.0, 0.0005]])
    norms = np.array([[0.04, 0.0], [math.inf, 0.009]])
    tests = np.array([[10.0, 0.0], [1.0, 100.0]])
    assert slow_walks.cloud(losses, norms, tests) == {
        (173, 152): [1, 1.0],
        (113, 0): [1, -9.0],
        (186, 359): [1, 0.0],
        (113, 139): [1, 2.0],
    }
    assert slow_walks.low(losses, norms) == {
        (0, 0): (2, 1),
        (1, 0): (2, 1),
        (2, 0): (2, 1),
        (2, 500): (1, 1),
        (3, 0): (2, 1),
        (3, 500): (1, 1),
    }
    falling = np.array([np.linspace(1, 0, 40), np.where(np.arange(40) < 36, 5.0, 3.0)]).T
    assert slow_walks.still(falling).tolist() == [False, True]
    assert slow_walks.course_steps(1000)[:3] == [0, 20, 41]
    assert slow_walks.course_steps(1000)[-1] == 999
