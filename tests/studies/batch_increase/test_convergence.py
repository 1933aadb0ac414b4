"""Times to the training loss that all strategies reach, against closed forms and a slow search."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from escaping_minima.studies.batch_increase.convergence import (
    NEAR,
    running_level,
    times_to_common_level,
)
from escaping_minima.studies.batch_increase.kept_curves import (
    EARLY_POINTS,
    EVEN_POINTS,
    kept_rows,
    of_curve,
)


def curve(losses, updates=7):
    """Return the table of a run with a training loss, and nothing else of interest."""
    epochs = len(losses) - 1
    table = pd.DataFrame({"epoch": np.arange(epochs + 1.0), "train_loss": losses})
    others = ("running_loss", "train_error", "test_loss", "test_error")
    extrema = ("parameter_min", "parameter_max", "weight_min", "weight_max")
    table = table.assign(batch_size=10.0, updates=updates * table["epoch"])
    return table.assign(**dict.fromkeys(others + extrema, 1.0))


def collected(runs):
    """Return ``curves.parquet`` of runs: (cell, seed) -> losses, and updates an epoch."""
    found = [of_curve(curve(*run), *key, 100)["curves.parquet"] for key, run in runs.items()]
    return pd.concat(found, ignore_index=True)


def test_the_running_level_is_a_mean_over_a_window_that_grows():
    losses = np.random.default_rng(1).exponential(size=301)
    found = running_level(losses)
    assert found[0] == losses[0]
    for epoch in range(1, 301):
        window = max(1, round(0.05 * epoch))
        assert found[epoch] == pytest.approx(np.mean(losses[epoch - window + 1 : epoch + 1]))


def test_the_last_running_level_is_the_final_level():
    losses = np.random.default_rng(2).exponential(size=401)
    tables = of_curve(curve(losses), "a", 0, 100)
    final = tables["measures.parquet"]["final_train_loss"].iloc[0]
    assert tables["curves.parquet"]["train_loss_level"].iloc[-1] == pytest.approx(final, rel=1e-6)


def power(epochs, start, exponent):
    return (1 + np.arange(epochs + 1.0) / start) ** -exponent


def test_times_of_power_laws_are_those_of_their_closed_form():
    """A run that falls twice as fast takes half the time, and which is slow shows in the ratio.

    Each run's own end would be within 5 percent after 95 percent of the epochs, for all of them.
    """
    epochs, starts = 3000, {"slow": 200.0, "middle": 100.0, "fast": 20.0}
    runs = {(cell, 4): (power(epochs, start, 1.0), 7) for cell, start in starts.items()}
    found = times_to_common_level(collected(runs), list(starts)).set_index("cell")
    level = np.mean(power(epochs, 200.0, 1.0)[-epochs // 20 :])
    assert found["common_level"].to_numpy() == pytest.approx(level, rel=1e-6)
    for cell, start in starts.items():
        # 1 + t / start = 1 / (1.05 level); the mean of a window of 5 percent is reached 2.6 percent
        # later than the loss itself
        wanted = start * (1 / ((1 + NEAR) * level) - 1)
        assert found.loc[cell, "epochs_to_level"] == pytest.approx(wanted / 0.9745, rel=0.02)
    assert found["updates_to_level"].to_numpy() == pytest.approx(7 * found["epochs_to_level"])
    ratio = found.loc["slow", "epochs_to_level"] / found.loc["fast", "epochs_to_level"]
    assert ratio == pytest.approx(10, rel=0.03)


def slow_search(curves, cells):
    """Find the first point below the level, and the straight line to it, point by point."""
    found = {}
    for seed in sorted(set(curves["seed"])):
        runs = {c: curves[(curves["cell"] == c) & (curves["seed"] == seed)] for c in cells}
        level = max(run["train_loss_level"].to_numpy(float)[-1] for run in runs.values()) * 1.05
        for cell, run in runs.items():
            points = list(run[["train_loss_level", "epoch", "updates"]].itertuples(index=False))
            for before, after in pairwise(points):
                if after.train_loss_level <= level:
                    ends = np.log([before.train_loss_level, after.train_loss_level])
                    epoch = np.interp(np.log(level), ends[::-1], [after.epoch, before.epoch])
                    update = np.interp(np.log(level), ends[::-1], [after.updates, before.updates])
                    found[cell, seed] = (epoch, update)
                    break
    return found


def test_times_are_those_of_a_slow_search():
    rng = np.random.default_rng(3)
    runs = {
        (cell, seed): (power(700, start, 0.8) * np.exp(0.1 * rng.normal(size=701)), updates)
        for seed in (0, 1, 2)
        for cell, start, updates in (("a", 3.0, 50), ("b", 9.0, 5), ("c", 1.0, 3), ("d", 4.0, 11))
    }
    curves = collected(runs)
    assert curves.groupby(["cell", "seed"]).size().eq(len(kept_rows(701))).all()
    found = times_to_common_level(curves, ["a", "b", "c", "d"])
    expected = slow_search(curves, ["a", "b", "c", "d"])
    assert len(found) == len(expected) == 12
    for row in found.itertuples():
        times = row.epochs_to_level, row.updates_to_level
        assert times == pytest.approx(expected[row.cell, row.seed], rel=1e-6)


def test_times_of_long_runs_are_resolved_early_as_late():
    """By power laws: the points that are kept lie 20 epochs apart, the early ones closer."""
    falls = power(3000, 5.0, 1.0)
    errors = {}
    for epoch in (2, 5, 12, 50, 300, 2000):
        # the other run ends where this one comes near it in that epoch
        level = running_level(falls)[epoch] / (1.0 + NEAR)
        kept = collected({("a", 0): (falls, 1), ("b", 0): (np.full(3001, level), 1)})
        times = times_to_common_level(kept, ["a", "b"]).set_index("cell")["epochs_to_level"]
        errors[epoch] = abs(times["a"] / epoch - 1.0)
    # far below the margin of 10 percent
    assert all(error < 0.03 for error in errors.values()), errors


def test_a_short_curve_is_kept_whole_and_a_long_one_early_and_late():
    assert kept_rows(120).tolist() == list(range(120))
    kept = kept_rows(3001)
    assert {0, 1, 2, 3, 3000} <= set(kept)
    assert len(kept) <= EVEN_POINTS + EARLY_POINTS
    # no gap is longer than that of evenly spread points, nor than a third of the epochs before it
    gaps = np.diff(kept)
    assert gaps.max() <= np.ceil(3000 / (EVEN_POINTS - 1))
    assert (gaps <= 1 + kept[:-1] / 3).all()


def test_a_seed_that_one_strategy_lacks_is_left_out():
    runs = {(c, s): (power(50, 5.0, 1.0), 1) for c in "ab" for s in (0, 1) if (c, s) != ("b", 1)}
    found = times_to_common_level(collected(runs), ["a", "b"])
    assert found[["cell", "seed"]].to_numpy().tolist() == [["a", 0], ["b", 0]]


def test_a_training_loss_of_0_gives_no_time_and_no_error():
    losses = np.concatenate([power(20, 5.0, 1.0), np.zeros(20)])
    found = times_to_common_level(collected({("a", 0): (losses, 1)}), ["a"])
    assert np.isnan(found["epochs_to_level"].iloc[0])
