"""The walks of the engine, in float32, against the slow ones in float64, point by point.

A sign step turns a last digit into another walk, so each point of the engine is judged anew.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from escaping_minima.draws.rows import NUMBERS
from escaping_minima.draws.streams import PAGE, Streams
from escaping_minima.engine.points_objective import PointsObjective
from escaping_minima.methods.gradient_walk import GradientWalk
from escaping_minima.methods.random_walk import RandomWalk
from escaping_minima.parts.registry import make_problem

#: Half a unit in the last place of float32.
EPS = 2.0**-24
ARCHITECTURES = [(width, depth) for width in (2, 4, 20) for depth in (1, 2, 3)]
STEPS = 5
#: Largest steps, of the range: one in a hundred and one in ten.
MICRO, MACRO = 0.02, 0.2


def lengths(name, block, problem, step, size):
    """Return the lengths of the moves of a block after a point, drawn by their names."""
    steps = max(1, min(PAGE, NUMBERS // (problem.BLOCK * problem.weights)))
    page, within = divmod(step, steps)
    shape = (steps, problem.BLOCK, problem.weights)
    drawn = Streams(name, block).generator("step", page).random(shape, dtype=np.float32)
    return drawn[within] * np.float32(size)


def ways(w, after, length):
    """Return +1 or -1 of each coordinate that moved; check that it moved by its length."""
    up, down = w + length, w - length
    assert ((after == up) | (after == down)).all()
    # where a length is lost in rounding, neither is told from the other
    return np.where(up == down, 0, np.where(after == up, 1, -1))


def rounding(slow, weights, width, depth):
    """Return how far the gradient on XOR in float32 may be from the exact one, each coordinate.

    A slope p - y is right to a few units in the last place of 1, and what an output of z shifts
    it by; a derivative of an output, and so what each pattern adds, to some relative errors.
    """
    layers = slow.unpack(np.float64(weights), slow.sizes_of(2, width, depth, 1))
    found = np.zeros(len(weights))
    for pattern, target in slow.XOR:
        inputs, sums = slow.forward(layers, pattern)
        steep = np.abs(slow.backward(layers, inputs, sums, [1.0]))
        slope = slow.cross_entropy_of_two(sums[-1], target)[1][0]
        reach = sum(np.abs(row) @ np.abs(inputs[-1]) for row in layers[-1][0])
        p = slope + target
        wrong = 4 * EPS + p * (1 - p) * 8 * depth * EPS * reach
        found += (wrong * steep + 64 * depth * EPS * abs(slope) * steep.max()) / 4
    return found


@pytest.mark.parametrize("bound", [1.0, 10.0])
@pytest.mark.parametrize(("width", "depth"), ARCHITECTURES)
def test_points_of_xor_are_the_slow_ones(slow_walks, walked, width, depth, bound):
    problem = make_problem("xor", {"width": width, "depth": depth, "bound": bound})
    size = bound * MICRO
    found = walked("xor", problem, GradientWalk(size), STEPS, blocks=(3,))
    (w,), (seen,) = found.w, found.seen
    assert np.abs(w[0]).max() <= bound
    told = 0
    for walk in {0, 1, problem.BLOCK // 2, problem.BLOCK - 1}:
        for step in range(STEPS):
            slow = slow_walks.judge_xor(w[step, walk], width, depth)
            allowed = rounding(slow_walks, w[step, walk], width, depth)
            loss, norm = seen["loss"][step, walk], seen["gradient_norm"][step, walk]
            assert loss == pytest.approx(slow.loss, rel=2e-5, abs=1e-6)
            away = abs(norm - np.linalg.norm(slow.gradient))
            assert away <= np.linalg.norm(allowed) + 1e-6 * norm
            if step == STEPS - 1:
                continue
            length = lengths("xor", 3, problem, step, size)[walk]
            way = ways(w[step, walk], w[step + 1, walk], length)
            clear = (np.abs(slow.gradient) > allowed) & (way != 0)
            assert (way == slow_walks.follow_gradient(slow.gradient))[clear].all()
            told += clear.sum()
    # most coordinates must have been told, or this shows little; many saturate in the wide range
    assert told > (0.7 if bound == 1 else 0.15) * 4 * (STEPS - 1) * problem.weights * 0.7


@pytest.mark.parametrize(("width", "depth"), [(2, 2), (20, 3)])
def test_gradients_of_exactly_zero_move_up(walked, width, depth):
    """At saturated points of the wide range, as the engine's own gradients say."""
    problem = make_problem("xor", {"width": width, "depth": depth, "bound": 10.0})
    found = walked("xor", problem, GradientWalk(10 * MICRO), 3)
    (w,) = found.w
    g = torch.empty(problem.BLOCK, problem.weights)
    zeros = 0
    for step in range(2):
        problem.surface(torch.device("cpu"), []).look(torch.from_numpy(w[step]), g)
        way = ways(w[step], w[step + 1], lengths("xor", 0, problem, step, 10 * MICRO))
        zero = (g.numpy() == 0) & (way != 0)
        assert (way[zero] == 1).all()
        zeros += zero.sum()
    assert zeros > 20


