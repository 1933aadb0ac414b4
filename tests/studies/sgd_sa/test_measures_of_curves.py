"""Measures of curves against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from escaping_minima.studies.sgd_sa.measures import Watched, measure_run
from escaping_minima.studies.sgd_sa.measures_of_curves import measure_curve, published_curve

#: Test errors of ten epochs after the start, in percent; the least twice.
TEST_ERROR = [90.0, 50.0, 40.0, 45.0, 30.0, 20.0, 15.0, 14.59, 14.59, 16.0, 17.5]
TEST_LOSS = [2.3, 1.5, 1.2, 1.4, 0.9, 0.7, 0.6, 0.5, 0.55, 0.625, 0.75]
TRAIN_ERROR = [90.0, 48.0, 36.0, 40.0, 25.0, 12.0, 6.0, 3.0, 1.0, 0.5, 0.25]


def observed(**columns: object) -> pd.DataFrame:
    """Return ten epochs as observers give them."""
    epochs = len(TEST_ERROR)
    table = {
        "epoch": np.arange(epochs, dtype=float),
        "batch_size": [0.0] + [512.0] * (epochs - 1),
        "updates": 98.0 * np.arange(epochs),
        "running_loss": [math.nan, *TEST_LOSS[1:]],
        "train_loss": np.array(TEST_LOSS) / 2,
        "train_error": TRAIN_ERROR,
        "test_loss": TEST_LOSS,
        "test_error": TEST_ERROR,
    }
    return pd.DataFrame({**table, **columns})


def measured(table: pd.DataFrame) -> dict[str, float]:
    return measure_curve(published_curve(table))


def test_curves_are_published_as_accuracies_in_float32():
    found = published_curve(observed())
    assert list(found.columns) == [
        *("epoch", "updates", "running_loss", "train_loss", "train_accuracy"),
        *("test_loss", "test_accuracy", "validation_loss", "validation_accuracy"),
    ]
    types = [str(found[name].dtype) for name in found]
    assert types == ["int32", "int64", *["float32"] * 7]
    assert found["test_accuracy"].tolist() == np.float32(100 - np.array(TEST_ERROR)).tolist()
    assert found["validation_loss"].isna().all()
    assert found["updates"].iloc[-1] == 980


def test_errors_that_were_rounded_before_give_the_accuracies_that_they_are():
    """A share of 10,000 images has two decimals of a percent, whatever precision it came in."""
    errors = np.arange(11) * 7.13 + 0.29
    whole = published_curve(observed(test_error=errors))["test_accuracy"]
    rounded = published_curve(observed(test_error=np.float32(errors)))["test_accuracy"]
    assert whole.tolist() == rounded.tolist() == np.float32((100 - errors).round(2)).tolist()


def test_the_end_and_the_best():
    found = measured(observed())
    assert (found["last_test_loss"], found["last_test_accuracy"]) == (0.75, 82.5)
    assert (found["last_train_loss"], found["last_train_accuracy"]) == (0.375, 99.75)
    assert found["gap"] == 17.25
    # the first of two epochs with the same
    assert (found["best_test_accuracy"], found["best_epoch"]) == (85.41, 7)
    assert (found["best_test_loss"], found["test_loss_at_best"]) == (0.5, 0.5)


def test_loss_and_accuracy_are_best_at_epochs_of_their_own():
    loss = [*TEST_LOSS[:4], 0.25, *TEST_LOSS[5:]]
    found = measured(observed(test_loss=loss))
    assert (found["best_test_loss"], found["test_loss_at_best"], found["best_epoch"]) == (
        *(0.25, 0.5),
        7,
    )


def test_the_start_is_no_result():
    found = measured(observed(test_loss=[0.125, *TEST_LOSS[1:]], test_error=[0, *TEST_ERROR[1:]]))
    assert (found["best_test_loss"], found["best_test_accuracy"]) == (0.5, 85.41)


def test_the_first_epoch_that_has_99_percent_counts():
    assert measured(observed())["epochs_to_99"] == 8


@pytest.mark.parametrize(("errors", "epoch"), [(1.01, 11), ([1.01] * 10 + [1.0], 10)])
def test_a_run_that_never_has_99_percent_is_later_than_all_epochs(errors, epoch):
    assert measured(observed(train_error=errors))["epochs_to_99"] == epoch


def test_training_accuracy_after_40_percent():
    assert measured(observed())["train_accuracy_at_40"] == 75.0


def test_early_falls_are_those_of_the_first_30_percent_without_the_start():
    """Epochs 1 to 3: one fall, from 60 to 55; that after epoch 8 is late."""
    found = measured(observed())
    assert (found["early_drops"], found["early_drop"]) == (1, 5.0)
    # epochs 0 to 3: the first fall is from the start, the others are of 2 and 6 points
    twice = measured(observed(test_error=[0, 10, 12, 18, *TEST_ERROR[4:]]))
    assert (twice["early_drops"], twice["early_drop"]) == (2, 4.0)
    none = measured(observed(test_error=sorted(TEST_ERROR, reverse=True)))
    assert (none["early_drops"], none["early_drop"]) == (0, 0.0)


def test_shares_of_the_epochs_are_rounded_down():
    """A third of 10 epochs is read at 3, three fifths at 6."""
    found = measured(observed())
    assert (found["test_loss_at_third"], found["test_accuracy_at_third"]) == (
        pytest.approx(1.4),
        55.0,
    )
    assert (found["test_loss_at_three_fifths"], found["test_accuracy_at_three_fifths"]) == (
        pytest.approx(0.6),
        85.0,
    )
    # of 8 epochs: 2 and 4
    short = measured(observed().iloc[:9])
    assert (short["test_accuracy_at_third"], short["test_accuracy_at_three_fifths"]) == (60, 70)


def test_an_epoch_is_chosen_by_what_is_held_out():
    errors = [5.0, 60.0, 50.0, 40.0, 22.0, 30.0, 31.0, 32.0, 22.0, 34.0, 35.0]
    found = measured(observed(validation_loss=TEST_LOSS, validation_error=errors))
    # the first of two, and not the start
    assert found["chosen_validation_accuracy"] == 78.0
    assert (found["chosen_test_accuracy"], found["chosen_test_loss"]) == (70.0, pytest.approx(0.9))
    without = measured(observed())
    chosen = [value for name, value in without.items() if name.startswith("chosen")]
    assert len(chosen) == 3
    assert all(map(math.isnan, chosen))


def test_a_run_of_two_epochs_has_all_measures():
    found = measured(observed().iloc[:3])
    assert (found["epochs_to_99"], found["early_drops"], found["best_epoch"]) == (3, 0, 2)
    # a third of 2 epochs is none
    assert (found["test_accuracy_at_third"], found["test_accuracy_at_three_fifths"]) == (10, 50)
    assert found["train_accuracy_at_40"] == 52.0


@pytest.mark.parametrize("column", ["train_loss", "test_loss", "running_loss", "validation_loss"])
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_run_whose_loss_is_not_finite_has_no_measures(column, value):
    table = observed(validation_loss=TEST_LOSS, validation_error=TEST_ERROR)
    assert measure_run(published_curve(table), Watched.nothing())["diverged"] == 0
    table = table.iloc[:5].copy()
    table.loc[4, column] = value
    found = measure_run(published_curve(table), Watched.nothing())
    counted = {name: found.pop(name) for name in ("diverged", "epochs", "updates")}
    assert counted == {"diverged": 1, "epochs": 4, "updates": 392}
    assert len(found) > 30
    assert all(map(math.isnan, found.values()))


def test_a_run_that_is_lost_at_its_start_has_no_measures():
    table = observed().iloc[:1].assign(test_loss=math.nan)
    found = measure_run(published_curve(table), Watched.nothing())
    assert (found["diverged"], found["epochs"]) == (1, 0)
    assert math.isnan(found["last_test_accuracy"])
