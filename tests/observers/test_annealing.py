"""What is recorded of tested moves, against a list of moves written out; the epochs of a run."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.errors import UserError
from escaping_minima.observers.annealing import Annealing
from escaping_minima.observers.losses import Losses
from escaping_minima.parts.registry import make_method, make_part, make_problem
from escaping_minima.schedules.batch_sizes import BatchSizes

#: Updates of an epoch, and the moves of two epochs: which, by how much worse, probability, kept.
UPDATES = 4
MOVES = [
    (0, -0.5, 1.0, True),
    (2, 0.03, 0.6, True),
    (2, 0.05, 0.4, False),
    (0, 20.0, 0.001, False),
    (1, math.nan, math.nan, True),
    (1, 1e-12, 1.0, True),
    (1, 1e6, 0.0, False),
    (0, 0.0, 1.0, True),
]
NAMES = ("move", "worsening", "probability", "accepted")


class Scripted:
    """Says of each step what the list says of it."""

    def __init__(self):
        self.taken = 0
        self.epochs = []

    def start(self, w):
        column = w.new_zeros((1, 1))
        return {
            "move": column.long(),
            "worsening": column.clone(),
            "probability": column.clone(),
            "accepted": column.bool(),
            "tried": column.bool() | True,
        }

    def step(self, w, state, objective, noise):
        objective.gradient(w, torch.empty_like(w))
        for name, value in zip(NAMES, MOVES[self.taken], strict=True):
            state[name].fill_(value)
        self.taken += 1

    def end_epoch(self, state):
        self.epochs.append(self.taken)

    def finish(self, w, state, objective):
        pass


@pytest.fixture(scope="module")
def images():
    settings = {"data": "generated", "train_images": 10 * UPDATES, "test_images": 20}
    problem = make_problem("takase_mnist", settings)
    return problem, problem.select(load_images("mnist", "generated"))


@pytest.fixture
def train(runs, images):
    problem, data = images

    def go(method, observers=(), epochs=2, **more):
        sizes, watched = BatchSizes(10, 10), [Losses(), *observers]
        plan = runs.network_plan(problem, method, sizes, epochs, observers=watched, **more)
        return runs.train_network(plan, data)

    return go


def test_moves_are_counted_by_epoch_and_move(train):
    moves = pd.DataFrame(train(Scripted(), [Annealing(3)]).tables["moves"])
    expected = pd.DataFrame(
        {
            "epoch": [1, 1, 1, 2, 2, 2],
            "move": [0, 1, 2, 0, 1, 2],
            "tried": [2, 0, 2, 1, 3, 0],
            "accepted": [1, 0, 1, 1, 2, 0],
            "worse": [1, 0, 2, 0, 2, 0],
            "accepted_worse": [0, 0, 1, 0, 1, 0],
            "probability": [0.001, 0.0, 1.0, 0.0, 1.0, 0.0],
            "worsening": [20.0, 0.0, 0.08, 0.0, 1e6, 0.0],
        }
    )
    pd.testing.assert_frame_equal(moves[expected.columns], expected, rtol=1e-6)


def test_worsenings_are_counted_by_decades(train):
    """Quarters of decades from 1e-8 on: 0.03 and 0.05 lie in the 26th and 27th above it."""
    found = pd.DataFrame(train(Scripted(), [Annealing(3)]).tables["worsenings"])
    expected = pd.DataFrame(
        {
            "epoch": [1, 1, 1, 2, 2],
            "bin": [26, 27, 38, 0, 51],
            "accepted": [1, 0, 0, 1, 0],
            "rejected": [0, 1, 1, 0, 1],
        }
    )
    pd.testing.assert_frame_equal(found[expected.columns], expected)
    for value, index in ((0.03, 26), (0.05, 27), (20.0, 38)):
        assert 10 ** (-8 + (index - 1) / 4) <= value < 10 ** (-8 + index / 4)


def test_the_method_is_told_of_each_epoch(train):
    method = Scripted()
    train(method)
    assert method.epochs == [UPDATES, 2 * UPDATES]


def test_a_method_that_tests_nothing_is_refused(train):
    with pytest.raises(UserError, match="annealing needs 'accepted' in the state of the method"):
        train(make_method("gd", {}), [Annealing()])


class Ordered(Scripted):
    """Notes the items of each step, by the sum of their pixels."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def step(self, w, state, objective, noise):
        super().step(w, state, objective, noise)
        self.seen.append(objective._inputs.double().sum().item())


@pytest.mark.parametrize("reshuffle", [True, False])
def test_an_order_is_drawn_for_each_epoch_or_once(train, reshuffle):
    method = Ordered()
    train(method, reshuffle=reshuffle)
    first, second = method.seen[:UPDATES], method.seen[UPDATES:]
    assert (first == second) != reshuffle
    assert sum(first) == pytest.approx(sum(second))


def test_temperatures_of_a_run_are_those_of_the_paper(train):
    """T0 = 1 in the unit of a minibatch, times 0.8 after each epoch."""
    seen = []

    class Watched:
        def watch_training(self, run):
            watcher = type(Losses().watch_training(run))(run)
            watcher.updated = lambda: seen.append((float(run._moved[0].method.temperature), 10))
            return watcher

    cooling = make_part("schedules", "cooling", {"alpha": 0.8})
    train(make_method("sgd_sa", {}), [Watched()], 3, schedules={"temperature": cooling})
    mean = [temperature * items for temperature, items in seen[::UPDATES]]
    assert mean == pytest.approx([10.0, 8.0, 6.4])
