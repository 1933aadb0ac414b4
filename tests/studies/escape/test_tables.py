"""Derived tables: shares, courses, who is off, and what is known to be better than what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from escaping_minima.claims.records import load_records
from escaping_minima.studies.escape.codes import (
    LAST,
    NEVER,
    code_by,
    cost_codes,
    kept_losses,
    pack_flags,
    pack_regions,
    share_of,
    unpack_flags,
    unpack_regions,
)
from escaping_minima.studies.escape.comparisons import order, pairs, ranks
from escaping_minima.studies.escape.courses import survival
from escaping_minima.studies.escape.off import count_other, is_off, off
from escaping_minima.studies.escape.run_tables import Starts, Tables
from escaping_minima.studies.escape.shares import shares, wilson

RECORDS = load_records("escape")
STARTS = 200


def test_costs_are_in_the_bin_whose_end_they_do_not_pass():
    codes = cost_codes(np.array([-1.0, 0.0, 1.0, 10.0, 11.0, 316.0, 10_000.0]), 10_000)
    assert codes.tolist() == [NEVER, 0, 0, 8, 9, 20, LAST]
    assert share_of(LAST) == 1.0
    assert np.isinf(share_of(NEVER))
    assert [code_by(p) for p in (10, 32, 100)] == [24, 28, 32]


def test_what_is_packed_comes_back():
    regions, flags = np.array([-1, 0, 5, 200]), np.array([True, False, True])
    assert unpack_regions(pack_regions(regions)).tolist() == regions.tolist()
    assert unpack_flags(pack_flags(flags), 3).tolist() == flags.tolist()


def test_an_end_above_its_start_counts_as_the_start():
    table = pd.DataFrame({"loss": [0.5, 2.0, np.inf, np.nan], "start_loss": [1.0, 1.0, 1.0, 1.0]})
    assert kept_losses(table).tolist() == [0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(("k", "n"), [(0, 20), (7, 20), (20, 20), (499, 500)])
def test_intervals_are_wilsons(k, n):
    known = binomtest(k, n).proportion_ci(0.95, "wilson")
    assert wilson(k, n) == pytest.approx((100 * k / n, 100 * known.low, 100 * known.high))


def arena(bests, ends=None, role="arena", problem="plane"):
    """Return collected tables of contestants of one problem, given which starts end best."""
    cells, rows = [], []
    for arm, best in bests.items():
        name = f"{role}-{problem}-{arm}"
        cells.append({"cell": name, "role": role, "problem": problem, "arm": arm, "point": ""})
        end = np.zeros(STARTS, np.int64) if ends is None else ends[arm]
        never = np.full(STARTS, NEVER, np.uint8).tobytes()
        packed = {"start": pack_regions(np.zeros(STARTS, np.int64)), "end": pack_regions(end)}
        flags = {"best": pack_flags(np.asarray(best)), "escape": never, "found": never}
        rows.append({"cell": name, "block": 0, "starts": STARTS, **packed, **flags})
    return {"cells.csv": pd.DataFrame(cells), "ends.parquet": pd.DataFrame(rows)}


def built(*tables):
    names = ("cells.csv", "ends.parquet")
    whole = {name: pd.concat([t[name] for t in tables], ignore_index=True) for name in names}
    return Tables.build(whole, RECORDS)


def first(count):
    return np.arange(STARTS) < count


def test_contestants_are_ordered_by_what_they_are_known_to_be_better_than():
    tables = built(
        arena({"gd": first(20), "nig": first(100), "sam": first(101), "warm": first(21)}),
        arena(
            {"gd": first(20), "nig": first(100), "sam": first(99), "warm": first(97)},
            problem="curve",
        ),
    )
    found, silent = shares(tables), off(tables)
    against = pairs(tables, set())
    known = {(r.problem, r.first, r.second): r.known for r in against.itertuples()}
    assert known["plane", "gd", "nig"] == "nig"
    assert known["plane", "nig", "sam"] == ""
    assert known["plane", "warm", "nig"] == "nig"
    assert known["curve", "warm", "nig"] == ""
    ordered = order(against, found, silent).set_index("arm")
    assert list(ordered.index)[-1] == "gd"
    assert ordered.loc["nig", "better_than"] == "gd, warm"
    assert ordered.loc["gd", "worse_than"] == "nig, sam, warm"
    assert ordered.loc["sam", "mean_rank"] == 1.5
    test = ranks(found, silent).iloc[0]
    assert (test["arms"], test["problems"]) == (4, 2)
    # q of 4 groups at infinity, 3.633 (Demsar 2006, table 5 times the root of 2)
    assert test["critical_difference"] == pytest.approx(
        3.633 / np.sqrt(2) * np.sqrt(20 / 12), rel=1e-3
    )


def test_who_ends_as_without_its_strength_is_off_and_unranked():
    ends = {"nig": np.zeros(STARTS, np.int64), "sam": np.zeros(STARTS, np.int64)}
    other = {"nig": ends["nig"].copy(), "sam": ends["sam"].copy()}
    other["sam"][:3] = 1
    other["nig"][:1] = 1
    bests = {"nig": first(50), "sam": first(120)}
    gd = arena({"gd": first(10)})
    tables = built(gd, arena(bests, ends), arena(bests, other, role="without"))
    silent = off(tables)
    chosen = silent[silent["problem"] == "plane"].set_index("arm")
    assert (chosen.loc["nig", "differing"], bool(chosen.loc["nig", "off"])) == (1, True)
    assert (chosen.loc["sam", "differing"], bool(chosen.loc["sam", "off"])) == (3, False)
    assert chosen.loc["sgd_1", "base"] == "gd"
    against = pairs(tables, is_off(silent))
    assert set(against["first"]) | set(against["second"]) == {"gd", "sam"}
    ordered = order(against, shares(tables), silent).set_index("arm")
    assert np.isnan(ordered.loc["nig", "mean_rank"])
    assert ordered.loc["nig", "off_on"] == "plane"


def test_other_escapes_count_as_other_ways():
    codes = np.array([3, NEVER, 5], np.uint8)
    same = {"start": np.zeros(3), "best": first(3)[:3], "found": codes}
    ours = Starts(end=np.array([0, 0, 1]), escape=codes, **same)
    theirs = Starts(end=np.array([0, 1, 1]), escape=np.array([9, 7, NEVER], np.uint8), **same)
    assert count_other(ours, theirs) == 2


def test_survival_falls_by_those_who_have_left():
    tables = arena({"gd": first(0)})
    codes = np.full(STARTS, NEVER, np.uint8)
    codes[:50], codes[50:60] = 8, LAST
    tables["ends.parquet"]["escape"] = [codes.tobytes()]
    found = survival(built(tables)).set_index("percent_of_budget")["share"]
    assert found.iloc[7] == 100.0
    assert found.iloc[8] == 75.0
    assert found.iloc[LAST] == 70.0
