"""Updates in one launch: which are taken together, and that they have the bits of one at a time.

A GPU is not needed: what it captures is here done eagerly, in the same parts.
"""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.engine.capture import EAGER_FIRST, CapturedUpdate
from escaping_minima.engine.run import Run
from escaping_minima.engine.training import train
from escaping_minima.observers.loss_deviation import LossDeviation
from escaping_minima.observers.minibatch_losses import MinibatchLosses
from escaping_minima.parts.registry import make_method
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.schedules.cosine import Cosine

CPU = torch.device("cpu")
IMAGES = 100
PROBLEM = TakaseMnist(data="generated", train_images=IMAGES, test_images=20)


class Launched(CapturedUpdate):
    """Does eagerly what a GPU would replay, and notes how many updates each launch has."""

    def __init__(self, update, draws):
        self._update = update
        self._draws = draws
        self._seen = Counter()
        self._captured = {}
        self.counts = []

    def __call__(self, rows, bits, count):
        size = len(rows) // count
        assert count <= self.at_once(size)
        self._seen[size] += count
        self.counts.append((size, count))
        self._update(rows, [part.int() for part in bits], count)


@pytest.fixture(scope="module")
def placed():
    return PROBLEM.place(PROBLEM.select(load_images("mnist", "generated")), CPU)


@pytest.fixture
def trained(runs, placed):
    """Return a run that has ended, in launches or not, and the launches."""

    def make(method="adagrad", sizes=(2, 2), launched=True, item=0, **more):
        made = make_method(method, {"learning_rate": 0.01})
        plan = runs.network_plan(PROBLEM, made, BatchSizes(*sizes), 3, **more)
        with torch.no_grad():
            run = Run(plan, placed, 0, CPU)
            if launched:
                run._step = Launched(run._updates, run.draws)
            for _ in train(run):
                pass
            run.conclude()
        return run, run._step.counts if launched else []

    return make


def assert_same(runs, one, other):
    assert torch.equal(one.network.w, other.network.w)
    for name, buffer in other.network.buffers().items():
        assert torch.equal(one.network.buffers()[name], buffer), name
    runs.assert_equal(runs.result_of(one), runs.result_of(other))


@pytest.mark.parametrize("sizes", [(2, 2), (2, 12), (3, 3)])
def test_several_in_a_launch_have_the_bits_of_one_at_a_time(runs, trained, sizes):
    observers = (*runs.USUAL, MinibatchLosses(3))
    together, counts = trained(sizes=sizes, observers=observers)
    apart, _ = trained(sizes=sizes, launched=False, observers=observers)
    assert_same(runs, together, apart)
    assert together.at.updates == apart.at.updates == sum(count for _, count in counts) + 1
    if sizes == (2, 2):
        # ten to warm up, two launches of 16 and eight updates that fill none; 50 in an epoch
        assert counts[:EAGER_FIRST] == [(2, 1)] * EAGER_FIRST
        assert counts[EAGER_FIRST : EAGER_FIRST + 10] == [(2, 16)] * 2 + [(2, 1)] * 8
        # the last update of all is by itself, and no launch
        assert counts[-2:] == [(2, 16), (2, 1)]
    else:
        # short last batches are no part of a launch
        assert {count for _, count in counts} > {1}
        assert all(size * count <= IMAGES for size, count in counts)


def test_an_update_that_is_looked_at_is_by_itself(runs, trained):
    observers = (*runs.USUAL, LossDeviation(2))
    together, counts = trained(observers=observers)
    apart, _ = trained(launched=False, observers=observers)
    assert_same(runs, together, apart)
    # two of each of three epochs; that of the end is another
    assert sum(count for _, count in counts) == 3 * 50 - 3 * 2 - 1
    assert (2, 16) in counts


@pytest.mark.parametrize(
    ("method", "more"),
    [("adagrad", {"schedules": {"learning_rate": Cosine()}}), ("nig", {})],
)
def test_what_is_told_before_each_update_is_never_taken_together(trained, method, more):
    _, counts = trained(method, **more)
    assert {count for _, count in counts} == {1}


def test_a_resumed_run_goes_on_within_an_epoch(runs, trained, placed):
    whole, _ = trained()
    plan = runs.network_plan(
        PROBLEM, make_method("adagrad", {"learning_rate": 0.01}), BatchSizes(2, 2), 3
    )
    with torch.no_grad():
        run = Run(plan, placed, 0, CPU)
        run._step = Launched(run._updates, run.draws)
        steps = train(run)
        for _ in range(20):
            next(steps)
        assert run.at.item == 2 * (EAGER_FIRST + 2 * 16 + 7)
        resumed = Run(plan, placed, 0, CPU)
        resumed.restore(run.pack())
        for _ in train(resumed):
            pass
        resumed.conclude()
    assert_same(runs, resumed, whole)
