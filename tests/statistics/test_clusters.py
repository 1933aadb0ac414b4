"""How alike the members of clusters are, and intervals that draw clusters whole."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from escaping_minima.statistics.clusters import cluster_bootstrap, intraclass_correlation


def clusters(k, m, icc, seed):
    rng = np.random.default_rng(seed)
    return math.sqrt(icc) * rng.normal(size=(k, 1)) + math.sqrt(1 - icc) * rng.normal(size=(k, m))


@pytest.mark.parametrize(("k", "m", "icc"), [(5, 10, 0.0), (10, 10, 0.6), (8, 3, 0.95)])
def test_agrees_with_pingouin(k, m, icc):
    values = clusters(k, m, icc, seed=k)
    long = pd.DataFrame(
        {
            "trajectory": np.repeat(np.arange(k), m),
            "model": np.tile(np.arange(m), k),
            "score": values.ravel(),
        }
    )
    theirs = pingouin.intraclass_corr(long, "trajectory", "model", "score").iloc[0]
    found = intraclass_correlation(values)
    assert found.icc == pytest.approx(theirs["ICC"])
    interval = next(theirs[name] for name in theirs.index if "CI95" in name)
    assert [found.low, found.high] == pytest.approx(list(interval), abs=0.006)
    assert found.reason == ""


def test_the_interval_holds_its_level():
    """2,000 draws: standard error 0.5 percent at the nominal 95."""
    found = [intraclass_correlation(clusters(5, 10, 0.6, seed=s)) for s in range(2000)]
    covered = np.mean([f.low <= 0.6 <= f.high for f in found])
    assert covered == pytest.approx(0.95, abs=0.015)


def test_clusters_of_different_sizes_use_their_effective_size():
    """By hand: means 1, 3, 6; 6 values; squares 2, 0.5 within."""
    found = intraclass_correlation([[0.0, 1.0, 2.0], [2.5, 3.5], [6.0]])
    grand = (3 * 1 + 2 * 3 + 6) / 6
    between = (3 * (1 - grand) ** 2 + 2 * (3 - grand) ** 2 + (6 - grand) ** 2) / 2
    within = (2.0 + 0.5) / 3
    size = (6 - 14 / 6) / 2
    assert found.icc == pytest.approx((between - within) / (between + (size - 1) * within))
    assert found.low < found.icc < found.high


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[1.0, 2.0]], "one cluster"),
        ([], "no cluster"),
        ([[1.0], [2.0]], "no two of a cluster"),
        ([[1.0, 1.0], [1.0, 1.0]], "all values are equal"),
    ],
)
def test_nothing_is_known_of_too_few(values, reason):
    found = intraclass_correlation(values)
    assert math.isnan(found.icc)
    assert math.isnan(found.low)
    assert found.reason == reason


def test_copies_are_wholly_alike():
    found = intraclass_correlation([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]])
    assert (found.icc, found.low, found.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_without_interval_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        intraclass_correlation([[1.0, 2.0], [3.0, 4.0]], level)
    with pytest.raises(ValueError, match="level"):
        cluster_bootstrap([1.0, 2.0], [3.0, 4.0], np.random.default_rng(0), True, level)


def test_bootstrap_intervals_agree_with_scipy():
    rng = np.random.default_rng(7)
    left, right = rng.normal(1.0, 1.0, 30), rng.normal(0.0, 2.0, 30)
    for paired in (True, False):
        scipys = stats.bootstrap(
            (left, right),
            lambda a, b, axis: np.mean(a, axis) - np.mean(b, axis),
            paired=paired,
            method="percentile",
            vectorized=True,
            rng=rng,
        ).confidence_interval
        found = cluster_bootstrap(left, right, np.random.default_rng(8), paired)
        assert found == pytest.approx((scipys.low, scipys.high), abs=0.06)


def test_pairs_are_drawn_together():
    left = np.array([10.0, 20.0, 30.0, 40.0])
    assert cluster_bootstrap(left + 1, left, np.random.default_rng(0), True) == (1.0, 1.0)
    low, high = cluster_bootstrap(left + 1, left, np.random.default_rng(0), False)
    assert low < -5 < 5 < high
    with pytest.raises(ValueError, match="not paired"):
        cluster_bootstrap(left, left[:3], np.random.default_rng(0), True)


def test_one_cluster_has_no_interval():
    assert np.isnan(cluster_bootstrap([1.0], [2.0], np.random.default_rng(0), True)).all()