class Fed:
    """Draws that were made before."""

    def __init__(self, drawn):
        self.drawn = torch.from_numpy(drawn)
        self.step = 0

    def uniform_each(self, purpose):
        return self.drawn[self.step].clone()


@pytest.mark.parametrize("size", [MICRO, MACRO])
@pytest.mark.parametrize(("width", "depth"), ARCHITECTURES)
def test_whole_walks_in_float64_are_the_slow_ones(slow_walks, width, depth, size):
    """The same starts and draws in, the same paths out: method and problem alone."""
    problem = make_problem("xor", {"width": width, "depth": depth})
    walks, steps = 3, (80 if width < 20 else 12)
    rng = np.random.default_rng([width, depth])
    starts = rng.uniform(-1, 1, (walks, problem.weights))
    fed = Fed(rng.random((steps, walks, problem.weights)))
    method, w = GradientWalk(size), torch.from_numpy(starts.copy())
    objective = PointsObjective(problem, walks, w.device)
    state, path, losses = method.start(w), [], []
    for fed.step in range(steps):
        path.append(w.numpy().copy())
        losses.append(problem.values(w)[:, 0].numpy())
        method.step(w, state, objective, fed)
    for walk in range(walks):

        def at(number, weights):
            judged = slow_walks.judge_xor(weights, width, depth)
            return judged, judged, None

        points = slow_walks.walk(starts[walk], fed.drawn[:, walk].numpy() * size, at)
        for step, point in enumerate(points):
            assert path[step][walk] == pytest.approx(point.weights, abs=1e-12)
            assert losses[step][walk] == pytest.approx(point.loss, rel=1e-9, abs=1e-12)


def test_a_random_walk_keeps_its_ways(slow_walks, walked):
    """From where it started, coordinate by coordinate, towards the other side of the box."""
    problem = make_problem("xor", {})
    found = walked("xor", problem, RandomWalk(MACRO), 130, blocks=(2,))
    (w,), (seen,) = found.w, found.seen
    moves = [lengths("xor", 2, problem, step, MACRO) for step in range(130)]
    told = [ways(w[step], w[step + 1], moves[step]) for step in range(129)]
    mask = np.where(w[0] > 0, -1, 1)
    assert all(((way == mask) | (way == 0)).all() for way in told)
    assert 0.3 < (mask == 1).mean() < 0.7

    def at(number, weights):
        judged = slow_walks.judge_xor(weights, 2, 1)
        return judged, judged, None

    for walk in (0, 5):
        points = slow_walks.random_walk(w[0, walk], [m[walk] for m in moves], at, mask[walk])
        losses = [p.loss for p in points]
        assert seen["loss"][:, walk] == pytest.approx(losses, rel=1e-4, abs=1e-6)
        norms = [p.gradient_norm for p in points]
        assert seen["gradient_norm"][:, walk] == pytest.approx(norms, rel=1e-4, abs=1e-6)
    assert found.tables[0][""]["gradient_evaluations"].tolist() == [0] * 9


def drawn_items(purpose, block, problem, count, step):
    """Return the items that the walks of a block draw at a point."""
    page, within = divmod(step, PAGE)
    rng = Streams("mnist_walk", block).generator(purpose, page)
    return rng.integers(0, count, (PAGE, problem.BLOCK, problem.items))[within]


@pytest.mark.parametrize("draws", ["one", "two"])
@pytest.mark.parametrize(("width", "depth"), [(10, 1), (20, 2), (10, 3)])
def test_points_of_mnist_are_the_slow_ones(slow_walks, walked, mnist, width, depth, draws):
    problem, train, test = mnist(width=width, depth=depth, draws=draws)
    found = walked("mnist_walk", problem, GradientWalk(MICRO), 2, blocks=(1,))
    (w,), (seen,) = found.w, found.seen

    def judge(purpose, split, step, walk):
        items = drawn_items(purpose, 1, problem, len(split[1]), step)[walk]
        return slow_walks.judge_images(
            w[step, walk], width, depth, split[0][items], split[1][items]
        )

    for walk, step in ((0, 0), (13, 0), (24, 1)):
        followed = judge("train items", train, step, walk)
        recorded = followed if draws == "one" else judge("loss items", train, step, walk)
        tested = judge("test items", test, step, walk)
        here = {name: values[step, walk] for name, values in seen.items()}
        assert here["loss"] == pytest.approx(recorded.loss, rel=2e-5)
        assert here["train_accuracy"] == pytest.approx(recorded.accuracy)
        assert here["test_loss"] == pytest.approx(tested.loss, rel=2e-5)
        assert here["test_accuracy"] == pytest.approx(tested.accuracy)
        norm = np.linalg.norm(followed.gradient)
        assert here["gradient_norm"] == pytest.approx(norm, rel=2e-5)
        if step == 0:
            length = lengths("mnist_walk", 1, problem, 0, MICRO)[walk]
            way = ways(w[0, walk], w[1, walk], length)
            # pixels that are 0 in all images have a gradient of 0: their weights go up
            clear = (np.abs(followed.gradient) > 1e-5 * norm) | (followed.gradient == 0)
            clear &= way != 0
            assert (way == slow_walks.follow_gradient(followed.gradient))[clear].all()
            assert clear.mean() > 0.5
