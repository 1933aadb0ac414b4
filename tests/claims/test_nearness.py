"""How near verdicts are, from tables to records; and what untested claims say they need."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.claims import nearness as module
from escaping_minima.claims.records import (
    load_records,
    read_records,
    source_claims,
    untested_reasons,
)
from escaping_minima.claims.sides import Values
from escaping_minima.claims.source import Source
from escaping_minima.collect.collected import read_collected
from escaping_minima.package import CHECKOUT
from escaping_minima.parts.studies import find_study, study_names
from escaping_minima.parts.study import SideForm
from escaping_minima.statistics.evidence import Verdict
from escaping_minima.statistics.families import AnyOf, Member, Setting
from escaping_minima.statistics.means import MeanComparison
from escaping_minima.statistics.nearness import Change, Nearness


def test_published_tables_are_whole_but_for_one_replicate(published_study):
    tables = read_collected(CHECKOUT / "results" / "published" / published_study)
    found = list(find_study(published_study).evidence().leave_one_out(tables))
    names = [name for name, _ in found]
    assert len(names) == len(set(names)) > 1
    for name, table in tables.items():
        lost = [len(table) - len(left[name]) for _, left in found]
        by_replicate = name.startswith(("outcomes_", "basins_", "measures"))
        assert any(lost) or not by_replicate
        # every row is left out once, or the table has none of single replicates
        kept = pd.concat([left[name] for _, left in found])
        times = len(found) - kept.groupby(kept.index).size().reindex(table.index)
        assert set(times) <= {0, 1}
        assert sum(lost) == times.sum()
        always = table[times == 0]
        if any(lost) and len(always):
            # a cell of one block keeps it: without it nothing would be left
            assert (
                table[table["cell"].isin(always["cell"])].groupby("cell")["block"].nunique() == 1
            ).all()


def test_one_block_or_one_seed_alone_is_not_left_out():
    for study, table in (
        ("stationary_distributions", {"outcomes_f.parquet": pd.DataFrame({"a": range(500)})}),
        ("batch_increase", {"measures.parquet": pd.DataFrame({"seed": [3, 3]})}),
    ):
        assert list(find_study(study).evidence().leave_one_out(table)) == []


def part(margin):
    return MeanComparison((1.0, 1.1, 1.2), "greater", margin)


@pytest.mark.parametrize(("other", "value"), [(5.0, 3.11), (6.0, None)])
def test_a_margin_is_named_where_all_parts_share_it(other, value):
    claim = SimpleNamespace(id="T01", margin=5.0)
    either = AnyOf("either", (part(5.0), part(other)))
    member = Member("T01", (Setting("one setting", (part(5.0), either)),))
    near = Nearness(
        Verdict.REPRODUCED,
        Change(0.62149, Verdict.PARTLY),
        True,
        None,
        ("seed 0", "seed 1"),
        (("seed 1", Verdict.INCONCLUSIVE),),
    )
    assert module._record(claim, member, near) == {
        "margin": {"factor": 0.621, "value": value, "verdict": "partly"},
        "margin_decides": True,
        "margins": [0.25, 4.0],
        "level": None,
        "levels": [0.001, 0.2],
        "left_out": ["seed 0", "seed 1"],
        "without": [{"name": "seed 1", "verdict": "inconclusive"}],
    }


def planted_source(values):
    """Return a source of one claim: the median or mean of runs lies above 5."""
    entry = {"id": "T01", "family": "t", "estimand": "a rise", "readings": []}
    parts = [{"left": {"method": "m"}, "relation": ">", "right": 5}]
    entry["readings"] = [{"name": "main", "parts": parts}]
    raw = {
        "source": "planted",
        "title": "Planted 2024",
        "replicates": "seeds",
        "unit": "percent",
        "margin": 5,
        "margin_reason": "a reason",
        "families": {"t": {"title": "T", "figure": "f", "jobs": ["j"], "needs": {}}},
        "claims": [entry],
    }
    printed = pd.DataFrame({"location": "T", "claim": "c", "paper_value": "1"}, index=["T01"])
    study = SimpleNamespace(
        SIDES={"method": ("m",)},
        FORMS={"method": SideForm(())},
        values=lambda side, family, tables: Values(*map(np.array, zip(*tables, strict=True)), "s"),
        say_side=lambda side, beside: side["method"],
        say_number=lambda number, side: f"{number:g}",
        missing_needs=lambda family, tables: None,
    )
    records = read_records(raw, printed)
    return Source(records, records.families[0], study, values)


@pytest.mark.parametrize(("runs", "without"), [(5, "reproduced"), (6, "inconclusive")])
def test_a_seed_left_out_does_not_turn_a_median_into_a_mean(runs, without):
    """6 runs have a median with an interval; 5 of these have none, though their mean has one."""
    runs_of = [(10.0 + k / 10, k) for k in range(runs)]
    others = {f"seed {k}": runs_of[:k] + runs_of[k + 1 :] for k in range(runs)}
    ((_, record),) = module._of_family(planted_source(runs_of), others)
    changed = [] if without == "reproduced" else list(others)
    assert [found["name"] for found in record["without"]] == changed
    assert all(found["verdict"] == without for found in record["without"])


SOURCES = sorted({load_records(study).source for study in study_names()})


@pytest.mark.parametrize("source", SOURCES)
def test_every_claim_of_a_source_has_a_record_or_says_what_it_needs(source):
    # a source may have two studies
    records = [found for found in map(load_records, study_names()) if found.source == source]
    judged, needs = {c.id for found in records for c in found.claims}, untested_reasons(source)
    assert judged.isdisjoint(needs)
    assert judged | set(needs) == set(source_claims(source).index)
