"""A training run depends on its cell and its index alone; killing it anywhere changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch.backends import cudnn
from torch.backends.cuda import matmul

from escaping_minima.data.load import load_images
from escaping_minima.engine.numerics import settle
from escaping_minima.engine.run import Run
from escaping_minima.engine.session import Stopped
from escaping_minima.observers.watchers import TrainingWatcher
from escaping_minima.parts.registry import make_method
from escaping_minima.problems.takase_mnist import TakaseMnist
from escaping_minima.schedules.batch_sizes import BatchSizes

IMAGES = 100
SIZES = BatchSizes(10, 30)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data():
    problem = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    return problem.select(load_images("mnist", "generated"))


@pytest.fixture(scope="module")
def train(runs, data):
    """Train a block."""

    def train_one(
        method="adagrad", session=None, block=0, epochs=3, sizes=SIZES, device="cpu", **problem
    ):
        made = TakaseMnist(data="generated", train_images=IMAGES, test_images=60, **problem)
        rule = make_method(method, {"learning_rate": 0.01})
        plan = runs.network_plan(made, rule, sizes, epochs)
        return runs.train_network(plan, data, block, session, device)

    return train_one


@pytest.fixture(scope="module")
def whole(train):
    """Train a block of a method without a stop, once for all that compare with it."""
    return cache(train)


# batches an epoch: 10, 5, 4; so the first update, in an epoch, at a border, in the last epoch
@pytest.mark.parametrize(
    ("method", "stops"),
    [
        *(("adagrad", stops) for stops in ([0], [4], [10], [13], [18], [3, 5, 4])),
        # what others keep beside the weights and draw is kept in the same place
        *((method, stops) for method in ("sam", "nig") for stops in ([0], [3, 5, 4])),
    ],
)
def test_resumed_runs_give_the_same_bits(runs, train, whole, method, stops):
    """With batch normalisation and dropout on, which the network has."""
    session = runs.MemorySession()
    for stop in stops:
        # at the first question nothing runs yet
        session.should_stop = runs.StopAt(max(stop, 1))
        with pytest.raises(Stopped):
            train(method, session)
        assert session.saved
    session.should_stop = bool
    runs.assert_equal(train(method, session), whole(method))


def test_checkpoints_in_passing_change_nothing(runs, train, whole):
    session = runs.MemorySession(is_due=lambda key: True)
    runs.assert_equal(train(session=session), whole("adagrad"))
    assert session.saved


def test_curves_say_what_happened(whole):
    result = whole("adagrad")
    curves = result.curves
    assert curves["epoch"] == [0, 1, 2, 3]
    assert curves["batch_size"] == [0, 10, 20, 30]
    assert curves["updates"] == [0, 10, 15, 19]
    assert result.gradient_evaluations == 19
    assert result.loss_evaluations == 0
    assert result.parameters == 1_111_946
    assert math.isnan(curves["running_loss"][0])
    assert result.wrong.mean() * 100 == pytest.approx(curves["test_error"][-1])
    # ten classes at the start: about ln 10, with weights inside Glorot's bounds
    assert curves["test_loss"][0] == pytest.approx(math.log(10), abs=0.3)
    assert curves["weight_max"][0] == pytest.approx(math.sqrt(6 / (25 * (1 + 32))), rel=0.01)
    assert curves["parameter_min"][0] == curves["weight_min"][0]
    assert not result.diverged


def test_blocks_differ_and_methods_share_their_start(train):
    one, other = train(epochs=1), train(epochs=1, block=1)
    assert one.curves["test_loss"][0] != other.curves["test_loss"][0]
    plain = train("gd", epochs=1)
    assert plain.curves["test_loss"][0] == one.curves["test_loss"][0]
    assert plain.curves["test_loss"][1] != one.curves["test_loss"][1]


def test_runs_of_other_length_share_their_beginning(train):
    fixed = BatchSizes(10, 10)
    short = train(epochs=1, sizes=fixed)
    longer = train(epochs=2, sizes=fixed)
    for key, values in short.curves.items():
        np.testing.assert_array_equal(values, longer.curves[key][:2], err_msg=key)


RANDOM = BatchSizes(10, 30, order="random")


@pytest.mark.parametrize("stops", [[0], [3, 9]])
def test_a_run_in_random_order_resumes_with_the_same_bits(runs, train, stops):
    session, words = runs.MemorySession(), {"epochs": 4, "sizes": RANDOM, "block": 2}
    for stop in stops:
        session.should_stop = runs.StopAt(max(stop, 1))
        with pytest.raises(Stopped):
            train(session=session, **words)
    session.should_stop = bool
    resumed = train(session=session, **words)
    runs.assert_equal(resumed, train(**words))
    sizes = resumed.curves["batch_size"][1:]
    assert sorted(sizes) == [10, 16, 23, 30] != sizes


def test_a_run_draws_its_order_once_for_all_strategies(runs, data):
    problem = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    placed = problem.place(data, torch.device("cpu"))

    def places(block, last):
        sizes = replace(RANDOM, last=last)
        plan = runs.network_plan(problem, make_method("adagrad", {}), sizes, 20)
        of_run = Run(plan, placed, block, torch.device("cpu")).plan.sizes
        return np.argsort([of_run.size(epoch, 20) for epoch in range(1, 21)]).tolist()

    assert places(0, 30) == places(0, 500) != places(1, 30)


def test_an_order_is_drawn_beside_all_other_draws(train):
    """Sizes that do not change give the bits of a fixed size, whatever their order."""
    fixed = train(epochs=2, sizes=BatchSizes(20, 20)).curves
    for order in ("random", "decreasing"):
        curves = train(epochs=2, sizes=BatchSizes(20, 20, order=order)).curves
        assert curves["train_loss"] == fixed["train_loss"]


class Sums(TrainingWatcher):
    """Watches the sum of losses while training, update by update."""

    def watch_training(self, run):
        self.found, self.run = [], run
        return self

    def updated(self):
        self.found.append(float(self.run.running))


def test_a_last_batch_that_is_left_out_is_not_trained_on(runs, data):
    """100 images are 3 batches of 30 and a short one of 10."""
    problem = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    rule, sums = make_method("adagrad", {}), Sums()
    watched = {"observers": (*runs.USUAL, sums)}
    kept, left_out = (
        runs.network_plan(problem, rule, BatchSizes(30, 30, last_batch=what), 1, **watched)
        for what in ("kept", "left_out")
    )
    assert runs.train_network(kept, data).curves["updates"] == [0, 4]
    of_three = sums.found[2]
    curves = runs.train_network(left_out, data).curves
    assert curves["updates"] == [0, 3]
    # the mean of 90 losses, which are those of the first three batches
    assert curves["running_loss"][1] == pytest.approx(of_three / 90, rel=1e-12)


def test_a_loss_that_is_not_finite_ends_the_block_as_diverged(runs, data):
    made = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    rule = make_method("gd", {"learning_rate": 1e30})
    result = runs.train_network(runs.network_plan(made, rule, SIZES, 5), data)
    assert result.diverged
    assert result.curves["epoch"] == [0, 1]


def test_labels_in_random_order_leave_nothing_to_learn(train):
    """What is learnt from the generated images is gone with permuted labels."""
    fixed = {"epochs": 6, "sizes": BatchSizes(10, 10)}
    learnt = train(**fixed).curves["test_error"][-1]
    permuted = train(**fixed, permute_labels=True).curves["test_error"][-1]
    assert learnt < 40
    assert permuted > 70


def test_batch_norm_statistics_move_once_an_update(runs, data):
    """SAM evaluates twice; its first evaluation alone may move them."""
    made = TakaseMnist(data="generated", train_images=IMAGES, test_images=60)
    still = replace(made, batch_norm_momentum=1.0)
    seen = []
    for method in ("gd", "sam"):
        rule = make_method(method, {"learning_rate": 1e-12})
        plan = runs.network_plan(still, rule, BatchSizes(100, 100), 1)
        result = runs.train_network(plan, data)
        seen.append(result.curves["test_loss"][1])
    # with a step of nothing and momentum 1 the statistics are those of the one batch at the start
    assert seen[1] == pytest.approx(seen[0], rel=1e-5)


@pytest.fixture
def on_gpu(monkeypatch):
    """Set what training sets on a GPU, and take it back."""
    for part, name in ((cudnn, "deterministic"), (cudnn, "allow_tf32"), (matmul, "allow_tf32")):
        monkeypatch.setattr(part, name, getattr(part, name))
    threads = torch.get_num_threads()
    settle()
    yield
    torch.set_num_threads(threads)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("method", ["adagrad", "gd"])
def test_captured_updates_equal_eager_ones(runs, train, monkeypatch, on_gpu, method):
    words = {"epochs": 6, "sizes": BatchSizes(2, 2), "device": "cuda"}
    captured = train(method, **words)
    monkeypatch.setattr("escaping_minima.engine.capture.EAGER_FIRST", 10**9)
    runs.assert_equal(captured, train(method, **words))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("stop", [4, 60, 130])
def test_resumed_runs_on_a_gpu_give_the_same_bits(runs, train, on_gpu, stop):
    """Before an update is captured, after it, and in a later epoch: 50 updates an epoch."""
    words = {"sizes": BatchSizes(2, 2), "device": "cuda"}
    session = runs.MemorySession(runs.StopAt(stop))
    with pytest.raises(Stopped):
        train(session=session, **words)
    session.should_stop = bool
    runs.assert_equal(train(session=session, **words), train(**words))
