"""Errors of the printed table: the known ones, and none in a table that has none."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from escaping_minima.claims.records import load_records
from escaping_minima.studies.stationary_distributions.names import METHOD_NAMES
from escaping_minima.studies.stationary_distributions.printed import (
    PrintedRow,
    fits,
    implied_runs,
    load_printed,
)
from escaping_minima.studies.stationary_distributions.printed_errors import printed_errors

BINS = ("GM1", "GM2", "LM1", "LM2", "LM3", "LM4", "Else")
SOUND = ("20", "20.4", "15", "15", "10", "9.6", "10")


@pytest.fixture(scope="module")
def printed():
    return load_printed(load_records("stationary_distributions").source)


@pytest.fixture(scope="module")
def errors(printed):
    return printed_errors(printed)


def about(errors, words):
    return [e for e in errors if words in e["check"]]


def table(*entries: tuple[str, ...]):
    """Build a six-hump table of eight rows: the given ones, then sound ones that differ."""
    shifts = [i / 5 for i in range(8 - len(entries))]
    sound = [(f"{20 + s:g}", f"{20.4 - s:g}", *SOUND[2:]) for s in shifts]
    return {
        ("six_hump_camel", m): PrintedRow("six_hump_camel", m, BINS, e, ("",) * 7)
        for m, e in zip(METHOD_NAMES, [*entries, *sound], strict=True)
    }


def test_five_rows_miss_100(errors):
    found = [re.search(r"= ([\d.]+);", e["arithmetic"]).group(1) for e in about(errors, "sums")]
    assert found == ["98.995", "100.61", "99.75", "100.25", "96"]


def test_a_rounded_else_explains_the_two_rows_that_miss_100_by_a_quarter(errors):
    explained = [e["where"] for e in about(errors, "sums") if "explained if" in e["finding"]]
    assert [w.rpartition(", ")[2] for w in explained] == ["NiG-BH", "NiM-BH"]


def test_entries_that_are_no_shares_of_500_come_with_the_right_fractions(errors):
    found = about(errors, "share of 500 trajectories")
    assert [e["where"] for e in found] == [
        f"Table 1, Six-Hump Camel, {name}" for name in METHOD_NAMES.values()
    ]
    assert "4.25 = 17/400; 23.5 = 94/400" in found[0]["arithmetic"]
    for entry in [part for e in found for part in e["arithmetic"].split("; ")]:
        shown, count, runs = re.fullmatch(r"([\d.]+) .* ?(?<!\d)(\d+)/(400|800)", entry).groups()
        places = len(shown.partition(".")[2])
        assert abs(Fraction(shown) - 100 * Fraction(int(count), int(runs))) <= Fraction(
            5, 10 ** (places + 1)
        )
        assert Fraction(shown) % Fraction(1, 5) != 0


def test_the_row_of_noisy_gradients_fits_800_only_as_rounded(printed, errors):
    row = printed["six_hump_camel", "nig"]
    assert implied_runs(row) == 800
    assert not all(Fraction(e) * 8 % 1 == 0 for e in row.entries)
    assert not any(all(fits(e, runs) for e in row.entries) for runs in (400, 500))
    found = about(errors, "share of 500 trajectories")[1]
    assert found["arithmetic"] == "13.5 = 54/400; 15.5 = 62/400"
    assert "800 trajectories would give the whole row, if it was rounded" in found["finding"]


def test_one_entry_has_no_grain_at_all(errors):
    (found,) = about(errors, "share of 500, 400 or 800")
    assert found["where"].endswith("NiM-GD, LM4")
    assert found["arithmetic"] == "9.86; nearest shares 9.8 = 49/500, 9.75 = 39/400, 9.875 = 79/800"


def test_identical_rows_are_told_from_coincidences(errors):
    found = {e["where"]: e["finding"] for e in about(errors, "differ")}
    assert "copied" in found.pop("Table 1, Himmelblau, SAM and NiM-MBH")
    assert "coincidence" in found.pop("Table 1, Three-Hump Camel, GD and NiG-BH")
    assert not found


def test_mirror_pairs_that_symmetric_starts_cannot_give(errors):
    found = {e["where"]: e["arithmetic"] for e in about(errors, "mirror")}
    gd = found["Table 1, Six-Hump Camel, GD, GM1 and GM2"]
    assert "17 and 94 of 400" in gd
    assert "p = 4e-14" in gd
    assert "level 0.0016" in gd  # 0.05 / 32 pairs
    assert "Table 1, Six-Hump Camel, GD, LM3 and LM4" in found
    assert not any("Three-Hump" in where or "LM1" in where for where in found)
    for text in found.values():
        a, b = map(int, re.search(r"are (\d+) and (\d+) of", text).groups())
        stated = float(re.search(r"p = ([\d.e-]+)", text).group(1))
        assert stated == pytest.approx(2 * stats.binom.cdf(min(a, b), a + b, 0.5), rel=0.5)


def test_mirror_pairs_are_rejected_by_holm_over_all_32(printed, errors):
    names, p_values = [], []
    for (function, method), row in printed.items():
        runs = (
            500 if function != "six_hump_camel" else 800 if method in ("nig", "nim", "sam") else 400
        )
        shares = dict(zip(row.bins, row.shares, strict=True))
        for first, second in (("GM1", "GM2"), ("LM1", "LM2"), ("LM3", "LM4")):
            if function == "himmelblau" or second not in shares:
                continue
            a, b = (round(shares[name] * runs / 100) for name in (first, second))
            names.append(f"{row.title}, {first} and {second}")
            p_values.append(stats.binomtest(a, a + b).pvalue)
    assert len(names) == 32
    rejected = multipletests(p_values, 0.05, "holm")[0]
    expected = [name for name, out in zip(names, rejected, strict=True) if out]
    assert [e["where"] for e in about(errors, "mirror")] == expected
    assert len(expected) == 12


def test_heading_and_number_of_algorithms(errors):
    assert len(about(errors, "name of its own")) == 1
    (found,) = about(errors, "number of algorithms")
    assert found["arithmetic"].startswith("text: 6; table: 8 (GD, ")


def test_nothing_else_is_found(errors):
    assert len(errors) == 5 + 8 + 1 + 2 + 12 + 1 + 1
    assert all(set(e) == {"where", "check", "arithmetic", "finding"} for e in errors)


def test_a_sound_table_has_only_its_number_of_algorithms_against_it():
    assert [e["check"] for e in printed_errors(table())] == [
        "text and table have the same number of algorithms"
    ]


@pytest.mark.parametrize(
    ("entries", "check"),
    [
        (("20", "20.4", "15", "15", "10", "9.6", "11"), "the row sums to 100"),
        (("20", "20.5", "15", "15", "10", "9.5", "10"), "every entry is a share of 500"),
        (("20", "20.27", "15", "15", "10", "9.73", "10"), "the entry is a share of 500, 400"),
        (("10", "30.4", "15", "15", "10", "9.6", "10"), "minima that are mirror images"),
        (("20", "20.4", "15", "15", "10", "9.6", "10"), "rows of two methods differ"),
    ],
)
def test_each_planted_error_is_found_alone(entries, check):
    found = [e for e in printed_errors(table(entries)) if "algorithms" not in e["check"]]
    assert {e["check"][: len(check)] for e in found} == {check}


def test_an_else_printed_with_decimals_was_not_rounded_to_a_whole_number():
    # the minima sum to 89.6, which leaves 10.4: 10 is that rounded, 10.8 is no whole number
    whole, decimal = (
        about(printed_errors(table(("20", "20.4", "15", "15", "10", "9.2", e))), "sums")[0]
        for e in ("10", "10.8")
    )
    assert "explained if Else" in whole["finding"]
    assert "does not explain" in decimal["finding"]


def test_rounding_alone_is_no_error():
    # thirds rounded to two decimals: 99.99
    third = PrintedRow("three_hump_camel", "gd", ("GM1", "LM1", "Else"), ("33.33",) * 3, ("",) * 3)
    found = printed_errors({("three_hump_camel", "gd"): third})
    assert not about(found, "sums")
