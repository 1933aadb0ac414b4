"""The paper's own Table 1 goes through the records: what it says of the paper's claims."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from escaping_minima.claims.printed import printed_main, printed_says
from escaping_minima.claims.records import REFERENCE, load_records
from escaping_minima.claims.source import Source
from escaping_minima.studies.sgd_sa import evidence

RECORDS = load_records("sgd_sa")
ON_TABLE_1 = ("F01", "F02", "F03", "F04", "F05", "F14")


@pytest.fixture(scope="module")
def said():
    """By claim, what the printed table says of each reading."""
    found = {}
    for family in RECORDS.families:
        source = Source(RECORDS, family, evidence, SimpleNamespace())
        printed = printed_main(source)
        for claim in RECORDS.members(family.id):
            found[claim.id] = [printed_says(claim, r, printed) for r in claim.readings]
    return found


@pytest.fixture(scope="module")
def rows():
    """Return a function that reads the seeds off the table as it was copied, by network."""
    table = pd.read_csv(REFERENCE / RECORDS.source / "table1_validation.csv", dtype=str)
    seeds = table[table["seed"].notna()]

    def read(network, metric):
        chosen = seeds[(seeds["network"] == network) & (seeds["metric"] == f"validation_{metric}")]
        wide = chosen.pivot(index="seed", columns="method", values="value_as_printed")
        return (wide[name].astype(float).to_numpy() for name in ("SGD-SA", "Scheduled-SGD"))

    return read


def parts(reading):
    (setting,) = reading["judged"]["settings"]
    return setting["parts"]


def test_nothing_is_printed_of_the_other_claims(said):
    assert {name for name, readings in said.items() if any(readings)} == set(ON_TABLE_1)


def test_what_the_papers_own_numbers_say_of_its_claims(said):
    assert {name: said[name][0]["judged"]["verdict"] for name in ON_TABLE_1} == {
        "F01": "reproduced",
        "F02": "reproduced",
        "F03": "reproduced",
        "F04": "inconclusive",
        "F05": "reproduced",
        "F14": "inconclusive",
    }


def test_none_is_contradicted_but_the_spread_of_the_losses_of_vgg16(said):
    against = [p for readings in said.values() for r in readings if r for p in r["against"]]
    assert {p["label"] for p in against} == {
        "spread of test loss at the end: SGD-SA, VGG16 > Scheduled-SGD"
    }
    assert not any(p["beyond_error"] for p in against)


@pytest.mark.parametrize(
    ("claim", "network", "metric", "mean", "wins"),
    [
        ("F01", "VGG16", "loss", -32.900, 10),
        ("F02", "ResNet34", "loss", -12.660, 10),
        ("F03", "VGG16", "accuracy", 1.048, 10),
        ("F04", "ResNet34", "accuracy", 0.124, 7),
    ],
)
def test_means_are_students_t_on_the_pairs(said, rows, claim, network, metric, mean, wins):
    ours, theirs = rows(network, metric)
    pairs = 100 * np.log(ours / theirs) if metric == "loss" else ours - theirs
    assert pairs.mean() == pytest.approx(mean, abs=0.001)
    (part,) = parts(said[claim][0])
    assert part["measured"] == pytest.approx(mean, abs=0.001)
    assert part["favouring"] == [wins, 10]
    sign = "less" if metric == "loss" else "greater"
    p = stats.ttest_1samp(pairs, 0.0, alternative=sign).pvalue
    # an order is reproduced at twice the error of its side
    assert part["p"] == pytest.approx(2 * p)
    # F01 and F03 are the surest: the level of each end of the interval is its own
    low, high = part["measured_interval"]
    (tail,) = stats.t.cdf([(pairs.mean() - low) / stats.sem(pairs)], 9)
    assert low < pairs.mean() < high
    assert 0.97 < tail < 1.0


def test_the_count_of_seeds_alone_would_take_more_than_seven_of_ten(said):
    """By the sign test 7 of 10 come about by chance in 17 percent of cases a side."""
    counted = {name: parts(said[name][index])[0] for name, index in (("F03", 2), ("F04", 2))}
    assert counted["F03"]["favouring"] == [10, 10]
    assert counted["F04"]["favouring"] == [7, 10]
    assert stats.binomtest(7, 10, alternative="greater").pvalue == pytest.approx(0.171875)
    assert counted["F03"]["verdict"] == "reproduced"
    assert counted["F04"]["verdict"] == "inconclusive"


@pytest.mark.parametrize(
    ("place", "network", "gain"), [(0, "VGG16", 1.208), (1, "ResNet34", 1.158)]
)
def test_the_best_of_three_is_the_mean_over_all_threes(said, rows, place, network, gain):
    best = [
        np.mean([max(values[list(three)]) for three in combinations(range(10), 3)])
        for values in rows(network, "accuracy")
    ]
    assert best[0] - best[1] == pytest.approx(gain, abs=0.001)
    part = parts(said["F05"][0])[place]
    # the mean of the pseudo-values has less bias, of which a U-statistic has none
    assert part["measured"] == pytest.approx(gain, abs=0.001)


@pytest.mark.parametrize(
    ("reading", "place", "network", "metric", "ratio"),
    [
        (0, 0, "VGG16", "accuracy", 2.042),
        (0, 1, "ResNet34", "accuracy", 6.532),
        (1, 0, "VGG16", "loss", 0.870),
        (1, 1, "ResNet34", "loss", 2.451),
    ],
)
def test_spreads_are_millers_jackknife(said, rows, reading, place, network, metric, ratio):
    ours, theirs = rows(network, metric)
    assert stats.tstd(ours) / stats.tstd(theirs) == pytest.approx(ratio, abs=0.001)

    def log_ratio(kept):
        return 100 * np.log(stats.tstd(ours[kept]) / stats.tstd(theirs[kept]))

    every = np.arange(10)
    pseudo = [10 * log_ratio(every) - 9 * log_ratio(every != i) for i in every]
    part = parts(said["F14"][reading])[place]
    assert part["measured"] == pytest.approx(np.mean(pseudo), abs=0.001)
    p = stats.ttest_1samp(pseudo, 0.0, alternative="greater").pvalue
    assert part["p"] == pytest.approx(min(1.0, 2 * p), abs=1e-6)


def test_one_seed_makes_most_of_the_spread_of_resnet34(rows):
    ours, theirs = rows("ResNet34", "accuracy")
    outlier = ours.argmin()
    assert ours[outlier] == pytest.approx(76.31)
    kept = np.arange(10) != outlier
    assert stats.tstd(ours[kept]) / stats.tstd(theirs) == pytest.approx(2.5, abs=0.1)
