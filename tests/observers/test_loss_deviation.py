"""Losses of minibatches beside those of all items, against a loop that looks before each update."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional

from escaping_minima.data.load import load_images
from escaping_minima.engine.run import Run
from escaping_minima.engine.session import Stopped
from escaping_minima.observers.loss_deviation import LossDeviation
from escaping_minima.observers.losses import Losses
from escaping_minima.observers.minibatch_losses import MinibatchLosses
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds

CPU = torch.device("cpu")
IMAGES, SIZES, EPOCHS = 43, BatchSizes(6, 20), 2
#: Eight updates of 6 images, the last of 1 joining the one before: 7 of them; then 20, 20 and 3.
LOOKED_AT = {4: [1, 3, 5, 7, 8, 9, 10], 1: [4, 9]}


@pytest.fixture(scope="module")
def data():
    settings = {"data": "generated", "train_images": IMAGES, "test_images": 10}
    problem = make_problem("takase_mnist", settings)
    return problem, problem.select(load_images("mnist", "generated"))


@pytest.fixture
def plan(runs, data):
    def make(*observers, **more):
        method = make_method("adagrad", {"learning_rate": 0.01})
        return runs.network_plan(
            data[0], method, SIZES, EPOCHS, observers=[Losses(), *observers], **more
        )

    return make


@pytest.fixture(scope="module")
def expected(runs, data):
    """Return what a loop sees before each update and as the first loss of it."""
    method = make_method("adagrad", {"learning_rate": 0.01})
    plan = runs.network_plan(data[0], method, SIZES, EPOCHS, observers=[])
    run = Run(plan, plan.problem.place(data[1], CPU), 0, CPU)
    rows = []
    with torch.no_grad():
        for epoch in range(1, EPOCHS + 1):
            size = SIZES.size(epoch, EPOCHS)
            run.begin_epoch(size)
            for begin, end in batch_bounds(IMAGES, size):
                run.network.module.eval()
                inputs, targets = run.task.batch(torch.arange(IMAGES))
                outputs = run.network.module(inputs).double()
                each = functional.cross_entropy(outputs, targets, reduction="none").numpy()
                run.network.module.train()
                run.update(begin, end)
                rows.append(
                    {
                        "epoch": epoch,
                        "update": len(rows) + 1,
                        "batch_size": end - begin,
                        "training_loss": float(run.objective.first_loss),
                        "inference_loss": each[run.order[begin:end].numpy()].mean(),
                        "full_loss": each.mean(),
                        "sigma": each.std(),
                    }
                )
            run.end_epoch()
    return pd.DataFrame(rows).set_index("update", drop=False)


@pytest.mark.parametrize("parts", LOOKED_AT)
def test_rows_are_those_of_a_loop_that_looks_before_each_update(runs, data, plan, expected, parts):
    found = runs.train_network(plan(LossDeviation(parts)), data[1]).tables["deviations"]
    assert found["update"].tolist() == list(LOOKED_AT[parts])
    wanted = expected.loc[list(LOOKED_AT[parts])]
    assert set(found) == set(wanted)
    for name, values in found.items():
        np.testing.assert_allclose(values, wanted[name], rtol=2e-5, err_msg=name)
    apart = np.abs(wanted["training_loss"] - wanted["inference_loss"])
    assert (apart > 1e-3).all(), "modes do not differ here"


def test_who_looks_changes_no_bit_and_counts_nothing(runs, data, plan):
    plain = runs.train_network(plan(MinibatchLosses(3)), data[1])
    # around it and within it, as observers wrap methods in their order
    for observers in ((LossDeviation(), MinibatchLosses(3)), (MinibatchLosses(3), LossDeviation())):
        watched = runs.train_network(plan(*observers), data[1])
        assert torch.equal(watched.run.network.w, plain.run.network.w)
        for name, buffer in plain.run.network.buffers().items():
            assert torch.equal(watched.run.network.buffers()[name], buffer), name
        assert len(watched.tables.pop("deviations")["epoch"]) > 1
        runs.assert_equal(watched, plain)


def test_a_run_that_was_stopped_goes_on_as_if_it_was_not(runs, data, plan):
    watched = plan(LossDeviation(2))
    whole = runs.train_network(watched, data[1])
    session = runs.MemorySession()
    for stop in (4, 5):
        session.should_stop = runs.StopAt(stop)
        with pytest.raises(Stopped):
            runs.train_network(watched, data[1], session=session)
    session.should_stop = bool
    runs.assert_equal(whole, runs.train_network(watched, data[1], session=session))


def test_a_run_that_diverges_keeps_what_was_seen(runs, data):
    method = make_method("gd", {"learning_rate": 1e30})
    plan = runs.network_plan(data[0], method, SIZES, EPOCHS, observers=[Losses(), LossDeviation()])
    result = runs.train_network(plan, data[1])
    assert result.diverged
    assert result.tables["deviations"]["update"].tolist() == [1, 3, 5, 7]


def test_impossible_settings_are_named():
    with pytest.raises(ValueError, match=r"^updates_per_epoch is 0; allowed: 1 or more"):
        LossDeviation(0)
