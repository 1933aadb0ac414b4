"""Hours of a GPU that missing runs take, against what was measured and hours worked out by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.studies.batch_increase.gpu_hours import (
    epoch_seconds,
    missing_hours,
    probe_seconds,
    say_hours,
)
from escaping_minima.studies.batch_increase.record_forms import compared_strategies, main_forms
from escaping_minima.studies.batch_increase.strategies import all_strategies

RECORDS = load_records("batch_increase")
COMPARED = compared_strategies(RECORDS)
FORMS = main_forms(RECORDS)
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "batch_increase.md"
#: A fixed size of 500: 120 updates of 1,270 us, and 70,000 images at 53 ms for 60,000.
FIXED_500 = 120 * 0.00127 + 70 / 60 * 0.053


def hours(family, rows=()):
    table = pd.DataFrame(rows, columns=["strategy", "epochs", "images", "seeds"])
    return missing_hours(RECORDS.family(family), COMPARED[family], FORMS[family], table)


def test_an_epoch_of_all_strategies_takes_what_was_measured():
    """2.4 s of an H100, measured apart from the updates."""
    assert sum(epoch_seconds(s.name, 1000) for s in all_strategies()) == pytest.approx(
        2.4, rel=0.05
    )


def test_one_size_takes_its_updates_and_its_evaluations():
    assert epoch_seconds("fixed_500", 1000) == pytest.approx(FIXED_500)


def test_probes_take_their_passes():
    """In updates of a plain loop, 3.18 ms at a batch of 10 and 8.05 at 500, and passes of 53 ms."""
    # ten states, 60 batches drawn with replacement and without; forwards alone
    ten = 10 * (0.053 + 2 * 60 * 0.00318 / 3)
    assert probe_seconds("deviation", "fixed_10", 3000) == pytest.approx(ten)
    every = 0.00318 + 0.00373 + 0.00404 + 0.00493 + 0.00805
    # the increase keeps five states, and 1,000 batches of each size are drawn
    five = 5 * (0.053 + 2 * 1000 * every / 3)
    assert probe_seconds("spread", "linear_500", 3000) == pytest.approx(five)
    # 546,000 gradients of an image, 50 at once
    assert probe_seconds("flatness", "fixed_10", 3000) == pytest.approx(10_920 * 0.003669, rel=1e-3)
    assert probe_seconds("cells", "fixed_10", 3000) == 0.0


def test_families_that_rest_on_probes_count_them():
    runs = 5 * 3000 * sum(epoch_seconds(s.name, 3000) for s in all_strategies())
    probes = 5 * sum(probe_seconds("deviation", s.name, 3000) for s in all_strategies())
    assert 0 < probes < 0.01 * runs
    assert hours("noise") == pytest.approx((runs + probes) / 3600)
    assert hours("figure-6") == pytest.approx(runs / 3600)


def test_another_order_takes_as_long():
    found = {epoch_seconds(f"{order}_100", 75) for order in ("linear", "random", "decreasing")}
    assert max(found) == pytest.approx(min(found))


def test_families_count_the_strategies_that_they_compare():
    assert COMPARED["figure-4"] == {"linear_500"}
    assert COMPARED["figure-10"] == {"fixed_10", "fixed_255", "fixed_500", "linear_500"}
    assert COMPARED["figure-6"] == {s.name for s in all_strategies()}
    # whatever it compares, a count of cells takes all strategies of its condition
    assert COMPARED["figure-11"] == COMPARED["figure-10"]
    orders = {f"{order}_{n2}" for order in ("linear", "random", "decreasing") for n2 in (100, 500)}
    assert COMPARED["order-of-sizes"] == orders
    one = sum(epoch_seconds(name, 1000) for name in COMPARED["figure-10"])
    assert hours("figure-10") == pytest.approx(5 * 1000 * one / 3600)
    # of the number of weights nothing is missing
    assert hours("network") == 0.0


def test_what_is_there_is_not_missing():
    whole = hours("figure-10")
    found = hours("figure-10", [("fixed_500", 1000, 60_000, 3)])
    assert whole - found == pytest.approx(3 * 1000 * FIXED_500 / 3600)
    # shorter runs, and runs on fewer images, are other ones
    others = [("fixed_500", 999, 60_000, 5), ("fixed_10", 1000, 10_000, 5)]
    assert hours("figure-10", others) == whole


def test_the_document_says_what_the_code_computes():
    section = DOCUMENT.read_text(encoding="utf-8").split("## GPU hours")[1].split("\n## ")[0]
    said = re.findall(r"^\| `([\w.-]+)` .* \| ([\d.]+) \|$", section, re.MULTILINE)
    wanted = {family.id: say_hours(hours(family.id)) for family in RECORDS.families}
    del wanted["network"]
    assert dict(said) == wanted
