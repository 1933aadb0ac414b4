"""On real images: nothing is learnt from permuted labels, and a published run can be repeated."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from escaping_minima.collect.collected import read_collected
from escaping_minima.data.load import load_images
from escaping_minima.kinds.records import read_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.kinds.training.parts import training_plan
from escaping_minima.studies.batch_increase.strategies import PROBLEM, SAMPLE

#: Epochs that are repeated: with a fixed size they are the first ones of a longer run.
EPOCHS = 4
#: How far a repeated run may be from the published one, at the start and at the end of these
#: epochs. Another processor rounds in other places, and training amplifies that.
START_LOSS = 1e-5
END_LOSS = 0.15
END_ERROR = 1.5


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def repeat(runs):
    """Run a seed of a cell again, its data changed if asked."""

    def run(cell, seed, change=None):
        plan = training_plan(cell)
        data = plan.problem.select(load_images(plan.problem.DATA_SET, plan.problem.data))
        return runs.train_network(plan, change(data) if change else data, seed)

    return run


def permute_evenly(data):
    """Take 50 images of each class and permute their labels, each label 5 times in each class.

    Under any permutation some classes would have a favourite label, which a network learns, and
    which is the right one for one class in ten or for three: an error of 90 +- 10 percent.
    """
    rng = np.random.default_rng(1)
    rows = np.concatenate([np.flatnonzero(data.train_labels == c)[:50] for c in range(10)])
    labels = np.concatenate([rng.permutation(np.repeat(np.arange(10), 5)) for _ in range(10)])
    return replace(
        data,
        train_images=data.train_images[rows],
        train_labels=labels.astype(np.uint8),
    )


def test_permuted_labels_leave_nothing_to_learn(repeat):
    """Trained until it begins to learn them by heart, so that like images need not stand together.

    Before that, one guess for many images of a kind makes the error of one epoch 90 +- 5 percent.
    Five seeds ended with training errors of 30 to 37 percent and test errors of 91.3 +- 1.6.
    """
    sizes = {"first": 25, "last": 25, "line": "epochs"}
    all_images = SAMPLE | {"train_images": 10_000, "test_images": 1_000}
    cell = make_training_cell(PROBLEM, "adagrad", 6, sizes, all_images)
    curves = repeat(cell, 0, permute_evenly).curves
    assert curves["updates"][-1] == 6 * 20
    assert curves["train_error"][-1] < 60
    assert np.mean(curves["test_error"][-4:]) == pytest.approx(90, abs=5)


def test_a_published_run_on_the_sample_can_be_repeated(root, repeat):
    tables = read_collected(root / "results" / "published" / "batch_increase")
    cells = tables["cells.csv"]
    chosen = cells[(cells["role"] == "sample") & (cells["strategy"] == "fixed_100")].iloc[0]
    settings = json.loads(chosen["settings"])
    cell = read_cell(settings)
    assert cell.id == chosen["cell"]
    assert settings["batch_size"]["first"] == settings["batch_size"]["last"]
    curves = tables["curves.parquet"]
    published = curves[(curves["cell"] == cell.id) & (curves["seed"] == 0)].iloc[: EPOCHS + 1]
    repeated = repeat(read_cell(settings | {"epochs": EPOCHS}), 0).curves
    assert repeated["updates"] == published["updates"].tolist()
    loss, error = (published[name].to_numpy(float) for name in ("test_loss", "test_error"))
    assert repeated["test_loss"][0] == pytest.approx(loss[0], rel=START_LOSS)
    assert repeated["test_loss"][-1] == pytest.approx(loss[-1], rel=END_LOSS)
    assert repeated["test_error"][-1] == pytest.approx(error[-1], abs=END_ERROR)
    # and it is that seed's run, not any: the starts of others are further away
    others = curves[(curves["cell"] == cell.id) & (curves["seed"] != 0) & (curves["epoch"] == 0)]
    assert np.abs(others["test_loss"] - loss[0]).min() > START_LOSS * loss[0]
