"""Measures of one run against values worked out by hand and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import scipy.signal

from escaping_minima.schedules.batch_sizes import BatchSizes, batch_bounds, count_updates
from escaping_minima.studies.batch_increase.measures import measure_run
from escaping_minima.studies.batch_increase.strategies import (
    FIXED_SIZES,
    IMAGES,
    SAMPLE,
    all_strategies,
)

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


def test_minimum_and_the_climb_behind_it():
    found = measure(curve_of(100, valley, lambda e: np.exp(-0.02 * e)))
    assert (found["min_test_loss"], found["min_test_loss_epoch"]) == (1.0, 40)
    assert found["min_test_error"] == 10.0
    # the lowest window is 38 .. 42; that behind it, 43 .. 47, has the mean 1.05
    assert found["smooth_min_epoch"] == 40
    assert found["test_loss_climb"] == pytest.approx(100 * (1.58 / 1.05 - 1))
    # from the middle of that window to the middle of the last one are 53 epochs
    assert found["train_loss_meanwhile"] == pytest.approx(-100 * 0.02 * 53)


def test_the_untrained_network_is_no_minimum():
    found = measure(curve_of(20, lambda e: 1 + e))
    assert (found["min_test_loss"], found["min_test_loss_epoch"]) == (2.0, 1)


@pytest.mark.parametrize(("lowest", "base"), [(88, 93), (89, 84), (98, 93)])
def test_a_climb_begins_behind_the_lowest_window_or_before_it_near_the_end(lowest, base):
    """By the middles of windows of 5: that of the last one is 98, and it begins with 96."""
    found = measure(curve_of(100, lambda e: 1 + 0.01 * np.abs(e - lowest)))
    assert found["smooth_min_epoch"] == lowest
    end, begin = (1 + 0.01 * np.abs(np.arange(m - 2, m + 3) - lowest).mean() for m in (98, base))
    assert found["test_loss_climb"] == pytest.approx(100 * (end / begin - 1))


def test_a_curve_that_falls_to_its_end_climbs_by_less_than_0():
    found = measure(curve_of(100, lambda e: 2 - 0.01 * e, lambda e: np.exp(-0.02 * e)))
    assert (found["smooth_min_epoch"], found["min_test_loss_epoch"]) == (98, 100)
    assert found["test_loss_climb"] == pytest.approx(100 * (1.02 / 1.07 - 1))
    assert found["train_loss_meanwhile"] == pytest.approx(-100 * 0.02 * 5)


def noise(rng, epochs, scatter, correlation):
    """Draw a stationary series of one standard deviation, by its definition."""
    steps = scatter * math.sqrt(1 - correlation**2) * rng.normal(size=epochs + 1)
    steps[0] = scatter * rng.normal()
    return scipy.signal.lfilter([1.0], [1.0, -correlation], steps)


@pytest.mark.parametrize(("epochs", "before"), [(3000, 8.4), (1000, 13.4)])
def test_noise_alone_climbs_by_about_0(epochs, before):
    """A level curve with a scatter of 10 percent and an autocorrelation of 0.9, 200 times.

    The rise above the lowest window, which was measured once, is 8 to 13 percent of it. The climb
    has means of -1.0 and -0.3 (standard deviations 4.6 and 7.3) in 1,000 other draws.
    """
    rng, level = np.random.default_rng(1), curve_of(epochs)
    climbs, rises = [], []
    for _ in range(200):
        loss = np.exp(noise(rng, epochs, 0.1, 0.9))
        climbs.append(measure(level.assign(test_loss=loss))["test_loss_climb"])
        window = epochs // 20
        means = np.convolve(loss[1:], np.full(window, 1 / window), "valid")
        rises.append(100 * (means[-1] / means.min() - 1))
    error = np.std(climbs) / math.sqrt(200)
    assert abs(np.mean(climbs)) < 1.2 + 3 * error
    assert abs(np.median(climbs)) < 1.2 + 4 * error
    assert np.mean(rises) == pytest.approx(before, abs=3 * np.std(rises) / math.sqrt(200))


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


@pytest.mark.parametrize("epochs", [1000, 3000])
def test_the_trend_of_a_power_law_says_its_exponent_alone(epochs):
    """Which is why the margin of 5 percent is an exponent of 0.48, whatever the horizon."""
    found = measure(curve_of(epochs, lambda e: (e + 1) ** -0.48, lambda e: (e + 1) ** -1.0))
    assert found["test_loss_trend"] == pytest.approx(-5.0, abs=0.1)
    assert found["train_loss_trend"] == pytest.approx(-10.5, abs=0.1)


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


def test_errors_that_differ_by_as_many_images_differ_by_the_same_number():
    """As they are published, in float32: 0.67 less 0.65 is 0.02, as 0.97 less 0.95 is."""
    ends = []
    for percent in (0.67, 0.65, 0.97, 0.95):
        table = curve_of(1)
        table["test_error"] = np.float32(percent)
        ends.append(measure(table)["final_test_error"])
    assert ends == [0.67, 0.65, 0.97, 0.95]


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
