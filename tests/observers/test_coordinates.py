"""Which weights are recorded, and when, against a network that is read by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from escaping_minima.data.load import load_images
from escaping_minima.draws.streams import Streams
from escaping_minima.engine.numerics import Numerics
from escaping_minima.engine.run import Run
from escaping_minima.engine.session import Stopped
from escaping_minima.errors import UserError
from escaping_minima.observers.coordinates import Coordinates
from escaping_minima.observers.losses import Losses
from escaping_minima.parts.registry import make_method, make_problem
from escaping_minima.schedules.batch_sizes import BatchSizes

#: Weights and biases of convolutions and dense layers.
DIMENSION = 1_111_946
IMAGES, EPOCHS, SIZES = 30, 2, BatchSizes(10, 15)
CPU = torch.device("cpu")
DENSE = ("Conv2d", "Linear")


@pytest.fixture(scope="module")
def images():
    settings = {"data": "generated", "train_images": IMAGES, "test_images": 10}
    problem = make_problem("takase_mnist", settings)
    return problem, problem.select(load_images("mnist", "generated"))


@pytest.fixture
def plan(runs, images):
    def make(observers=(), sizes=SIZES, method=None, **more):
        watched = [Losses(), *observers]
        parts = images[0], method or make_method("adagrad", {}), sizes, EPOCHS
        return runs.network_plan(*parts, observers=watched, **more)

    return make


class Reader:
    """Reads every weight and bias after each epoch, layer by layer."""

    def __init__(self):
        self.seen = []

    def watch_training(self, run):
        watcher = type(Losses().watch_training(run))(run)

        def row():
            layers = [m for m in run.network.module.modules() if type(m).__name__ in DENSE]
            parts = [m.weight for m in layers] + [m.bias for m in layers]
            self.seen.append(np.concatenate([p.contiguous().numpy().ravel() for p in parts]))
            return {}

        watcher.row = row
        return watcher


def chosen(subset, size):
    return (
        Streams("takase_mnist", 0)
        .generator("coordinates", subset)
        .choice(DIMENSION, size, replace=False)
    )


def read(table):
    values = np.stack([np.frombuffer(raw, "<f4") for raw in table["values"]])
    return pd.DataFrame({"epoch": table["epoch"], "subset": table["subset"]}), values


def test_recorded_are_the_named_weights_after_each_epoch(runs, images, plan):
    reader = Reader()
    found = runs.train_network(plan([Coordinates(2, 50), reader]), images[1], block=3)
    keys, values = read(found.tables["coordinates"])
    assert keys["epoch"].tolist() == [0, 0, 1, 1, 2, 2]
    assert keys["subset"].tolist() == [0, 1] * 3
    assert reader.seen[0].shape == (DIMENSION,)
    for (epoch, subset), row in zip(keys.itertuples(index=False), values, strict=True):
        np.testing.assert_array_equal(row, reader.seen[epoch][chosen(subset, 50)])
    # most weights have moved, and no subset is that of another
    assert (values[0] != values[2]).mean() > 0.5
    assert not set(chosen(0, 50)) & set(chosen(1, 50))
    assert len(set(chosen(0, 50))) == 50


def test_layers_are_read_in_their_own_order_in_any_memory_format(runs, images, plan):
    rows = []
    for layout in ("channels_last", "contiguous"):
        made = plan([Coordinates(1, 5000)], numerics=Numerics("float32", layout))
        rows.append(Run(made, images[0].place(images[1], CPU), 0, CPU))
        rows[-1].measure(0)
    start = [run.watchers[1]._values[0] for run in rows]
    assert start[0].unique().numel() > 4000
    assert torch.equal(*start)


@pytest.mark.parametrize(("block", "sizes"), [(0, BatchSizes(10, 15)), (1, BatchSizes(30, 30))])
def test_runs_and_batch_sizes_share_the_coordinates(images, plan, block, sizes):
    made = plan([Coordinates(3, 200)], sizes)
    run = Run(made, images[0].place(images[1], CPU), block, CPU)
    run.network.w.copy_(torch.arange(run.network.w.shape[1]).float())
    run.measure(0)
    first = Run(plan([Coordinates(3, 200)]), images[0].place(images[1], CPU), 7, CPU)
    assert torch.equal(run.watchers[1]._values[0], first.watchers[1]._places.float())


def test_stops_change_nothing_and_the_run_does_not_notice(runs, images, plan):
    watched = plan([Coordinates(2, 100)])
    whole = runs.train_network(watched, images[1])
    session = runs.MemorySession()
    for stop in (2, 1):
        session.should_stop = runs.StopAt(stop)
        with pytest.raises(Stopped):
            runs.train_network(watched, images[1], session=session)
    session.should_stop = bool
    runs.assert_equal(whole, runs.train_network(watched, images[1], session=session))
    plain = runs.train_network(plan(), images[1])
    assert torch.equal(whole.run.network.w, plain.run.network.w)
    runs.assert_equal(whole.curves, plain.curves)


def test_a_run_that_diverges_has_fewer_rows(runs, images, plan):
    lost = make_method("gd", {"learning_rate": 1e30})
    found = runs.train_network(plan([Coordinates(2, 10)], method=lost), images[1])
    assert found.diverged
    assert found.tables["coordinates"]["epoch"].tolist() == [0, 0, 1, 1]


def test_nothing_is_read_back_in_an_epoch(load_module, root, images, plan):
    """Else a GPU would wait."""
    battery = load_module(root / "tests" / "battery" / "problems.py")
    run = Run(plan([Coordinates(2, 10)]), images[0].place(images[1], CPU), 0, CPU)
    with battery.NothingReadBack():
        run.watchers[1].row()
        run.watchers[1].updated()


def test_impossible_settings_are_named(images, plan):
    for settings in ({"subsets": 0}, {"size": 0}):
        (name,) = settings
        with pytest.raises(ValueError, match=f"^{name} is 0; allowed: 1 or more"):
            Coordinates(**settings)
    made = plan([Coordinates(1, DIMENSION + 1)])
    with pytest.raises(UserError, match="size is 1111947; allowed: 1111946 or less"):
        Run(made, images[0].place(images[1], CPU), 0, CPU)
