"""The paper's own Table 1 goes through the records: which of them it contradicts."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from escaping_minima.claims.printed import printed_main, printed_says
from escaping_minima.claims.records import REFERENCE, load_records
from escaping_minima.claims.source import Source
from escaping_minima.studies.stationary_distributions import evidence
from escaping_minima.studies.stationary_distributions.printed import load_printed, whole_counts

STUDY = "stationary_distributions"
RECORDS = load_records(STUDY)
FLAT, SHARP, GLOBAL = ("LM1", "LM2"), ("LM3", "LM4"), ("GM1", "GM2")


@pytest.fixture(scope="module")
def said():
    """By claim and name of a reading, what the printed table says of it."""
    source = Source(RECORDS, RECORDS.family("table-1"), evidence, SimpleNamespace())
    printed = printed_main(source)
    return {
        (claim.id, reading.name): printed_says(claim, reading, printed)
        for claim in RECORDS.claims
        for reading in claim.readings
    }


@pytest.fixture(scope="module")
def share():
    """Return a function that reads percentages off the table as it was copied."""
    path = REFERENCE / RECORDS.source / "table1_stationary_distribution.csv"
    table = pd.read_csv(path)
    six = table[table["function"] == "Six-Hump Camel"].set_index(["algorithm", "bin"])

    def among(algorithm, labels, pool):
        values = six.loc[algorithm]["value_as_printed"].astype(float)
        return 100 * values[list(labels)].sum() / values[list(pool)].sum()

    return among


def reading(claim, index):
    return claim, next(c for c in RECORDS.claims if c.id == claim).readings[index].name


def test_the_printed_table_contradicts_no_main_reading(said):
    main = {c.id: said[c.id, c.readings[0].name] for c in RECORDS.claims}
    # one part for each that needs the main radius alone; nothing is printed of basins
    parts = {name: found["parts"] for name, found in main.items() if found is not None}
    assert parts == {
        "I01": 5,
        "I02": 4,
        "I03": 3,
        "I04": 12,
        "I05": 2,
        "I06": 4,
        "I07": 5,
        "I19": 4,
        "I20": 3,
    }
    assert main["I23"] is None
    assert {name: found["against"] for name, found in main.items() if found} == {
        name: [] for name in parts
    }


def test_stricter_readings_are_contradicted_where_the_table_says_so(said, share):
    found = said[reading("I20", 3)]
    minima = (*GLOBAL, *FLAT, *SHARP)
    expected = {
        "pair f=2.104 among any minimum: NiG-GD, Six-Hump Camel > GD": (
            share("NiG-GD", FLAT, minima) - share("GD", FLAT, minima)
        ),
        "GM among any minimum: NiG-GD, Six-Hump Camel = SAM": (
            share("NiG-GD", GLOBAL, minima) - share("SAM", GLOBAL, minima)
        ),
    }
    assert found["parts"] == 6
    # 500 whole starts stand for printed shares, so a tenth of a point may lie between
    assert {p["label"]: p["effect"] for p in found["against"]} == pytest.approx(expected, abs=0.2)
    # neither is more than the sampling error of 500 starts
    assert [p["beyond_error"] for p in found["against"]] == [False, False]


def test_a_two_sided_reading_is_contradicted_by_a_gain_of_the_sharp_pair(said, share):
    local = (*FLAT, *SHARP)
    (part,) = said[reading("I07", 2)]["against"]
    assert part["label"].endswith("NiM-GD, Six-Hump Camel = GD")
    gain = share("NiM-GD", SHARP, local) - share("GD", SHARP, local)
    assert part["effect"] == pytest.approx(gain, abs=0.5)


@pytest.mark.parametrize(("starts", "beyond"), [(500, False), (5000, True)])
def test_raw_shares_are_contradicted_beyond_the_sampling_error_of_enough_starts(
    starts, beyond, monkeypatch
):
    """Surely short of the margin is not surely below 0: 5 points of 500 starts are not."""
    monkeypatch.setattr(evidence, "STATED_RUNS", starts)
    source = Source(RECORDS, RECORDS.family("table-1"), evidence, SimpleNamespace())
    claim = next(c for c in RECORDS.claims if c.id == "I20")
    against = printed_says(claim, claim.readings[2], printed_main(source))["against"]
    assert [p["effect"] for p in against] == pytest.approx([-7.8, -5.4], abs=0.2)
    assert [p["beyond_error"] for p in against] == [beyond, beyond]


def test_no_contradiction_is_surely_more_than_the_sampling_error(said):
    against = [p for found in said.values() if found for p in found["against"]]
    assert len(against) > 5
    assert not any(p["beyond_error"] for p in against)


def test_the_second_reading_of_basin_hopping_fails_for_two_of_four(said):
    against = said[reading("I06", 1)]["against"]
    assert {p["label"].split(",")[0] for p in against} == {"Else: NiG-BH", "Else: NiM-BH"}


@pytest.mark.parametrize("row", load_printed(RECORDS.source).values(), ids=lambda row: row.title)
def test_whole_counts_are_within_one_start_of_the_printed_shares(row):
    counts = whole_counts(row.shares, 500)
    assert sum(counts) == 500
    exact = [5 * share * 100 / sum(row.shares) for share in row.shares]
    assert all(abs(count - number) < 1 for count, number in zip(counts, exact, strict=True))


def test_whole_counts_of_whole_numbers_are_themselves():
    assert whole_counts([28, 25, 23, 24, 0], 500) == (140, 125, 115, 120, 0)
    assert whole_counts([1, 1, 1], 100) == (34, 33, 33)
