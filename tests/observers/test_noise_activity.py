"""What is recorded of noise and of minibatches, against a loop that does each update twice."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.engine.run import Run
from escaping_minima.engine.session import Stopped
from escaping_minima.observers.losses import Losses
from escaping_minima.observers.minibatch_losses import MinibatchLosses
from escaping_minima.observers.noise_activity import NoiseActivity
from escaping_minima.parts.registry import make_method, make_part, make_problem
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds

CPU = torch.device("cpu")
IMAGES, SIZES, EPOCHS = 43, BatchSizes(8, 12), 2
#: With momentum and decay around them, under a rate that moves; decisions differ between updates.
SETTINGS = {
    "gd": {},
    "nig": {"radius": 5.0},
    "nim": {
        "radius": 0.5,
        "gradient_tolerance": 1e3,
        "patience": 1,
        "since_last_perturbation": True,
    },
    "nim_bh": {"radius": 0.5, "gradient_tolerance": 1e-9, "patience": 2},
    "nig_bh": {"radius": 20.0, "gradient_tolerance": 1e-9, "patience": 2},
    "nim_mbh": {"radius": 0.5, "gradient_tolerance": 1e-9, "patience": 2},
    "nig_mbh": {"radius": 20.0, "gradient_tolerance": 1e-9, "patience": 2},
    "sam": {"radius": 0.1},
}
SEARCHING = {name for name in SETTINGS if name.endswith("bh")}
DECAY = 0.02
COLUMNS = ("fired", "searches", "noise_ratio", "gradient_norm_10", "gradient_norm_50")
COLUMNS += ("gradient_norm_90", "gradient_evaluations")


@pytest.fixture(scope="module")
def data():
    settings = {"data": "generated", "train_images": IMAGES, "test_images": 10}
    problem = make_problem("takase_mnist", settings)
    return problem, problem.select(load_images("mnist", "generated"))


@pytest.fixture
def plan(runs, data):
    def make(name, observers=(), **more):
        settings = {"learning_rate": 0.05, **SETTINGS[name]}
        around = [make_part("modifiers", "weight_decay", {"rate": DECAY})]
        around.append(make_part("modifiers", "momentum", {}))
        rate = {"learning_rate": make_part("schedules", "cosine", {})}
        words = {"modifiers": around, "schedules": rate, **more}
        method = make_method(name, settings)
        watched = [Losses(), *observers]
        return runs.network_plan(data[0], method, SIZES, EPOCHS, observers=watched, **words)

    return make


class Twice:
    """A run of which each update is done without its noise, then with it."""

    def __init__(self, plan, data):
        self.plan = plan
        self.run = Run(plan, plan.problem.place(data, CPU), 0, CPU)
        self.seen = []
        with torch.no_grad():
            for epoch in range(1, EPOCHS + 1):
                self._epoch(epoch)

    def _epoch(self, epoch):
        size = SIZES.size(epoch, EPOCHS)
        self.run.begin_epoch(size)
        for begin, end in batch_bounds(IMAGES, size):
            kept = copy.deepcopy(self.run.pack())
            still, _ = self._update(begin, end, radius=0.0)
            self.run.restore(kept)
            moved, gradient = self._update(begin, end, radius=1.0)
            done = (epoch - 1 + begin / IMAGES) / EPOCHS
            rate = 0.05 * self.plan.schedules["learning_rate"].factor(epoch, EPOCHS, done)
            length = np.linalg.norm(gradient)
            self.seen.append(
                {
                    "epoch": epoch,
                    "norm": length,
                    "ratio": np.linalg.norm(moved - still) / (rate * length),
                    "loss": float(self.run.objective.first_loss),
                    "evaluations": self.run.objective.gradient_evaluations,
                }
            )
        self.run.end_epoch()

    def _update(self, begin, end, radius):
        """Return where the noise led to, before anything is done there, and the first gradient."""
        objective, noise = self.run.objective, self.run.noise
        where, gradients = [], []
        gradient, call = type(objective).gradient, type(noise).__call__

        def noted(w, out, mask=None, statistics=True, loss=None):
            if mask is None or bool(mask):
                where.append(w.double().numpy()[0].copy())
            gradient(objective, w, out, mask, statistics, loss)
            gradients.append((out.double() + DECAY * w.double()).numpy()[0].copy())

        class Scaled(type(noise)):
            def __call__(self, mask=None):
                return call(self, mask) * radius

        objective.gradient, noise.__class__ = noted, Scaled
        self.run.update(begin, end)
        del objective.gradient
        noise.__class__ = Scaled.__mro__[1]
        after = self.run.network.w.double().numpy()[0].copy()
        return ([*where, after])[1], gradients[0]


def expected_columns(twice, name):
    rows = pd.DataFrame(twice.seen)
    found = []
    for _, epoch in rows.groupby("epoch"):
        # SAM's second point is no noise; the same with and without it
        fired = epoch["ratio"] > 0
        quantiles = np.quantile(epoch["norm"], [0.1, 0.5, 0.9])
        searches = fired.sum() if name in SEARCHING else 0
        ratio = epoch["ratio"][fired].mean()
        last = epoch["evaluations"].iloc[-1]
        found.append([fired.mean(), searches, ratio, *quantiles, last])
    return np.array(found, float)


@pytest.mark.parametrize("name", SETTINGS)
def test_columns_and_curves_are_those_of_a_loop_written_out(runs, data, plan, name):
    twice = Twice(plan(name), data[1])
    observers = [NoiseActivity(), MinibatchLosses(3)]
    watched = runs.train_network(plan(name, observers), data[1])
    table = np.array([watched.curves[column] for column in COLUMNS]).T
    assert np.isnan(table[0, :-1]).all()
    assert table[0, -1] == 0
    expected = expected_columns(twice, name)
    np.testing.assert_allclose(table[1:], expected, rtol=1e-4)
    assert table[-1, -1] == watched.gradient_evaluations
    low, high = {"nig": (1, 1), "gd": (0, 0), "sam": (0, 0)}.get(name, (0.1, 0.9))
    assert ((low <= expected[:, 0]) & (expected[:, 0] <= high)).all()
    check_curve(watched.tables["curve"], pd.DataFrame(twice.seen))
    # who watches changes nothing, and the loop has done the same run
    plain = runs.train_network(plan(name), data[1])
    assert torch.equal(watched.run.network.w, plain.run.network.w)
    assert watched.loss_evaluations == plain.loss_evaluations
    assert watched.gradient_evaluations == plain.gradient_evaluations


def check_curve(curve, seen):
    assert len(seen) == 10
    ends = [4, 8, 10]
    assert curve["window"].tolist() == [0, 1, 2]
    assert curve["updates"].tolist() == ends
    assert curve["gradient_evaluations"].tolist() == [seen["evaluations"][end - 1] for end in ends]
    means = [seen["loss"][begin:end].mean() for begin, end in zip([0, 4, 8], ends, strict=True)]
    np.testing.assert_allclose(curve["loss"], means, rtol=1e-6)


@pytest.mark.parametrize("name", ["nim_bh"])
def test_stops_within_windows_and_searches_change_nothing(runs, data, plan, name):
    watched = plan(name, [NoiseActivity(), MinibatchLosses(4)])
    whole = runs.train_network(watched, data[1])
    session = runs.MemorySession()
    for stop in (2, 3, 1):
        session.should_stop = runs.StopAt(stop)
        with pytest.raises(Stopped):
            runs.train_network(watched, data[1], session=session)
    session.should_stop = bool
    runs.assert_equal(whole, runs.train_network(watched, data[1], session=session))


@pytest.mark.parametrize("name", ["nim", "nig_mbh"])
def test_nothing_is_read_back_in_an_update(battery_problems, data, plan, name):
    """Else a GPU would wait, and the update could not be captured."""
    watched = plan(name, [NoiseActivity(), MinibatchLosses(4)])
    run = Run(watched, watched.problem.place(data[1], CPU), 0, CPU)
    # on a GPU masks are not looked at
    run.objective._skips = run.noise._skips = False
    run.begin_epoch(8)
    with torch.no_grad(), battery_problems.NothingReadBack():
        for begin in (0, 8, 16, 24):
            run.update(begin, begin + 8)
    # and what is not read is counted on the device
    assert run.watchers[1]._gradients.item() == run.objective.gradient_evaluations


@pytest.fixture
def battery_problems(load_module, root):
    return load_module(root / "tests" / "battery" / "problems.py")


def test_a_method_without_a_gradient_has_no_norms(runs, data, plan):
    class Still:
        def start(self, w):
            return {"g": w.clone()}

        def step(self, w, state, objective, noise):
            objective.value(w, w.new_empty(1, 1))

        def finish(self, w, state, objective):
            pass

    made = plan("gd", [NoiseActivity()], schedules={}, modifiers=())
    found = runs.train_network(replace(made, method=Still()), data[1]).curves
    assert all(math.isnan(value) for value in found["gradient_norm_50"])
    assert found["fired"][1:] == [0.0, 0.0]
    assert found["gradient_evaluations"] == [0.0, 0.0, 0.0]


def test_a_run_that_diverges_has_fewer_windows(runs, data, plan):
    made = plan("gd", [MinibatchLosses(5)], schedules={})
    made = replace(made, method=make_method("gd", {"learning_rate": 1e30}))
    result = runs.train_network(made, data[1])
    assert result.diverged
    # six updates of the first epoch, in windows of two
    assert result.tables["curve"]["updates"].tolist() == [2, 4, 6]


def test_impossible_windows_are_named():
    with pytest.raises(ValueError, match=r"^windows is 0; allowed: 1 or more"):
        MinibatchLosses(0)
