"""What the records make of tables that are as the paper says, and of tables that are not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from escaping_minima.claims.judge import main_members
from escaping_minima.claims.printed import printed_main, printed_says
from escaping_minima.claims.reach import reachable
from escaping_minima.claims.records import load_records, source_claims
from escaping_minima.claims.sides import MissingRunsError
from escaping_minima.claims.source import ALPHA, Source, check_sides, say_part
from escaping_minima.statistics.verdicts import judge_family
from escaping_minima.studies.populations import evidence
from escaping_minima.studies.populations.costs import missing_runs
from escaping_minima.studies.populations.scope import with_needs

RECORDS = load_records("populations")
BOTH = ["reproduced", "not reproduced"]


def judged(tables, *families):
    index = evidence.Tables.build(tables, RECORDS)
    found = {}
    for family in RECORDS.families:
        if not families or family.id in families:
            members = main_members(Source(RECORDS, family, evidence, index))
            verdicts = judge_family(members, ALPHA, evidence.BLOCK)
            found |= {m.id: v for m, v in zip(members, verdicts, strict=True)}
    return found


def claim_of(name):
    return next(claim for claim in RECORDS.claims if claim.id == name)


@cache
def printed_of(family):
    return printed_main(Source(RECORDS, RECORDS.family(family), evidence, None))


@pytest.fixture(scope="module")
def index(as_printed):
    return evidence.Tables.build(as_printed, RECORDS)


def changed(tables, name, **columns):
    return {**tables, name: tables[name].assign(**columns)}


def test_the_two_studies_of_the_source_share_its_claims():
    other = {claim.id for claim in load_records("stationary_distributions").claims}
    own = {claim.id for claim in RECORDS.claims}
    assert own.isdisjoint(other)
    assert own | other == set(source_claims(RECORDS.source).index)


def test_all_readings_can_be_read_and_said():
    for claim in RECORDS.claims:
        source = Source(RECORDS, RECORDS.family(claim.family), evidence, None)
        for reading in claim.readings:
            check_sides(claim, reading, source)
            for part in reading.parts:
                for one in getattr(part, "parts", (part,)):
                    assert ":" in say_part(one, claim, source)


@pytest.mark.parametrize(
    ("sense", "word"), [(1, "reproduced"), (-1, "not reproduced"), (0, "inconclusive")]
)
def test_each_claim_follows_what_was_planted(planting, as_printed, sense, word):
    tables = as_printed if sense > 0 else planting.planted(sense)
    found = {name: str(verdict.verdict) for name, verdict in judged(tables).items()}
    assert found == dict.fromkeys([claim.id for claim in RECORDS.claims], word)


def test_each_record_can_come_out_either_way(index):
    reach = {
        claim.id: reachable(claim, Source(RECORDS, RECORDS.family(claim.family), evidence, index))
        for claim in RECORDS.claims
        # those of most parts take longest, and are as I08
        if claim.id not in ("I09", "I10", "I22")
    }
    assert set(map(tuple, reach.values())) == {tuple(BOTH)}


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("blocks", 5, "needs 10 trajectories, this run has 5"),
        ("epochs", 20, "needs 30 epochs, this run has 20"),
        ("models", 7, "needs 10 models of a set and trajectory, this run has 7"),
        ("data_version", "generated", "needs 100 percent of the training items, this run has 0.0"),
        (
            "parameters",
            1_775_620,
            "needs 100 percent of the weights of the paper's network, trained, this run has 7.5",
        ),
    ],
)
def test_smaller_runs_test_nothing_and_say_what_they_lack(as_printed, index, column, value, said):
    cells = with_needs(as_printed["cells.csv"].assign(**{column: value}))
    smaller = replace(index, cells=cells, lacking={})
    # no cell of these tables bears the id of a run: all of them are lacking
    lacking = missing_runs(["tuned"], ["cifar-10"], ["gd", "sam", "nim_bh"], cells)
    assert lacking.trajectories == 30
    assert lacking.gpu_hours > 1.0
    found = evidence.missing_needs(RECORDS.family("figure-4"), smaller)
    assert found == f"scale: {said} (lacks {lacking.words()})"
    assert evidence.missing_needs(RECORDS.family("figure-4"), index) is None


def test_a_task_without_runs_leaves_its_claims_untested(as_printed):
    tables = {
        name: table[~table["cell"].str.contains("goemotions")] for name, table in as_printed.items()
    }
    found = judged(tables, "table-6", "figure-4")
    assert found["I16"].verdict == "reproduced"
    assert found["I15"].verdict == "not tested"
    assert found["I15"].reason.startswith("this run has no SAM, GoEmotions, tuned settings (lacks ")
    assert found["I15"].reason.endswith("core hours), and 1 more")


def test_no_runs_at_all_are_said_so(as_printed):
    cells = as_printed["cells.csv"]
    tables = {"cells.csv": cells[cells["role"] == "acting"]}
    found = judged(tables, "monotonic")["I18"]
    assert found.verdict == "not tested"
    assert found.reason.startswith("this run has none of its trajectories (lacks 40 trajectories, ")


def test_methods_that_do_what_sgd_does_are_left_out_and_named(as_printed):
    activity = as_printed["activity.parquet"]
    last = activity["epoch"] == activity["epoch"].max()

    def idle(blocks):
        where = activity["cell"] == "tuned cifar-10 nim_bh"
        flags = activity["same_as_sgd"].mask(where & last & (activity["block"] < blocks), 1)
        tables = changed(as_printed, "activity.parquet", same_as_sgd=flags)
        return judged(tables, "table-6")["I15"]

    most, half = idle(6), idle(5)
    assert most.left_out == (
        (
            "one setting: NiM-BH, CIFAR-10",
            "4 of 10 trajectories end elsewhere than under SGD, less than 50 percent",
        ),
    )
    # SAM, which draws no noise, is another method all the same
    assert len(most.settings[0].parts) == 10
    assert most.verdict == "reproduced"
    # half of the trajectories is enough
    assert not half.left_out


def test_a_group_is_the_mean_of_its_methods_that_do_something(as_printed, index):
    family = RECORDS.family("table-4")
    asked = {"measure": "score", "set": "A", "task": "goemotions"}

    def ask(tables, method):
        return evidence.values({**asked, "method": method}, family, tables)

    one, other = (ask(index, name).values for name in ("nig_bh", "nim_bh"))
    np.testing.assert_allclose(ask(index, "basin hopping").values, (one + other) / 2)
    acted = index.runs["acted"].copy()
    acted.loc["tuned goemotions nig_bh"] = 0.0
    without = replace(index, runs=index.runs.assign(acted=acted))
    np.testing.assert_allclose(ask(without, "basin hopping").values, other)
    acted.loc["tuned goemotions nim_bh"] = 0.0
    nothing = replace(index, runs=index.runs.assign(acted=acted))
    with pytest.raises(MissingRunsError, match="does what SGD does"):
        ask(nothing, "basin hopping")


@pytest.mark.parametrize(
    ("claim", "reading", "parts", "against"),
    [
        ("I08", 0, 24, 10),
        ("I11", 0, 18, 0),
        ("I12", 0, 18, 0),
        ("I13", 0, 4, 0),
        ("I13", 1, 6, 1),
        ("I15", 0, 12, 7),
        ("I17", 4, 20, 13),
        ("I21", 1, 4, 0),
        ("I22", 0, 96, 34),
        ("I22", 1, 96, 6),
    ],
)
def test_table_4_goes_through_the_records(claim, reading, parts, against):
    """How many parts the printed centres contradict: counted by hand in Table 4 for I13 and I15."""
    found = claim_of(claim)
    says = printed_says(found, found.readings[reading], printed_of(found.family))
    assert (says["parts"], len(says["against"]), says["judged"]) == (parts, against, None)


@pytest.mark.parametrize("claim", ["I09", "I10", "I14", "I16", "I18"])
def test_p_values_and_curves_are_no_runs(claim):
    found = claim_of(claim)
    assert printed_says(found, found.readings[0], printed_of(found.family)) is None


def test_the_share_of_trajectories_in_which_sam_is_ahead_is_shown_by_each_rule(as_printed):
    unions = [
        p for p in judged(as_printed, "abstract")["I21"].settings[0].parts if "order" in p.label
    ]
    assert [len(union.parts) for union in unions] == [3] * 4
    last = unions[0].parts[0]
    assert last.label == "test score, last model: SAM, CIFAR-10 = SGD"
    # five trajectories each
    assert (last.measured, str(last.verdict)) == (0.0, "reproduced")


def test_trajectories_are_left_out_one_by_one(as_printed):
    left = dict(evidence.leave_one_out(as_printed))
    assert list(left) == [f"trajectory {block}" for block in range(10)]
    for name in ("epochs.parquet", "activity.parquet", "curves.parquet"):
        assert sorted(set(left["trajectory 3"][name]["block"])) == [0, 1, 2, *range(4, 10)]
    assert not list(evidence.leave_one_out({"cells.csv": as_printed["cells.csv"]}))
