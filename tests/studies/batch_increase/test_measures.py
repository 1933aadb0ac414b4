"""Measures of one run against values worked out by hand and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds, count_updates
from escaping_minima.studies.batch_increase.measures import measure_run
from escaping_minima.studies.batch_increase.plan import FIXED_SIZES, IMAGES, SAMPLE, all_strategies

#: With the last one, batches of 55 and the budget of 100 tell that it is not 1,871.
NUMBERS_OF_IMAGES = [
    *sorted({SAMPLE["train_images"]} | {train for train, _ in IMAGES.values()}),
    1_910,
]

Curve = Callable[[np.ndarray], np.ndarray]


def curve_of(
    epochs: int,
    test_loss: Curve = np.ones_like,
    train_loss: Curve = np.ones_like,
    sizes: BatchSizes | None = None,
    images: int = 100,
    **columns: object,
) -> pd.DataFrame:
    """Build the table of a run from functions of the epochs 0 .. epochs."""
    e = np.arange(epochs + 1, dtype=float)
    sizes = sizes or BatchSizes(10, 10)
    size = [0] + [sizes.size(i, epochs) for i in range(1, epochs + 1)]
    updates = np.cumsum([0] + [len(batch_bounds(images, s)) for s in size[1:]])
    table = pd.DataFrame({"epoch": e, "batch_size": size, "updates": updates.astype(float)})
    table["running_loss"] = np.where(e > 0, train_loss(e), np.nan)
    table["train_loss"], table["test_loss"] = train_loss(e), test_loss(e)
    table["train_error"], table["test_error"] = 10 * train_loss(e), 10 * test_loss(e)
    for column in ("parameter_min", "weight_min"):
        table[column] = -0.1
    for column in ("parameter_max", "weight_max"):
        table[column] = 0.1
    return table.assign(**columns)


def measure(table: pd.DataFrame, images: int = 100) -> dict[str, float]:
    """Measure a run on as many images as `curve_of` has by default."""
    return measure_run(table, images)


def valley(e: np.ndarray) -> np.ndarray:
    """Fall to 1 at epoch 40 and rise again, 0.01 an epoch."""
    return 1 + 0.01 * np.abs(e - 40)


def test_levels_are_means_of_the_last_twentieth():
    found = measure(curve_of(100, valley, lambda e: 2 - 0.01 * e))
    # epochs 96 to 100, mean epoch 98
    assert found["final_test_loss"] == pytest.approx(1.58)
    assert found["final_test_error"] == pytest.approx(15.8)
    assert found["final_train_loss"] == pytest.approx(1.02)
    assert found["final_train_error"] == pytest.approx(10.2)
    assert (found["epochs"], found["diverged"]) == (100, 0)


def test_minimum_and_what_follows_it():
    found = measure(curve_of(100, valley, lambda e: np.exp(-0.02 * e)))
    assert (found["min_test_loss"], found["min_test_loss_epoch"]) == (1.0, 40)
    assert found["min_test_error"] == 10.0
    # the window 38 .. 42 has the mean 1 + (2 + 1 + 0 + 1 + 2) / 500
    assert found["smooth_min_epoch"] == 40
    assert found["test_loss_rise"] == pytest.approx(100 * (1.58 / 1.012 - 1))
    # from the middle of that window to the middle of the last one are 58 epochs
    assert found["train_loss_after_min"] == pytest.approx(-100 * 0.02 * 58)


def test_the_untrained_network_is_no_minimum():
    found = measure(curve_of(20, lambda e: 1 + e))
    assert (found["min_test_loss"], found["min_test_loss_epoch"]) == (2.0, 1)


def test_a_curve_that_only_falls_has_no_rise():
    found = measure(curve_of(100, lambda e: 2 - 0.01 * e, lambda e: 2 - 0.01 * e))
    assert (found["test_loss_rise"], found["train_loss_after_min"]) == (0.0, 0.0)
    assert (found["smooth_min_epoch"], found["min_test_loss_epoch"]) == (98, 100)


def test_scatter_is_what_a_moving_mean_leaves():
    found = measure(curve_of(100, lambda e: 3 - 0.01 * e + 0.2 * (-1) ** e))
    # of a sawtooth a mean over five epochs leaves a fifth; 48 epochs, 51 .. 98, have a whole window
    sd = math.sqrt(48 * (0.8 * 0.2) ** 2 / 47)
    assert found["test_loss_sd"] == pytest.approx(sd)
    # 49 changes from epoch 51 on, the first of them upwards
    ups, downs = 25, 24
    assert found["test_loss_jump"] == pytest.approx((ups * 0.39 + downs * 0.41) / 49)


def test_scatter_ignores_the_first_half():
    found = measure(curve_of(100, lambda e: np.where(e <= 50, 5 + (-1) ** e, 1.0)))
    assert found["test_loss_jump"] == 0.0
    # the moving mean at epoch 51 reaches back to 49
    steady = measure(curve_of(100, lambda e: np.where(e <= 48, 5 + (-1) ** e, 1.0)))
    assert steady["test_loss_sd"] == pytest.approx(0.0, abs=1e-12)


def test_trend_is_a_line_through_the_last_tenth():
    found = measure(curve_of(100, valley, lambda e: np.full_like(e, 0.5)))
    # epochs 91 to 100: up by 0.09, mean 1.555
    assert found["test_loss_trend"] == pytest.approx(100 * 0.09 / 1.555)
    assert found["train_loss_trend"] == pytest.approx(0.0, abs=1e-12)


def test_settled_from_the_first_epoch_after_which_it_stays_within_5_percent():
    levels = np.array([9, 2.0, 1.5, 1.04, 1.2, 1.049, 1.0, 1.04, 0.96, 1.0])
    found = measure(curve_of(9, train_loss=lambda e: levels))
    assert found["settle_epochs"] == 5
    assert found["settle_updates"] == 50


def test_settling_reads_windows_not_epochs():
    # a sawtooth of 10 percent: the mean of 10 epochs does not move
    found = measure(curve_of(200, train_loss=lambda e: 1 + 0.1 * (-1) ** e))
    assert found["settle_epochs"] == 10


@pytest.mark.parametrize("images", NUMBERS_OF_IMAGES)
@pytest.mark.parametrize("strategy", all_strategies(), ids=lambda s: s.name)
def test_equal_updates_are_those_of_the_fixed_size(strategy, images):
    epochs = 40
    sizes = BatchSizes(strategy.first, strategy.last)
    table = curve_of(epochs, lambda e: 1 + e, sizes=sizes, images=images)
    found = measure(table, images)
    for n2 in FIXED_SIZES:
        budget = count_updates(BatchSizes(n2, n2), images, epochs)
        epoch = found[f"epoch_at_updates_{n2}"]
        within = table.loc[table["updates"] <= budget, "epoch"].max()
        if within == 0:
            assert math.isnan(epoch)
            continue
        assert epoch == within
        assert found[f"test_loss_at_updates_{n2}"] == 1 + within
        assert found[f"test_error_at_updates_{n2}"] == 10 * (1 + within)
        if strategy.name == f"fixed_{n2}":
            assert epoch == epochs


def test_extrema_are_over_the_whole_run():
    ends = {
        "parameter_min": [-0.1, -0.3, -0.2],
        "parameter_max": [0.1, 0.2, 0.15],
        "weight_min": [-0.05, -0.25, -0.1],
        "weight_max": [0.02, 0.01, 0.0],
    }
    found = measure(curve_of(2, **ends))
    assert [found[name] for name in ends] == [-0.3, 0.2, -0.25, 0.02]


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_short_curves_are_measured_as_far_as_they_go(epochs):
    found = measure(curve_of(epochs, valley, lambda e: 2 - 0.1 * e))
    assert found["final_test_loss"] == pytest.approx(1 + 0.01 * (40 - epochs))
    assert found["min_test_loss_epoch"] == epochs
    assert math.isnan(found["test_loss_trend"]) == (epochs == 1)
    assert math.isnan(found["test_loss_sd"])
    assert math.isnan(found["test_loss_jump"]) == (epochs < 3)


def test_a_lost_run_says_so_and_measures_nothing():
    table = curve_of(6, lambda e: np.where(e < 6, 1 + e, np.inf), images=100)
    found = measure(table)
    assert (found.pop("diverged"), found.pop("epochs"), found.pop("updates")) == (1, 6, 60)
    assert all(map(math.isnan, found.values()))
    assert found.keys() | {"diverged", "epochs", "updates"} == measure(curve_of(6)).keys()


def test_a_run_lost_in_training_mode_alone_is_lost():
    table = curve_of(3)
    table.loc[3, "running_loss"] = np.nan
    assert measure(table)["diverged"] == 1


def test_a_run_lost_at_its_start_is_lost():
    found = measure(curve_of(3, lambda e: e * np.nan).iloc[:1])
    assert found["diverged"] == 1
    assert math.isnan(found["final_test_loss"])
