"""What tests an assumption is found in the ledger, and opposite results are said otherwise."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from escaping_minima.claims.records import REFERENCE, load_records, source_claims
from escaping_minima.config.scales import numbers_at
from escaping_minima.parts.studies import find_study, study_names
from escaping_minima.report.assumptions import Assumption, findings, load_assumptions
from escaping_minima.report.assumptions_page import OTHER_RUNS, assumptions_page

STUDY = "stationary_distributions"
ASSUMED = Assumption(
    id="XA01",
    where="methods",
    what="Steps are <short>",
    reason="Nothing is said",
    study=STUDY,
    role=("variant",),
    variant=("long steps",),
    readings=("I04: among all", "by value"),
    swept=("radius",),
    claims=("I04", "I05", "I06"),
    untested="",
    source="inan2024-model-populations",
)
#: Over what claims are judged, as their records have it.
SWEPT = {"I04": None, "I05": None, "I06": "radius"}


def reading(name, verdict, **words):
    settings = [{"label": label, "word": word} for label, word in words.items()]
    at = {"holds_at": "holds", "split_at": "split", "against_at": "against", "open_at": "open"}
    at |= {"untested_at": "untested"}
    where = {key: [s["label"] for s in settings if s["word"] == w] for key, w in at.items()}
    reason = "scale: needs 5000 starts, this run has 500" if verdict == "not tested" else ""
    return {"name": name, "verdict": verdict, "reason": reason, "settings": settings, **where}


def claim(name, *readings, swept=None):
    verdict = readings[0]["verdict"]
    return {"id": name, "study": STUDY, "verdict": verdict, "readings": readings, "swept": swept}


def planted(other="not reproduced", narrow="holds", wide="against"):
    """Return three claims: with other readings, the same not tested, and one over a sweep."""
    found = (
        claim(
            "I04",
            reading("main", "reproduced"),
            reading("the same, among all starts", other),
            reading("with labels by value", "reproduced"),
            reading("something else", "not reproduced"),
        ),
        claim("I05", reading("main", "not tested"), reading("with labels by value", "not tested")),
        claim("I06", reading("main", "partly", narrow=narrow, wide=wide), swept="radii"),
    )
    return {c["id"]: c for c in found}


def runs(verdict="reproduced", changed="", variant="long steps", claim="I04"):
    row = {"role": "variant", "variant": variant, "claim": claim, "verdict": verdict}
    return pd.DataFrame([{**row, "changed": changed, "measured": "shares move by 9 points"}])


def said(found):
    return [(f.claim, f.test, f.other, f.changes) for f in found]


def test_each_test_is_found_and_compared():
    found = findings(ASSUMED, planted(), SWEPT, runs("partly"))
    assert said(found) == [
        ("I04", "the same, among all starts", "not reproduced", True),
        ("I04", "with labels by value", "reproduced", False),
        ("I05", "with labels by value", "not tested", None),
        ("I06", "radius", "partly", True),
        ("I04", "long steps", "partly", True),
    ]
    assert found[2].words == "needs 5,000 starts, has 500"
    assert found[3].words == "holds at narrow; decided against at wide"


@pytest.mark.parametrize(
    ("narrow", "wide", "changes"),
    [
        ("holds", "holds", False),
        ("holds", "open", False),
        ("holds", "split", True),
        ("against", "holds", True),
        ("open", "untested", None),
    ],
)
def test_a_sweep_changes_a_verdict_where_its_settings_are_decided_otherwise(narrow, wide, changes):
    found = findings(
        replace(ASSUMED, readings=(), role=()), planted(narrow=narrow, wide=wide), SWEPT, None
    )
    assert said(found) == [("I06", "radius", "partly", changes)]


def test_runs_change_a_verdict_at_a_setting_alone():
    only = replace(ASSUMED, readings=(), swept=())
    assert said(findings(only, planted(), SWEPT, runs())) == [
        ("I04", "long steps", "reproduced", False)
    ]
    (found,) = findings(only, planted(), SWEPT, runs(changed="usual box: holds → split"))
    assert (found.changes, found.words) == (True, "usual box: holds → split")
    assert findings(only, planted(), SWEPT, runs(variant="short steps")) == []
    # what was not tested by the main run is not by another
    (found,) = findings(only, planted(), SWEPT, runs(changed="x: holds → split", claim="I05"))
    assert (found.changes, found.words) == (None, "needs 5,000 starts, has 500")


def page(claims=None, **of_runs):
    cells = {STUDY: pd.DataFrame({"role": ["variant", "main"], "variant": ["long steps", None]})}
    ledger = {"claims": list((claims or planted()).values())}
    tables = {STUDY: {OTHER_RUNS: runs(**of_runs)}}
    other = replace(ASSUMED, id="XA02", study="escape", claims=("Q01",), what="Else", role=())
    none = replace(
        ASSUMED, id="XA03", readings=(), swept=(), role=(), variant=(), untested="No run has it"
    )
    return assumptions_page(ledger, cells, tables, (ASSUMED, other, none))


def test_the_page_says_what_hangs_on_an_assumption():
    text = page()
    assert "3 assumptions: 1 tested by verdicts of this run, of which 1 have" in text
    assert "1 that nothing tests; 1 whose tests give no verdict here." in text
    hanging = text.split("## Verdicts that hang on an assumption")[1].split("## ")[0]
    assert "Steps are &lt;short&gt;" in hanging
    assert 'href="claims/I04.html"' in hanging
    assert "> not reproduced</span>" in hanging
    assert "holds at narrow; decided against at wide" in hanging
    own = text.split("## Stationary distributions")[1].split("## ")[0]
    assert 'id="assumption-xa01"' in own
    assert "runs: long steps (1 cell)" in own
    assert "no change: " in own
    assert "(2 tests)" in own
    assert "(needs 5,000 starts, has 500)" in own
    assert "long steps: shares move by 9 points" in own
    assert "No run has it." in own
    escape = text.split("## Escape")[1]
    assert "its study is not part of this run" in escape
    # a claim that has no page is no link
    assert 'href="claims/Q01' not in escape


def test_opposite_results_change_the_page():
    text = page(planted(other="reproduced", wide="holds"))
    assert "of which 0 have" in text
    assert "## Verdicts that hang on an assumption\n\nNone here." in text
    assert "long steps</span>" not in text.split("## Stationary")[0]
    assert "→" in page(planted(other="reproduced", wide="holds"), verdict="inconclusive")


ASSUMPTIONS = load_assumptions()


def test_every_source_says_what_it_assumes():
    assert {a.source for a in ASSUMPTIONS} == {p.name for p in REFERENCE.iterdir()}
    assert [i for i, n in Counter(a.id for a in ASSUMPTIONS).items() if n > 1] == []
    for own in ASSUMPTIONS:
        assert own.what, own.id
        assert own.reason, own.id
        assert not own.reason.endswith("."), own.id
        assert own.untested or own.role or own.readings or own.swept, own.id


@pytest.mark.parametrize("study", sorted({a.study for a in ASSUMPTIONS}))
def test_what_assumptions_name_is_there(study):
    own = [a for a in ASSUMPTIONS if a.study == study]
    for source in {a.source for a in own}:
        if (REFERENCE / source / "claims.csv").exists():
            known = set(source_claims(source).index)
            assert {c for a in own if a.source == source for c in a.claims} <= known
    if study not in study_names():
        return
    judged = {c.id: c.readings for c in load_records(study).claims}
    for a in own:
        assert set(a.claims) <= set(judged), a.id
        for entry in a.readings:
            one = replace(a, readings=(entry,))
            named = [r for c in a.claims for r in judged[c][1:] if one.names(c, r.name)]
            assert named, (a.id, entry)
        for sweep in a.swept:
            assert sweep in {judged[c][0].swept for c in a.claims}, (a.id, sweep)


@pytest.mark.parametrize("study", sorted({a.study for a in ASSUMPTIONS if a.role}))
def test_runs_that_test_assumptions_are_planned_or_published(study):
    # controls of the small sample stand in what is published
    published = pd.read_csv(REFERENCE.parents[1] / "results" / "published" / study / "cells.csv")
    labels = published[["role", *published.columns.intersection(["variant"])]].fillna("")
    there = set(labels.itertuples(index=False, name=None))
    for cell in find_study(study).plan_cells(numbers_at("paper")[study]):
        there.add((cell.labels["role"], cell.labels.get("variant", "")))
    for own in (a for a in ASSUMPTIONS if a.study == study):
        for role in own.role:
            assert role in {found[0] for found in there}, (own.id, role)
        for variant in own.variant:
            named = {found[1] for found in there if found[0] in own.role}
            assert variant in named, (own.id, variant)
