"""What the records make of tables that are as the paper says, and of tables that are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.judge import main_members
from escaping_minima.claims.records import load_records, source_claims
from escaping_minima.claims.sides import MissingRunsError
from escaping_minima.claims.source import ALPHA, Source, check_sides, say_part
from escaping_minima.statistics.verdicts import judge_family
from escaping_minima.studies.modality import evidence
from escaping_minima.studies.modality.attractors import Rule, find_attractors
from escaping_minima.studies.modality.costs import missing_hours

RECORDS = load_records("modality")
#: Claims of the conclusion or of one figure that other claims of the paper contradict.
APART = {"B07", "B25"}
SIDE = {"data": "xor", "width": 2, "depth": 1, "bound": 1, "granularity": "micro"}


def judged(tables, families=None):
    index = evidence.Tables.build(tables, RECORDS)
    found = {}
    for family in RECORDS.families:
        if families is None or family.id in families:
            members = main_members(Source(RECORDS, family, evidence, index))
            verdicts = judge_family(members, ALPHA, evidence.BLOCK)
            found |= {m.id: str(v.verdict) for m, v in zip(members, verdicts, strict=True)}
    return found


def values(tables, **side):
    return evidence.values(side, RECORDS.families[0], evidence.Tables.build(tables, RECORDS))


def test_every_claim_of_the_source_has_a_record():
    assert [c.id for c in sorted(RECORDS.claims, key=lambda c: c.id)] == list(
        source_claims(RECORDS.source).index
    )


def test_all_readings_can_be_read_and_said():
    for claim in RECORDS.claims:
        source = Source(RECORDS, RECORDS.family(claim.family), evidence, None)
        for reading in claim.readings:
            check_sides(claim, reading, source)
            for part in reading.parts:
                assert ":" in say_part(part, claim, source)


@pytest.mark.parametrize(("sense", "word"), [(1, "reproduced"), (-1, "not reproduced")])
def test_each_claim_follows_what_was_planted(planting, sense, word):
    words = judged(planting.planted(sense))
    assert {name for name, found in words.items() if found != word} <= APART
    assert words["B25"] == "partly"


@pytest.mark.parametrize(("sense", "word"), [(1, "reproduced"), (-1, "not reproduced")])
def test_claims_that_others_contradict_follow_too(planting, sense, word):
    assert judged(planting.planted(sense, planting.three), ["figure-2"])["B07"] == word
    assert (
        judged(planting.planted(sense, measured_as=planting.agreeing), ["conclusion"])["B25"]
        == word
    )


def test_shares_of_curvature_are_those_of_the_points_of_each_block(planting):
    rows = [
        ("block", "exact", "all", 1, 2, 3, 4),
        ("block", "relative", "all", 0, 0, 0, 5),
        ("full", "exact", "all", 5, 5, 0, 0),
        ("block", "exact", "0", 1, 0, 0, 0),
        ("block", "exact", "0.4774", 0, 0, 0, 3),
    ]
    names = ["hessian", "rule", "near", "convex", "concave", "saddle", "singular"]
    tables = planting.planted(1)
    cell = "xor-curvature-2-1-1-micro"
    own = pd.DataFrame(rows, columns=names).assign(cell=cell, block=0, precision="float32")
    tables["curvature.parquet"] = own
    ask = lambda **k: values(tables, **SIDE, **{"rule": "exact", **k}).values.tolist()  # noqa: E731
    assert ask(share="convex") == [10.0]
    assert ask(share="saddle or singular") == [70.0]
    assert ask(share="singular", rule="relative") == [100.0]
    assert ask(share="concave", hessian="full") == [50.0]
    assert ask(share="convex", near="any") == [25.0]
    assert ask(share="convex", near="any", below=25) == [0.0]
    assert ask(share="convex", near="any", below=26) == [1.0]
    with pytest.raises(MissingRunsError, match="no such curvature"):
        ask(share="convex", precision="float64")


def test_a_block_without_points_near_a_loss_has_no_value(as_printed):
    table = as_printed["curvature.parquet"]
    gone = (table["block"] == 3) & (table["near"] == "0")
    tables = {**as_printed, "curvature.parquet": table[~gone]}
    found = values(tables, share="convex", rule="exact", near="any", **SIDE)
    assert found.ids.tolist() == list(range(10))
    assert np.isnan(found.values).tolist() == [k == 3 for k in range(10)]


def test_a_rise_is_the_mean_over_what_it_does_not_name(as_printed):
    flat = {
        (w, d): values(
            as_printed, share="singular", rule="exact", **SIDE | {"width": w, "depth": d}
        )
        for w in (2, 4, 20)
        for d in (1, 2)
    }
    steps = [flat[w, 2].values - flat[w, 1].values for w in (2, 4, 20)]
    asked = {"data": "xor", "bound": 1, "granularity": "micro", "rule": "exact"}
    found = values(as_printed, rise="singular", by="depth", **asked)
    np.testing.assert_allclose(found.values, np.mean(steps, axis=0))
    each = values(as_printed, rise="singular", by="depth", per="parameter", width=2, **asked)
    np.testing.assert_allclose(each.values, steps[0] / 6)


def test_measures_on_xor_are_of_the_first_sample_and_attractors_of_all(as_printed):
    assert values(as_printed, measure="log_loss_99", **SIDE).ids.tolist() == list(range(10))
    assert values(as_printed, attractors="total", **SIDE).values.tolist() == [4.0] * 10
    assert values(as_printed, attractors="minima", **SIDE).values.tolist() == [3.0] * 10
    four = values(as_printed, attractors="total", count=4, **SIDE)
    assert four.share
    assert four.values.tolist() == [1.0] * 10


def test_walks_without_points_of_low_gradient_have_no_attractor(as_printed):
    low = as_printed["low.parquet"]
    tables = {**as_printed, "low.parquet": low[~low["cell"].str.contains("xor-walk-2-1-1-micro")]}
    assert values(tables, attractors="total", **SIDE).values.tolist() == [0.0] * 10
    with pytest.raises(MissingRunsError, match="no points of low gradient"):
        values({**tables, "low.parquet": low[:0]}, attractors="total", **SIDE)


def test_single_walks_that_stand_still_are_counted(planting):
    tables = planting.planted(-1)
    found = values(tables, walks="still", **SIDE)
    # 40 percent of 9 walks are 3.6
    assert (len(found.values), found.values.sum()) == (90, 40.0)


def test_controls_are_compared_where_both_have_blocks(as_printed):
    few = as_printed["measures.parquet"]
    control = few["cell"].str.contains("long_steps") & (few["block"] >= 4)
    tables = {**as_printed, "measures.parquet": few[~control]}
    side = SIDE | {"data": "mnist", "width": 10, "beside": "long_steps"}
    assert values(tables, measure="overlap", **side).ids.tolist() == [0, 1, 2, 3]
    # the control starts from [-1, 1] alone, whatever it stands beside
    wide = side | {"bound": 10}
    assert values(tables, measure="overlap", **wide).ids.tolist() == [0, 1, 2, 3]


def test_a_run_of_fewer_walks_tests_nothing(as_printed):
    cells = as_printed["cells.csv"].copy()
    cells.loc[cells["data_set"] == "mnist", "walks"] = 25
    tables = evidence.Tables.build({**as_printed, "cells.csv": cells}, RECORDS)
    of_mnist, of_xor = RECORDS.family("figure-4"), RECORDS.family("figure-1")
    assert evidence.missing_needs(of_xor, tables) is None
    said = evidence.missing_needs(of_mnist, tables)
    # no cell of these tables bears the id of a run: all blocks of the family are missing
    hours = missing_hours(of_mnist.jobs, tables.cells)
    assert hours > 1
    assert said == (
        f"scale: needs 300 walks on MNIST, this run has 25.0 (lacks {hours:.1f} core hours)"
    )
    half = replace(of_xor, needs={"percent_of_steps": 101})
    assert "percent of the paper's steps" in str(evidence.missing_needs(half, tables))


def test_blocks_are_left_out_one_by_one_and_further_samples_whole(as_printed):
    left = dict(evidence.leave_one_out(as_printed))
    assert list(left)[:2] == ["block 0", "block 1"]
    assert list(left)[-1] == "blocks 90 to 99"
    assert len(left) == 19
    assert 3 not in set(left["block 3"]["low.parquet"]["block"])


def low(*rows):
    table = pd.DataFrame(rows, columns=["block", "loss_bin", "points", "walks"])
    return table.assign(threshold=2)


def test_losses_closer_than_the_gap_are_one_attractor():
    rows = low((0, 0, 6, 1), (1, 10, 6, 1), (0, 346, 20, 2), (0, 357, 20, 2))
    assert [(a.loss, a.points, a.walks) for a in find_attractors(rows, Rule())] == [
        (0.0, 12, 2),
        (0.346, 20, 2),
        (0.357, 20, 2),
    ]
    assert len(find_attractors(rows, Rule(gap=0.02))) == 2
    assert len(find_attractors(rows, Rule(gap=0.005))) == 2
    assert not find_attractors(rows, Rule(threshold=0.02))


def test_points_of_one_walk_are_no_attractor():
    # one walk may be in both bins
    assert not find_attractors(low((0, 5, 50, 1), (0, 6, 50, 1)), Rule())
    assert find_attractors(low((0, 5, 50, 1), (1, 6, 50, 1)), Rule())[0].is_zero is False
    assert find_attractors(low((0, 4, 50, 1), (1, 6, 50, 1)), Rule())[0].is_zero
