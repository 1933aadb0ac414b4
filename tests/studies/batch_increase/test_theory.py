"""Section 4.2 in numbers: closed forms against every sample of a small set, and planted noise."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from escaping_minima.results.blocks import Block
from escaping_minima.studies.batch_increase import theory
from escaping_minima.studies.batch_increase.spread_tables import deviations_of_block, of_block

LOSSES = np.array([0.1, 0.2, 0.25, 0.4, 0.9, 1.6, 4.0])
SIZES = (10, 55, 100, 255)
IMAGES = 600


def means_of(size, replacement):
    """Return the mean of every sample that can be drawn, each as likely."""
    if replacement:
        drawn = itertools.product(LOSSES, repeat=size)
    else:
        drawn = itertools.combinations(LOSSES, size)
    return np.array([np.mean(one) for one in drawn])


@pytest.mark.parametrize("replacement", [0, 1])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_variance_and_skewness_are_those_over_every_sample(size, replacement):
    means = means_of(size, replacement)
    place = (size, len(LOSSES), replacement)
    assert means.mean() == pytest.approx(LOSSES.mean())
    assert theory.expected_variance(LOSSES.var(), *place) == pytest.approx(means.var())
    skewness = theory.expected_skewness(stats.skew(LOSSES), *place)
    assert skewness == pytest.approx(stats.skew(means))


def test_all_images_at_once_leave_no_variance():
    assert theory.finite_population(7, 7, 0) == 0
    assert theory.finite_population(7, 7, 1) == 1


@pytest.mark.parametrize("draws", [40, 300])
def test_the_floor_is_the_mean_distance_of_normal_draws(draws):
    rng = np.random.default_rng(17)
    found = []
    for _ in range(200):
        drawn = rng.normal(3.0, 0.2, draws)
        found.append(stats.kstest(drawn, stats.norm(drawn.mean(), drawn.std(ddof=1)).cdf)[0])
    assert theory.normal_floor(draws) == pytest.approx(np.mean(found), rel=0.06)


def spreads(replacement, mode="inference", power=1.0, seed=0, **more):
    size = np.array(SIZES)
    variance = 2.0 / size**power * theory.finite_population(size, IMAGES, replacement)
    columns = {"cell": "a", "seed": seed, "mode": mode, "replacement": replacement, "draws": 50}
    return pd.DataFrame(
        {"size": size, "variance": variance, "images": IMAGES, "kurtosis": 0.0} | columns | more
    )


def test_slopes_are_those_that_were_planted():
    table = pd.concat([spreads(1), spreads(0), spreads(0, "training", 0.6), spreads(0, seed=1)])
    found = theory.slopes(table.sample(frac=1, random_state=0))
    found = found.set_index(["seed", "mode", "replacement"])
    assert found.loc[(0, "inference", 1), "slope"] == pytest.approx(-1)
    assert found.loc[(0, "inference", 1), "plain_slope"] == pytest.approx(-1)
    assert found.loc[(0, "inference", 0), "slope"] == pytest.approx(-1)
    assert found.loc[(0, "training", 0), "slope"] == pytest.approx(-0.6)
    line = np.polyfit(np.log(SIZES), np.log(spreads(0)["variance"]), 1)
    assert found.loc[(1, "inference", 0), "plain_slope"] == pytest.approx(line[0])
    assert line[0] < -1.05
    assert (found["orders"] == 3).all()
    assert (found["pairs"] == 3).all()


def test_sizes_out_of_order_are_counted():
    table = spreads(1)
    table.loc[1, "variance"] = 10.0
    assert theory.slopes(table)["orders"].tolist() == [2]
    assert not len(theory.slopes(table[:1]))


def test_the_error_of_a_slope_is_the_spread_of_slopes_of_such_draws():
    """For a normal distribution, and for one with heavy tails, whose variances scatter more."""
    rng = np.random.default_rng(5)
    for draw, kurtosis in (
        (rng.standard_normal, 0.0),
        (lambda shape: rng.standard_t(10, shape), 1.0),
    ):
        drawn = draw((200, len(SIZES), 200)).var(axis=2, ddof=1)
        made = [
            spreads(1, variance=one, kurtosis=kurtosis, draws=200, seed=seed)
            for seed, one in enumerate(drawn)
        ]
        found = theory.slopes(pd.concat(made))
        assert found["error"].iloc[0] == pytest.approx(found["slope"].std(), rel=0.2)


def test_an_interval_over_runs_is_students():
    values = [1.0, 2.0, 4.0, 4.5]
    expected = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert theory.mean_interval(values) == pytest.approx((2.875, *expected))
    assert theory.mean_interval([2.0]) == (2.0, -np.inf, np.inf)


def deviations(cell, sizes, sigmas, bias=0.0, seed=0):
    """Return four updates an epoch, as far from mu as sigma / sqrt(N), above and below."""
    epoch = np.repeat(np.arange(1, len(sizes) + 1), 4)
    size, sigma = np.repeat(sizes, 4), np.repeat(sigmas, 4)
    apart = sigma / np.sqrt(size) * np.tile([1, -1, -1, 1], len(sizes))
    return pd.DataFrame(
        {
            "cell": cell,
            "seed": seed,
            "epoch": epoch,
            "update": np.arange(len(epoch)) + 1,
            "batch_size": size,
            "full_loss": 0.5,
            "sigma": sigma,
            "training_deviation": apart + bias,
            "inference_deviation": apart,
        }
    )


def test_noise_is_split_into_what_was_planted():
    table = pd.concat(
        [
            deviations("grows", [10, 10, 40, 40, 90, 90, 160, 160], [4, 4, 3, 3, 2, 2, 1, 1]),
            deviations("fixed", [10] * 8, [4, 4, 3, 3, 2, 2, 1, 1]),
            deviations("biased", [10] * 8, [2.0] * 8, bias=5.0),
            deviations("short", [10], [2.0]),
        ]
    )
    horizons = {"grows": 8, "fixed": 8, "biased": 8, "short": 1}
    windows = theory.noise_windows(table, horizons)
    assert windows.groupby("cell").size().to_dict() == {
        **dict.fromkeys(("grows", "fixed", "biased"), 8),
        "short": 2,
    }
    first = windows[(windows["cell"] == "grows") & (windows["mode"] == "inference")]
    assert first["done"].tolist() == [0.125, 0.375, 0.625, 0.875]
    assert first["sigma"].to_numpy() == pytest.approx(np.log([4, 3, 2, 1]))
    assert first["size"].to_numpy() == pytest.approx(-0.5 * np.log([10, 40, 90, 160]))
    assert first["rest"].to_numpy() == pytest.approx(np.zeros(4), abs=1e-12)
    assert first["variance"].to_numpy() == pytest.approx(
        8 / 7 * np.array([16 / 10, 9 / 40, 4 / 90, 1 / 160])
    )
    biased = windows[(windows["cell"] == "biased") & (windows["mode"] == "training")]
    assert biased["bias"].to_numpy() == pytest.approx([5.0] * 4)
    assert biased["variance"].to_numpy() == pytest.approx([8 / 7 * 4 / 10] * 4)
    assert biased["noise"].to_numpy() == pytest.approx([np.log(5.0)] * 4)
    falls = theory.noise_falls(windows.sample(frac=1, random_state=1))
    falls = falls.set_index(["cell", "mode"])
    assert "short" not in falls.index.get_level_values("cell")
    for cell, size in (("grows", -0.5 * np.log(16)), ("fixed", 0.0)):
        row = falls.loc[cell, "inference"]
        assert row["sigma"] == pytest.approx(-np.log(4))
        assert row["size"] == pytest.approx(size)
        assert row["noise"] == pytest.approx(size - np.log(4))
        assert row["rest"] == pytest.approx(0, abs=1e-12)


class Kept:
    def __init__(self, table):
        self._table = table

    def table(self):
        return self._table


def test_the_table_of_a_probe_has_what_theory_expects_beside_what_was_measured():
    measured = {
        "size": [10, 10, 20],
        "replacement": [1, 0, 0],
        "images": [100, 100, 100],
        "mode": ["inference", "inference", "training"],
        "draws": [9, 9, 9],
        "image_variance": [4.0, 4.0, 5.0],
        "image_skewness": [3.0, 3.0, 3.0],
        "variance": [0.4, 0.3, 0.2],
        "losses": [b"aaaa", b"bbbb", b"cccc"],
    }
    found = of_block(Block(None, 0, pd.DataFrame(measured), {}))
    assert found["expected_variance"].to_numpy() == pytest.approx(
        [0.4, 0.4 * 90 / 99, 0.25 * 80 / 99]
    )
    last = 3 / 20**0.5 * 60 / 98 * (99 / 80) ** 0.5
    assert found["expected_skewness"].iloc[[0, 2]].to_numpy() == pytest.approx([3 / 10**0.5, last])
    assert found["losses"].tolist() == [b"", b"bbbb", b"cccc"]
    assert found["variance"].dtype == np.float32
    assert found["size"].dtype == np.int32


def test_the_table_of_a_run_keeps_the_digits_of_a_difference():
    table = pd.DataFrame(
        {
            "epoch": [1, 2],
            "update": [1, 300],
            "batch_size": [10, 20],
            "training_loss": [1.5, 1.0],
            "inference_loss": [1.0 + 1e-9, 1.25],
            "full_loss": [1.0, 1.0],
            "sigma": [0.5, 0.25],
        }
    )
    found = deviations_of_block(Block(None, 0, pd.DataFrame(), {}, {"deviations": Kept(table)}))
    assert found["inference_deviation"].to_numpy() == pytest.approx([1e-9, 0.25], rel=1e-6)
    assert found["training_deviation"].tolist() == [0.5, 0.0]
    assert found["update"].tolist() == [1, 300]
    assert not len(deviations_of_block(Block(None, 0, pd.DataFrame(), {})))
