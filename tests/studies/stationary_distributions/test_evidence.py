"""A trend is over the sweep that the record names."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from escaping_minima.claims.hashes import claim_hash
from escaping_minima.claims.source import Source, check_sides
from escaping_minima.claims.words import Words
from escaping_minima.errors import UserError
from escaping_minima.package import ROOT
from escaping_minima.studies.stationary_distributions import evidence

TREND = {"trend": "basins", "over": "radius", "method": "nig", "function": "himmelblau"}
#: Basins of four starts at each radius.
BASINS = {-1: [1, 3, 2, 1], 0: [2, 2, 2, 1], 1: [3, 1, 2, 4]}


def tables(**sweeps):
    return evidence.Tables(
        cells=pd.DataFrame(),
        ids={("himmelblau", "nig", k): f"cell {k}" for k in BASINS},
        starts={},
        outcomes={},
        basins={"himmelblau": pd.DataFrame({f"cell {k}": n for k, n in BASINS.items()})},
        sweeps=sweeps,
        groups={},
        words=Words("starts", {}, {}),
    )


def test_a_trend_is_kendalls_over_the_settings_of_its_sweep():
    whole = evidence.values(TREND, None, tables(radius=(-1, 0, 1)))
    assert list(whole.values) == [3, -3, 0, 2]
    fewer = evidence.values(TREND, None, tables(radius=(0, 1)))
    assert list(fewer.values) == [1, -1, 0, 1]
    assert (whole.share, list(whole.ids)) == (False, list(np.arange(4)))


@pytest.mark.parametrize("sweeps", [{}, {"radius": (0,)}])
def test_a_trend_needs_a_sweep_of_the_records(sweeps):
    said = "claims.yaml: a trend over radius: found .*; allowed: in sweeps at least two settings"
    with pytest.raises(UserError, match=said):
        evidence.values(TREND, None, tables(**sweeps))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"over": None}, "a side with trend: over: missing; add it"),
        ({"over": "start box"}, "over: found 'start box'; allowed: radius"),
        ({"radius": 0}, "a side with trend: key: found 'radius'; allowed: over, method, function"),
        ({"trend": None, "count": "basins"}, "a side with count: key: found 'over'"),
    ],
)
def test_a_side_names_what_its_trend_is_over(change, said):
    side = {key: value for key, value in (TREND | change).items() if value is not None}
    claim = SimpleNamespace(id="I23", source="planted")
    reading = SimpleNamespace(swept=None, idle=None, sides=[side])
    with pytest.raises(UserError) as caught:
        check_sides(claim, reading, Source(None, None, evidence, None))
    assert f"claim I23 of planted: {said}" in str(caught.value)


def test_the_hash_of_a_trend_covers_the_settings_of_its_sweep():
    """Whatever its words and its other readings name."""
    path = ROOT / "studies" / "stationary_distributions" / "claims.yaml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    entry = next(claim for claim in raw["claims"] if claim["id"] == "I23")
    entry["estimand"] = "basins"
    entry["readings"] = [{**entry["readings"][0], "name": "main"}]
    other = copy.deepcopy(raw)
    other["sweeps"]["radius"].append(5)
    assert claim_hash(entry, other) != claim_hash(entry, raw)
    del entry["readings"][0]["parts"][0]["left"]["over"]
    assert claim_hash(entry, other) == claim_hash(entry, raw)
