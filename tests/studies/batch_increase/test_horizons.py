"""Effects of the claims by horizon, and what changed from one to another."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from batch_increase_further import TRUE, planted

from escaping_minima.claims.records import load_records
from escaping_minima.studies.batch_increase import evidence
from escaping_minima.studies.batch_increase.horizon_words import beside
from escaping_minima.studies.batch_increase.horizons import (
    Effect,
    change_table,
    effects,
    horizon_table,
)
from escaping_minima.studies.batch_increase.run_tables import Tables

RECORDS = load_records("batch_increase")


def effect(horizon, values, direction="less", part="a < b", unit="ratio", claim="T04", first=0):
    seeds = pd.Series(values, range(first, first + len(values)), dtype=float)
    return Effect(claim, part, 100, "full", 60_000, horizon, direction, 0.0, 5.0, unit, seeds)


@pytest.fixture(scope="module")
def found():
    horizons = {"main_ladder": 8, "sample_ladder": 24}
    tables = planted(TRUE, seeds=3, horizons=horizons)
    of_sample = tables["cells.csv"]["cell"].str.startswith("sample")
    tables["cells.csv"].loc[of_sample, ["data_version", "images"]] = ["sample", 2000]
    return effects(Tables.build(tables, RECORDS), RECORDS, evidence)


def test_every_role_has_its_horizon(found):
    rows = horizon_table(found)
    there = set(rows[["data", "images", "horizon"]].itertuples(index=False, name=None))
    assert there == {("full", 60_000, 8), ("sample", 2000, 24)}
    # what is said of batches at fixed weights is about no horizon
    assert not {"T01", "T02", "T11"} & set(rows["claim"])
    assert {"T03", "T12", "T13", "T18", "T19", "T22", "T23"} <= set(rows["claim"])
    assert set(rows["n"]) == {3}


def test_effects_are_those_planted(found):
    rows = horizon_table(found)
    order = rows[(rows["claim"] == "T23") & (rows["condition"] == 100) & (rows["unit"] == "ratio")]
    decreasing = order[order["part"].str.contains("decreasing")]
    assert decreasing["effect"].to_numpy() == pytest.approx(-100 * math.log(1.5), abs=4)
    assert (decreasing["direction"] == "less").all()
    assert (decreasing["low"] < decreasing["effect"]).all()


def test_the_weakest_part_is_that_of_the_longest_horizon():
    strong, weak = "linear < fixed 10", "linear < fixed 55"
    rows = horizon_table(
        [
            effect(5, [-1.0, -2.0], part=strong),
            effect(5, [-9.0, -9.5], part=weak),
            effect(15, [-9.0, -9.5], part=strong),
            effect(15, [-1.0, -2.0], part=weak),
        ]
    )
    assert rows.groupby("part")["weakest"].all().to_dict() == {strong: False, weak: True}


@pytest.mark.parametrize(
    ("direction", "long", "towards"),
    [
        ("less", [-20.0, -21.0, -19.0], "towards"),
        ("greater", [-20.0, -21.0, -19.0], "away"),
        # the differences of the seeds do not exclude 0
        ("less", [-20.0, 10.0, -5.0], ""),
        # nearer to 0, and beyond it by more
        ("equal", [1.0, 0.5, 1.5], "towards"),
        ("equal", [30.0, 31.0, 29.0], "away"),
    ],
)
def test_a_change_counts_where_the_paired_difference_excludes_0(direction, long, towards):
    short = [10.0, 11.0, 9.5]
    (row,) = change_table([effect(5, short, direction), effect(15, long, direction)]).to_dict(
        "records"
    )
    assert (row["short"], row["long"], row["n"]) == (5, 15, 3)
    assert row["change"] == pytest.approx(sum(long) / 3 - sum(short) / 3)
    assert row["towards"] == towards


def test_seeds_are_paired_and_one_seed_tells_nothing():
    # seed 0 has no longer run; the other differs by 30
    rows = change_table([effect(5, [0.0, 10.0]), effect(15, [-20.0, 0.0], first=1)])
    (row,) = rows.to_dict("records")
    assert (row["n"], row["change"], row["towards"]) == (1, -30.0, "")
    assert row["low"] == -math.inf


def test_the_ledger_says_the_weakest_part_of_the_longest_horizon():
    made = [effect(5, [10.0, 11.0, 9.5]), effect(15, [-20.0, -21.0, -19.0])]
    tables = {"horizons.csv": horizon_table(made), "horizon_changes.csv": change_table(made)}
    said = beside(tables)["T04"]
    assert said.startswith("longest horizon, 15 epochs of MNIST, 3 seeds: a < b: × 0.819 [× 0.7")
    assert said.endswith("(claimed: below × 1); towards the claim since 5 epochs")
