"""The controls of the sample runs: what they change, and that a first run has none of them."""

from __future__ import annotations

import numpy as np
import pytest

from escaping_minima.data.load import load_images
from escaping_minima.parts.registry import make_problem
from escaping_minima.plan.jobs import plan_study
from escaping_minima.schedules.batch_sizes import BatchSizes
from escaping_minima.studies.batch_increase.controls import EVEN, EVEN_IMAGES
from escaping_minima.studies.batch_increase.strategies import (
    IMAGES,
    N1,
    PROBLEM,
    SAMPLE,
    SAMPLE_EPOCHS,
    Strategy,
    has_short_batches,
    last_batch,
)


def last_batches(sizes, images):
    by_epoch = [sizes.size(epoch, SAMPLE_EPOCHS) for epoch in range(1, SAMPLE_EPOCHS + 1)]
    return [last_batch(sizes, images, size) for size in by_epoch]


def planned(numbers):
    return [item for job in plan_study("batch_increase", numbers) for item in job.cells]


def of_variant(planting, name):
    return [
        item for item in planned(planting.EVERYTHING) if item.labels["variant"].startswith(name)
    ]


def test_a_first_run_trains_no_controls(planting):
    assert {item.labels["role"] for item in planned(planting.QUICK)} == {"sample"}


def test_without_short_batches_every_strategy_runs_under_both_optimisers(planting):
    items = of_variant(planting, EVEN)
    names = {(item.cell.method, item.labels["role"], item.labels["strategy"]) for item in items}
    assert names == {
        (method, role, strategy)
        for method, role in (("adagrad", "sample_variant"), ("gd", "sample_sgd_variant"))
        for strategy in ("fixed_10", "fixed_55", "fixed_100", "linear_100")
    }
    same = {"train_images": EVEN_IMAGES}
    twins = {
        (item.cell.method, item.labels["strategy"]): item.cell
        for item in planned(planting.EVERYTHING)
        if item.labels["role"] in ("sample", "sample_sgd")
    }
    for item in items:
        twin = twins[item.cell.method, item.labels["strategy"]].record()
        twin["problem_settings"] |= same
        assert item.cell.record() == twin


def test_without_short_batches_none_is_smaller_than_n1(planting):
    for item in of_variant(planting, EVEN):
        sizes = BatchSizes(**item.cell.batch_size)
        assert min(last_batches(sizes, EVEN_IMAGES)) >= N1
    # what it is a check on: 2,000 images leave 5 of batches of 35, and 2 of batches of 74
    linear = BatchSizes(N1, 100)
    assert last_batches(linear, 2_000) == [10, 20, 5, 32, 48, 2, 86, 100]
    assert last_batches(linear, EVEN_IMAGES) == [10, 22, 20, 12, 28, 56, 66, 80]


@pytest.mark.parametrize(
    ("first", "last", "images", "short"),
    [
        (10, 10, 2_000, False),
        (55, 55, 2_000, True),
        (100, 100, 1_980, True),
        # the image that is left over joins the batch before it
        (100, 100, 2_001, True),
        # of epochs of 10 and of 20 images a batch the second kind alone ends in a short one
        (10, 20, 2_010, True),
        (10, 20, 2_000, False),
    ],
)
def test_short_last_batches_are_those_of_another_size(first, last, images, short):
    assert has_short_batches(Strategy("any", first, last), images, 2) is short


def test_fewer_images_are_the_first_ones_in_the_same_balance():
    data = load_images("mnist", "sample")
    assert len(data.train_images) == IMAGES["sample"][0]
    whole = make_problem(PROBLEM, SAMPLE).select(data)
    fewer = make_problem(PROBLEM, SAMPLE | {"train_images": EVEN_IMAGES}).select(data)
    np.testing.assert_array_equal(fewer.train_images, whole.train_images[:EVEN_IMAGES])
    np.testing.assert_array_equal(fewer.test_images, whole.test_images)
    before, after = (np.bincount(d.train_labels) / len(d.train_labels) for d in (whole, fewer))
    # each class has about a tenth of the images
    assert after == pytest.approx(before, abs=0.002)


def test_frameworks_change_adagrad_alone(planting):
    (base,) = {
        str(item.cell.method_settings)
        for item in planned(planting.EVERYTHING)
        if item.labels["role"] == "sample"
    }
    assert base == "{'learning_rate': 0.01, 'epsilon': 1e-08, 'initial_sum': 0.0}"
    changed = {
        (item.labels["strategy"], item.cell.method_settings["epsilon"]): item.cell
        for item in of_variant(planting, "AdaGrad as in")
    }
    assert {cell.method_settings["initial_sum"] for cell in changed.values()} == {0.0, 0.1}
    assert {cell.problem_settings["train_images"] for cell in changed.values()} == {2_000}
    assert set(changed) == {(s, e) for s in ("fixed_10", "linear_100") for e in (1e-8, 1e-10)}
