"""What sides are that are no single measure of a run."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from escaping_minima.studies.sgd_sa.side_values import deviations, falls, matched_gap


def test_the_median_deviation_is_scipys():
    values = pd.Series([99.0, 99.5, 100.0, 97.0, 99.9])
    expected = stats.median_abs_deviation(values, scale="normal")
    assert deviations(values).median() == pytest.approx(expected)
    assert deviations(pd.Series([100.0] * 4)).tolist() == [0.0] * 4


def curve(train, test):
    return pd.DataFrame({"train_accuracy": train, "test_accuracy": test})


def test_a_gap_is_taken_where_a_run_is_first_trained_as_well():
    to = curve([10.0, 30.0, 50.0], [10.0, 30.0, 49.0])
    run = curve([10.0, 40.0, 55.0, 45.0, 99.0], [10.0, 39.0, 52.0, 44.0, 85.0])
    assert matched_gap(run, to) == 3.0
    assert matched_gap(to, curve([50.0], [40.0])) == 1.0
    assert math.isnan(matched_gap(to, run))


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
