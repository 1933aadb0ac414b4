"""A variant of gradient descent gives the verdicts that its own ends come to."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.studies.stationary_distributions.evidence import Tables
from escaping_minima.studies.stationary_distributions.other_runs import COLUMNS, other_runs

STARTS = 3000
EVEN = {"himmelblau": 4, "three_hump_camel": 3, "six_hump_camel": 6}


@pytest.fixture(scope="module")
def planting():
    """Return the module that plants collected tables."""
    path = Path(__file__).resolve().parent / "conftest.py"
    spec = importlib.util.spec_from_file_location("planted_starts", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def counts_of(function, moved=0):
    """Even shares, of which some starts have gone from the first minimum to a halo."""
    share = STARTS // EVEN[function]
    return [share - moved, *[share] * (EVEN[function] - 1), 0, 0, moved, 0]


def verdicts(planting, variants):
    """Return (variant, claim): (verdict, changed, measured)."""
    tables = planting.collected({}, points=(0,), starts=STARTS)
    for name, function, counts in variants:
        planting.add_variant(tables, name, function, counts, planting.USUAL[function])
    records = load_records(planting.STUDY)
    built = Tables.build(tables, records)
    found = other_runs(built, tables["variants.csv"], records)
    assert list(found) == list(COLUMNS)
    rows = found.to_dict("records")
    return {(r["variant"], r["claim"]): (r["verdict"], r["changed"], r["measured"]) for r in rows}


def test_ends_of_a_variant_stand_in_place_of_the_main_runs(planting):
    found = verdicts(
        planting,
        [
            ("same", "himmelblau", counts_of("himmelblau")),
            ("moved", "himmelblau", counts_of("himmelblau", 700)),
            ("moved", "three_hump_camel", counts_of("three_hump_camel", 600)),
        ],
    )
    assert found["same", "I01"][:2] == ("reproduced", "")
    assert found["same", "I01"][2].endswith("Himmelblau 0.0")
    # three minima have their quarter, and the fourth does not
    assert found["moved", "I01"][0] == "partly"
    assert found["moved", "I01"][1].endswith(": holds → split")
    assert found["moved", "I01"][2].endswith("Himmelblau 23.3, Three-Hump Camel 20.0")
    assert found["moved", "I02"][1] == "usual boxes: holds → split"
    # I03 speaks of three functions, of which this variant has two
    assert set(found) == {("same", "I01"), ("moved", "I01"), ("moved", "I02")}


def test_a_claim_on_several_functions_takes_all_of_them(planting):
    ends = [("wide", f, counts_of(f, 300 if f == "six_hump_camel" else 0)) for f in EVEN]
    found = verdicts(planting, ends)
    assert set(found) == {("wide", "I01"), ("wide", "I02"), ("wide", "I03")}
    # more six-hump ends outside every minimum, and as few in GM1: what the sentence says
    assert found["wide", "I03"][1].endswith("holds")
    assert found["wide", "I01"][1] == found["wide", "I02"][1] == ""


def test_a_variant_of_another_number_of_starts_gives_none(planting):
    assert verdicts(planting, [("few", "himmelblau", [125, 125, 125, 125, 0, 0, 0, 0])]) == {}
    assert verdicts(planting, []) == {}
