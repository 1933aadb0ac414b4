"""A reading becomes settings: swept, without what is swept, untested, or left out as idle."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims.members import build_member
from escaping_minima.claims.reach import reachable
from escaping_minima.claims.records import load_records, read_records
from escaping_minima.claims.sides import MissingRunsError, Values
from escaping_minima.claims.source import Source, check_sides
from escaping_minima.errors import UserError
from escaping_minima.parts.studies import find_study, study_names
from escaping_minima.parts.study import SideForm
from escaping_minima.statistics.families import AnyOf

N = 400
#: Ends of each method at each heat: 1 where a start does it. "cold" does what "base" does.
BASE = np.arange(N) < 200
ENDS = {
    ("base", None): BASE,
    ("warm", 1): np.arange(N) < 203,
    ("warm", 2): np.arange(N) < 260,
    ("warm", 3): np.arange(N) < 300,
    ("cold", 1): BASE,
    ("cold", 2): BASE,
    ("cold", 3): np.arange(N) < 198,
}


def values(side, family, tables):
    key = side["method"], side.get("heat")
    if key not in tables:
        raise MissingRunsError(f"no runs of {key[0]} at {key[1]}")
    return Values(tables[key].astype(float), np.arange(N), "starts", share=True)


def count_differing(side, base, family, tables):
    ours, theirs = (values(s, family, tables).values for s in (side, base))
    return int((ours != theirs).sum()), N


STUDY = SimpleNamespace(
    SIDES={"method": ("base", "warm", "cold", "hot"), "heat": None},
    FORMS={"method": SideForm((), ("heat",))},
    varies=lambda side, sweep: side["method"] != "base",
    values=values,
    count_differing=count_differing,
    say_runs=lambda side: side["method"],
    say_side=lambda side, beside: side["method"],
    say_number=lambda number, side: f"{number:g} %",
    say_setting=lambda sweep, point: f"{sweep} {point}",
)


def source_of(tables=ENDS, needs=None, **claim):
    entry = {"id": "T01", "family": "t", "estimand": "a share", "swept": "heat"}
    entry |= {"readings": [{"name": "main", "parts": claim.pop("parts")}]} | claim
    raw = {
        "source": "planted",
        "title": "Planted 2024",
        "replicates": "starts",
        "margin": 5,
        "margin_reason": "a reason",
        "sweeps": {"heat": [1, 2, 3]},
        "families": {"t": {"title": "T", "figure": "f", "jobs": ["j"], "needs": {}}},
        "claims": [entry],
    }
    printed = pd.DataFrame({"location": "T", "claim": "c", "paper_value": "1"}, index=["T01"])
    records = read_records(raw, printed)
    tables = {**tables, **{("base", heat): tables["base", None] for heat in (1, 2, 3)}}
    return Source(records, records.families[0], STUDY, tables)


def member_of(source):
    (claim,) = source.records.claims
    return build_member(claim, claim.readings[0], source)


def part(left, right="base", relation=">"):
    right = right if isinstance(right, int) else {"method": right}
    return {"left": {"method": left}, "relation": relation, "right": right}


IDLE = {"base": {"method": "base"}, "below": 1}


def test_a_part_without_what_is_swept_is_a_setting_of_its_own():
    member = member_of(source_of(parts=[part("warm"), part("base", 40)]))
    assert [s.label for s in member.settings] == ["heat 1", "heat 2", "heat 3", "without a heat"]
    assert [len(s.parts) for s in member.settings] == [1, 1, 1, 1]
    differences = [s.parts[0].difference for s in member.settings]
    assert differences == pytest.approx([0.0075, 0.15, 0.25, 0.1])
    assert member.left_out == ()


def test_a_claim_without_a_sweep_has_one_setting():
    member = member_of(source_of(parts=[part("base", 40)], swept=None))
    assert [s.label for s in member.settings] == ["one setting"]


def test_runs_that_a_scale_leaves_out_are_an_untested_setting():
    there = {key: ends for key, ends in ENDS.items() if key != ("warm", 2)}
    member = member_of(source_of(there, parts=[part("warm"), part("cold")]))
    assert [s.untested_reason for s in member.settings] == [None, "no runs of warm at 2", None]
    # what is there is shown all the same
    assert [len(s.parts) for s in member.settings] == [2, 1, 2]
    assert member.why_untested is None
    nothing = {key: ends for key, ends in ENDS.items() if key[0] == "base"}
    assert member_of(source_of(nothing, parts=[part("warm")])).why_untested is not None


def test_a_side_that_does_what_its_base_does_is_left_out_and_named():
    member = member_of(source_of(parts=[part("warm"), part("cold")], idle=IDLE))
    assert [s.label for s in member.settings] == ["heat 2", "heat 3"]
    assert [[p.label for p in s.parts] for s in member.settings] == [["warm > base"]] * 2
    assert member.left_out == (
        (
            "heat 1",
            "warm; cold: at most 3 of 400 starts end elsewhere than under base, "
            "less than 1 percent",
        ),
        (
            "heat 2: cold",
            "0 of 400 starts end elsewhere than under base, less than 1 percent",
        ),
        (
            "heat 3: cold",
            "2 of 400 starts end elsewhere than under base, less than 1 percent",
        ),
    )


def test_left_out_is_decided_by_how_many_differ_and_not_by_which_way():
    swapped = {key: ~ends for key, ends in ENDS.items()}
    member, other = (
        member_of(source_of(ends, parts=[part("warm"), part("cold")], idle=IDLE))
        for ends in (ENDS, swapped)
    )
    assert member.left_out == other.left_out
    assert [s.label for s in member.settings] == [s.label for s in other.settings]
    at_the_threshold = {**ENDS, ("warm", 1): np.arange(N) < 204}
    found = member_of(source_of(at_the_threshold, parts=[part("warm")], idle=IDLE))
    assert found.settings[0].label == "heat 1"


def test_a_right_side_that_does_what_its_base_does_is_left_out_too():
    member = member_of(source_of(parts=[part("warm", "cold")], idle=IDLE))
    assert member.settings == ()
    assert [what for what, _ in member.left_out] == ["heat 1", "heat 2", "heat 3"]
    assert "cold" in member.left_out[1][1]


def test_a_side_of_which_next_to_nothing_is_in_the_pool_is_left_out():
    def in_pool(side, family, tables):
        # of the starts of "warm" 200, 4 and 3 are in the pool; all of the others
        size = {1: 200, 2: 4, 3: 3}.get(side.get("heat"), N) if side["method"] == "warm" else N
        return replace(values(side, family, tables), pool=np.arange(N) < size)

    study = SimpleNamespace(**{**vars(STUDY), "values": in_pool})
    found = replace(source_of(parts=[part("warm")], pool_below=1), study=study)
    member = member_of(found)
    assert [s.label for s in member.settings] == ["heat 1", "heat 2"]
    why = "warm: 3 of 400 starts are among those that the share is of, less than 1 percent"
    assert member.left_out == (("heat 3", why),)


def test_a_claim_of_which_nothing_is_left_is_not_tested():
    member = member_of(source_of(parts=[part("cold")], idle=IDLE))
    assert member.settings == ()
    assert "heat 1: left out" in member.why_untested


def test_a_union_has_the_parts_that_are_left():
    either = {"name": "warm or cold", "any": [part("warm"), part("cold")]}
    member = member_of(source_of(parts=[either], idle=IDLE))
    assert [s.label for s in member.settings] == ["heat 2", "heat 3"]
    (union,) = member.settings[0].parts
    assert isinstance(union, AnyOf)
    assert (union.label, [p.label for p in union.parts]) == ("warm or cold", ["warm > base"])
    whole = member_of(source_of(parts=[either]))
    assert len(whole.settings[0].parts[0].parts) == 2


def test_a_part_that_allows_the_margin_says_so():
    member = member_of(source_of(parts=[part("warm", relation=">=")]))
    label = "warm ≥ base, within 5 points of share"
    assert {p.label for s in member.settings for p in s.parts} == {label}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (part("tepid"), "method: found 'tepid'; allowed: base, warm, cold, hot"),
        (
            {"left": {"methods": "warm"}, "relation": ">", "right": 5},
            "a side: found 'methods'; allowed: method, heat",
        ),
    ],
)
def test_a_side_that_the_study_does_not_know_is_one_line(entry, said):
    with pytest.raises(UserError) as caught:
        member_of(source_of(parts=[entry], swept=None))
    assert str(caught.value) == f"claim T01 of planted: {said}"


@pytest.mark.parametrize("name", study_names())
def test_every_side_of_every_record_is_known_to_its_study(name):
    records, study = load_records(name), find_study(name).evidence()
    for claim in records.claims:
        for reading in claim.readings:
            check_sides(claim, reading, Source(records, records.families[0], study, None))


BOTH, YES, NO = ["reproduced", "not reproduced"], ["reproduced"], ["not reproduced"]


@pytest.mark.parametrize(
    ("claim", "reach"),
    [
        ({"parts": [part("warm")]}, BOTH),
        # nothing undercuts a share of nothing, nor exceeds one of everything
        ({"parts": [part("warm", 0, "<")]}, NO),
        ({"parts": [part("warm", 100)]}, NO),
        ({"parts": [part("warm", 0, "=")]}, BOTH),
        # what begins at 3 percent cannot lose 5
        ({"parts": [part("warm", "hot", ">=")]}, YES),
        # what is left out cannot be decided either way
        ({"parts": [part("cold")], "idle": IDLE}, []),
    ],
)
def test_a_record_reaches_what_the_numbers_beside_it_allow(claim, reach):
    tables = {**ENDS, **{("hot", heat): np.arange(N) < 12 for heat in (1, 2, 3)}}
    source = source_of(tables, **claim)
    assert reachable(source.records.claims[0], source) == reach


def test_a_record_with_an_untested_setting_reaches_neither():
    there = {key: ends for key, ends in ENDS.items() if key != ("warm", 2)}
    source = source_of(there, parts=[part("warm")])
    assert reachable(source.records.claims[0], source) == []


def test_too_few_replicates_reach_nothing():
    few = {key: ends[:4] for key, ends in ENDS.items()}
    study = SimpleNamespace(**{**vars(STUDY), "values": few_values})
    source = source_of(few, parts=[part("warm")])
    source = replace(source, study=study)
    assert reachable(source.records.claims[0], source) == []


def few_values(side, family, tables):
    ends = tables[side["method"], side.get("heat")]
    return Values(ends.astype(float), np.arange(len(ends)), "starts", share=True)


def test_reach_of_signs_goes_by_the_ids_of_replicates():
    """The right side has the starts in another order, and each start another number."""

    def by_start(side, family, tables):
        ids = np.arange(N) if side["method"] == "warm" else np.arange(N)[::-1]
        return Values(ids.astype(float), ids, "starts")

    study = SimpleNamespace(**{**vars(STUDY), "values": by_start})
    source = replace(source_of(parts=[{**part("warm"), "as": "signs"}]), study=study)
    assert reachable(source.records.claims[0], source) == BOTH
