"""What sides are that are no single measure of a run."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from escaping_minima.studies.sgd_sa.side_values import (
    Matched,
    deviations,
    falls,
    match_training,
)


def test_the_median_deviation_is_scipys():
    values = pd.Series([99.0, 99.5, 100.0, 97.0, 99.9])
    expected = stats.median_abs_deviation(values, scale="normal")
    assert deviations(values).median() == pytest.approx(expected)
    assert deviations(pd.Series([100.0] * 4)).tolist() == [0.0] * 4


def curve(train, test):
    table = {"epoch": range(len(train)), "train_accuracy": train, "test_accuracy": test}
    return pd.DataFrame(table)


TO = [10.0, 30.0, 50.0]


def test_a_gap_is_that_of_the_epoch_after_the_first_that_is_trained_as_well():
    run = curve([10.0, 49.0, 50.0, 49.5, 99.0], [10.0, 45.0, 45.9, 46.9, 85.0])
    assert match_training(run, curve(TO, TO)) == Matched(3.0, 49.5, pytest.approx(2.6))
    # a point an epoch is quick
    run["test_accuracy"] = [10.0, 45.0, 46.0, 47.0, 85.0]
    assert match_training(run, curve(TO, TO)) == Matched(2.0, 50.0, 4.0)


def test_a_gap_is_interpolated_where_a_run_passes_quickly():
    run = curve([10.0, 30.0, 70.0, 90.0], [10.0, 29.0, 65.0, 80.0])
    # half of the way from epoch 1 to 2: a test accuracy of 47
    assert match_training(run, curve(TO, TO)) == Matched(1.5, 50.0, 3.0)
    # in the first epoch already: from the untrained network
    assert match_training(run, curve([20.0], [0.0])) == Matched(0.5, 20.0, 0.5)


@pytest.mark.parametrize("train", [[10.0, 30.0, 49.9], [10.0, 30.0, 60.0], [50.0, 90.0, 95.0]])
def test_there_is_no_gap_where_a_run_is_never_trained_as_well(train):
    """Never, only in the last epoch, or before it is trained at all."""
    assert all(map(math.isnan, vars(match_training(curve(train, train), curve(TO, TO))).values()))


@pytest.mark.parametrize("rise", [0.3, 1.0, 4.0])
def test_a_matched_gap_owes_nothing_to_the_images_of_its_epoch(rise):
    """A gap of 5 points, training accuracies with an error of 0.7: 1,000 runs."""
    rng, level = np.random.default_rng(0), 40 + rise * np.arange(-30, 30)
    gaps = []
    for drawn in rng.normal(0, 0.7, (1000, 61)):
        to = curve([40.0 + drawn[-1]], [0.0])
        gaps.append(match_training(curve(level + drawn[:-1], level - 5.0), to).gap)
    # the first epoch would say 5.8, 5.4 and 5.2
    assert np.mean(gaps) == pytest.approx(5.0, abs=0.1)
    assert np.std(gaps) < 1.2


def test_deviations_of_normal_runs_have_a_mean_of_1_18_of_theirs():
    values = pd.Series(np.random.default_rng(0).normal(size=20_000))
    assert deviations(values).mean() == pytest.approx(1.18, abs=0.02)
    assert deviations(values).median() == pytest.approx(1.0, abs=0.02)


def test_steps_are_counted_by_the_best_gradient_step_of_their_batch():
    rows = [
        # seed, batch, gradient, random
        (0, 0, -1.0, -0.1),
        (0, 0, -0.05, 0.2),
        (0, 1, -0.2, -0.01),
        (0, 1, 0.3, 0.0),
        # no gradient step lowers the loss of this batch
        (1, 0, 0.1, -5.0),
        (1, 0, 0.0, 1.0),
        (1, 1, -1.0, 1.0),
        (1, 1, -2.0, 1.0),
    ]
    names = ["seed", "batch", "gradient_change", "random_change"]
    table = pd.DataFrame(rows, columns=names)
    gradient, random = (falls(table, direction) for direction in ("gradient", "random"))
    assert gradient["falls"].tolist() == [75.0, 75.0]
    assert gradient["large_falls"].tolist() == [50.0, 100.0]
    assert random["falls"].tolist() == [75.0, 25.0]
    assert random["large_falls"].tolist() == [25.0, 0.0]
    lost = table[(table["seed"] == 1) & (table["batch"] == 0)]
    assert np.isnan(falls(lost, "random")["large_falls"]).all()
