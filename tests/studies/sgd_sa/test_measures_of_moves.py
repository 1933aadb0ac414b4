"""Measures of moves and of worsenings against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from escaping_minima.observers.annealing import A_DECADE, BINS, LEAST
from escaping_minima.studies.sgd_sa.measures_of_moves import measure_moves, windows
from escaping_minima.studies.sgd_sa.measures_of_worsenings import (
    histogram_quantile,
    kept_windows,
    measure_worsenings,
)

RATES = (0.5, 0.1, 0.05)
#: By epoch and move: tried, accepted, worse, accepted_worse, probability, worsening.
EARLY = [(10, 8, 4, 2, 3.0, 2.0), (20, 20, 10, 10, 9.0, 1.0), (10, 9, 2, 1, 1.0, 0.5)]
MIDDLE = [(10, 0, 10, 0, 0.0, 9.0)] * 3
LATE = [(10, 1, 10, 1, 0.5, 4.0), (20, 10, 12, 2, 1.5, 1.0), (10, 8, 2, 0, 0.25, 0.25)]
COUNTED = ("tried", "accepted", "worse", "accepted_worse", "probability", "worsening")


def moves_of(epochs: int, rates: tuple[float, ...] = RATES) -> pd.DataFrame:
    """Return moves of which the first epoch, those between and the last differ."""
    rows = [
        {"epoch": epoch, "move": move, "rate": rates[move]}
        | dict(zip(COUNTED, counts, strict=True))
        for epoch in range(1, epochs + 1)
        for move, counts in enumerate(EARLY if epoch == 1 else LATE if epoch == epochs else MIDDLE)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("epochs", "length"), [(1, 1), (2, 1), (6, 1), (10, 1), (20, 2), (100, 10)]
)
def test_a_tenth_of_the_epochs_is_early_and_a_tenth_late(epochs, length):
    found = windows(pd.DataFrame({"epoch": np.arange(1, epochs + 1)}), epochs)
    assert found["early"]["epoch"].tolist() == list(range(1, length + 1))
    assert found["late"]["epoch"].tolist() == list(range(epochs - length + 1, epochs + 1))


def test_moves_early_and_late():
    found = measure_moves(moves_of(10), 10)
    # early: 40 moves, of which 16 made it worse, with probabilities that sum to 13
    assert found["probability_all_early"] == (24 + 13) / 40
    assert found["probability_worse_early"] == 13 / 16
    assert found["worse_share_early"] == 16 / 40
    assert found["mean_worsening_early"] == 3.5 / 16
    # 0.5 is large; 0.1 is not small
    assert (found["large_accepted_early"], found["small_accepted_early"]) == (8 / 10, 9 / 10)
    assert found["effective_rate_early"] == pytest.approx((0.5 * 8 + 0.1 * 20 + 0.05 * 9) / 40)
    # late: 40 moves, 24 worse, 2.25
    assert found["probability_all_late"] == (16 + 2.25) / 40
    assert found["probability_worse_late"] == 2.25 / 24
    assert found["worse_share_late"] == 24 / 40
    assert found["mean_worsening_late"] == 5.25 / 24
    assert (found["large_accepted_late"], found["small_accepted_late"]) == (1 / 10, 8 / 10)
    assert found["effective_rate_late"] == pytest.approx((0.5 + 1.0 + 0.4) / 40)
    # of all epochs, those between too: 40 + 8 * 30 + 40 moves, 24 + 0 + 16 not worse
    assert found["improving_share"] == 40 / 320


def test_early_and_late_are_as_long_as_a_tenth():
    """Of 20 epochs two: the second has only worsening moves that are rejected."""
    found = measure_moves(moves_of(20), 20)
    assert found["worse_share_early"] == (16 + 30) / 70
    assert found["large_accepted_late"] == 1 / 20


def test_moves_without_rates_have_no_measures_of_rates():
    found = measure_moves(moves_of(10, (math.nan,) * 3), 10)
    names = ("large_accepted", "small_accepted", "effective_rate")
    assert all(math.isnan(found[f"{name}_{when}"]) for name in names for when in ("early", "late"))
    assert found["worse_share_early"] == 16 / 40


def test_what_rests_on_losses_is_unknown_where_none_was_looked_at():
    untested = moves_of(10).assign(worse=0, accepted_worse=0, probability=0.0, worsening=0.0)
    untested["accepted"] = untested["tried"]
    found = measure_moves(untested, 10, is_tested=False)
    known = {name: value for name, value in found.items() if not math.isnan(value)}
    mean_rate = pytest.approx((0.5 * 10 + 0.1 * 20 + 0.05 * 10) / 40)
    expected = {
        "probability_all": 1.0,
        "large_accepted": 1.0,
        "small_accepted": 1.0,
        "effective_rate": mean_rate,
    }
    assert known == {f"{n}_{when}": v for n, v in expected.items() for when in ("early", "late")}
    assert len(found) == 15


def test_no_moves_have_no_measures():
    for moves in (moves_of(10).iloc[:0], pd.DataFrame(columns=moves_of(1).columns)):
        found = measure_moves(moves, 10)
        assert len(found) == 15
        assert all(map(math.isnan, found.values()))


def counts(**bins: int) -> np.ndarray:
    found = np.zeros(BINS)
    for name, count in bins.items():
        found[int(name.removeprefix("b"))] = count
    return found


@pytest.mark.parametrize(
    ("bins", "median"),
    [
        # bin 9 is from 10^-6 to 10^-5.75
        ({"b9": 4}, -5.875),
        ({"b9": 1}, -5.875),
        # a quarter of what is in bin 9 lies below the median: 1 of 4
        ({"b1": 1, "b9": 4, "b20": 3}, -6 + 0.25 * 3 / 4),
        ({"b1": 3, "b9": 4, "b20": 1}, -6 + 0.25 * 1 / 4),
        # half of all lies at the end of bin 9
        ({"b9": 2, "b20": 2}, -5.75),
        # the first and the last bin are open
        ({"b0": 5, "b20": 1}, -8.0),
        ({"b51": 5}, 4.5),
        ({"b50": 2}, 4.375),
    ],
)
def test_a_median_is_interpolated_within_its_bin(bins, median):
    assert histogram_quantile(counts(**bins), 0.5) == pytest.approx(median, abs=1e-12)


def test_nothing_has_no_median():
    assert math.isnan(histogram_quantile(np.zeros(BINS), 0.5))


def test_the_median_is_near_that_of_what_was_counted():
    """Within a bin, of worsenings binned as the observer bins them."""
    values = 10 ** np.random.default_rng(0).normal(-3, 1, size=501)
    place = np.clip(np.floor((np.log10(values) - LEAST) * A_DECADE) + 1, 0, BINS - 1)
    counts = np.bincount(place.astype(int), minlength=BINS).astype(float)
    found = histogram_quantile(counts, 0.5)
    assert abs(found - math.log10(np.median(values))) < 1 / A_DECADE


def test_worsenings_early_and_last():
    table = pd.DataFrame(
        [
            {"epoch": 1, "bin": 9, "accepted": 2, "rejected": 0},
            {"epoch": 1, "bin": 33, "accepted": 1, "rejected": 4},
            {"epoch": 5, "bin": 40, "accepted": 9, "rejected": 9},
            {"epoch": 10, "bin": 1, "accepted": 0, "rejected": 2},
        ]
    )
    found = measure_worsenings(table, 10)
    # 1.5 of the 2 in bin 9
    assert found["accepted_median_early"] == pytest.approx(-6 + 0.25 * 0.75)
    assert found["rejected_median_early"] == pytest.approx(0.125)
    # none is kept after epoch 5, which is a tenth of the run: 9 in bin 40, of either kind
    assert found["accepted_median_last"] == found["rejected_median_last"] == pytest.approx(1.875)
    none = measure_worsenings(table.iloc[:0], 10)
    assert len(none) == 4
    assert all(map(math.isnan, none.values()))


@pytest.mark.parametrize(
    ("kept", "last"),
    [([3, 47], range(38, 48)), ([100], range(91, 101)), ([4], range(1, 5)), ([], [])],
)
def test_the_last_epochs_end_with_one_that_keeps_a_worsening(kept, last):
    """Of 100 epochs, in each of which one worsening is rejected."""
    table = pd.DataFrame({"epoch": range(1, 101), "bin": 20, "rejected": 1})
    table["accepted"] = table["epoch"].isin(kept).astype(int)
    found = kept_windows(table, 100)
    assert found["early"]["epoch"].tolist() == list(range(1, 11))
    assert found["last"]["epoch"].tolist() == list(last)
