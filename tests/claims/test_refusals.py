"""Whatever is wrong with a record is said in one line, with the claim and the key."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from escaping_minima.claims import records as module
from escaping_minima.claims.members import build_member
from escaping_minima.claims.sides import Values
from escaping_minima.claims.source import Source
from escaping_minima.claims.words import unmet_need
from escaping_minima.errors import UserError
from escaping_minima.parts.study import SideForm

RAW = {
    "source": "planted",
    "title": "Planted 2024",
    "replicates": "starts",
    "margin": 5,
    "margin_reason": "a reason",
    "sweeps": {"heat": [1, 2]},
    "families": {"t": {"title": "T", "figure": "f", "jobs": ["j"], "needs": {"starts": 5}}},
    "claims": [
        {
            "id": "T01",
            "family": "t",
            "estimand": "a share",
            "swept": "heat",
            "readings": [
                {
                    "name": "main",
                    "parts": [
                        {
                            "left": {"share": "ends", "method": "warm"},
                            "relation": ">",
                            "right": {"method": "base"},
                        }
                    ],
                }
            ],
        }
    ],
}
CELLS = pd.DataFrame({"cell": ["a"], "starts": [10]})


def values(side, family, tables):
    return Values(np.arange(10) % 2.0, np.arange(10), "starts", share="share" in side)


STUDY = SimpleNamespace(
    SIDES={"share": None, "count": None, "method": ("base", "warm"), "among": None, "heat": (1, 2)},
    FORMS={
        "share": SideForm(("method",), ("among", "heat")),
        "count": SideForm(("method",), ("heat",)),
    },
    # as studies do, which rely on what a side has to name
    varies=lambda side, sweep: {"base": False, "warm": True}[side["method"]],
    values=values,
    count_differing=lambda side, base, family, tables: (5, 10),
    say_runs=lambda side: side["method"],
    say_side=lambda side, beside: side["method"],
    say_number=lambda number, side: f"{number:g} %",
    say_setting=lambda sweep, point: f"{sweep} {point}",
)


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Return a function that reads a file with some text and judges its claims' members."""
    printed = pd.DataFrame({"location": "T", "claim": "c", "paper_value": "1"}, index=["T01"])
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "source_claims", lambda source: printed)
    path = tmp_path / "studies" / "planted" / "claims.yaml"
    path.parent.mkdir(parents=True)

    def built(text):
        path.write_text(text, encoding="utf-8")
        records = module.load_records.__wrapped__("planted")
        source = Source(records, records.families[0], STUDY, None)
        unmet_need({**source.family.needs, **records.claims[0].needs}, CELLS, records.words)
        return [build_member(c, r, source) for c in records.claims for r in c.readings]

    return built


def changed(where, value):
    """Return the file with another value, or without one, at a path."""
    raw = copy.deepcopy(RAW)
    *above, last = where
    at = raw
    for key in above:
        at = at[key]
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return yaml.safe_dump(raw, sort_keys=False)


GONE = object()
CLAIM = ("claims", 0)
READING = (*CLAIM, "readings", 0)
PARTS = (*READING, "parts")
PART = (*PARTS, 0)
LEFT = (*PART, "left")
WHOLE = {"left": {"share": "ends", "method": "warm"}, "relation": ">", "right": 50}


def test_what_is_right_is_read(build):
    (member,) = build(yaml.safe_dump(RAW))
    assert [s.label for s in member.settings] == ["heat 1", "heat 2"]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        # the file
        (("families",), ["t"], "families: found ['t']; allowed: a mapping from names to families"),
        (("families", "t"), "T", "family t: found 'T'; allowed: a mapping of title"),
        (("families", "t", "needs"), {"starts": "5"}, "family t: needs: found {'starts': '5'}"),
        (("families", "t", "jobs"), "j", "family t: jobs: found 'j'; allowed: a list of texts"),
        (("families", "t", "needs"), {"stars": 5}, "needs: found 'stars'; allowed: a column of"),
        (("families", "t", "needs"), {"cell": 5}, "needs: found 'cell'; allowed: a column of"),
        (("claims",), {}, "claims: found {}; allowed: a list of claims"),
        (("margin",), "five", "margin: found 'five'; allowed: a number above 0"),
        (("sweeps",), {"heat": [1, 1]}, "allowed: a mapping from names to lists of different"),
        (("groups",), {"all": "ends"}, "groups: found {'all': 'ends'}; allowed: a mapping from"),
        # a claim
        (CLAIM, "T01", "claim without an id: found 'T01'; allowed: a mapping of id"),
        ((*CLAIM, "id"), ["T01"], "id: found ['T01']; allowed: a text"),
        ((*CLAIM, "family"), ["t"], "family: found ['t']; allowed: a text"),
        ((*CLAIM, "swept"), ["heat"], "swept: found ['heat']; allowed: a text, or null"),
        ((*CLAIM, "margin"), "five", "margin: found 'five'; allowed: a number above 0"),
        ((*CLAIM, "margin"), float("nan"), "margin: found nan; allowed: a number above 0"),
        ((*CLAIM, "margin"), True, "margin: found True; allowed: a number above 0"),
        ((*CLAIM, "margin"), 100, "margin: found 100.0; allowed: below 100"),
        ((*CLAIM, "needs"), 3, "needs: found 3; allowed: a mapping from columns"),
        ((*CLAIM, "idle"), {"base": {"method": "cold"}, "below": 1}, "method: found 'cold'"),
        ((*CLAIM, "idle"), {"base": {"method": {}}, "below": 1}, "base: found {'method': {}}"),
        ((*CLAIM, "pool_below"), True, "pool_below: found True; allowed: a percentage"),
        ((*CLAIM, "readings"), [], "readings: found []; allowed: a list, not empty"),
        ((*CLAIM, "readings"), None, "readings: found None; allowed: a list, not empty"),
        # a reading
        (READING, "main", "readings: found 'main'; allowed: a mapping of name"),
        (PARTS, [], "parts: found []; allowed: a list, not empty"),
        (PARTS, None, "parts: found None; allowed: a list, not empty"),
        # a part
        (PART, {"any": 3, "name": "either"}, "any: found 3; allowed: a list of parts"),
        (PART, {"any": [WHOLE], "name": 3}, "name: found 3; allowed: a text"),
        ((*PART, "relation"), ["="], "relation: found ['=']; allowed: >, <"),
        ((*PART, "as"), ["ratio"], "as: found ['ratio']; allowed: difference"),
        ((*PART, "as"), "ratio", "as: found 'ratio'; allowed: difference, since shares"),
        ((*PART, "as"), "signs", "as: found 'signs'; allowed: difference, since shares"),
        ((*PART, "margin"), "five", "margin: found 'five'; allowed: a number above 0"),
        ((*PART, "margin"), 100, "margin: found 100.0; allowed: below 100"),
        ((*PART, "unit"), 5, "unit: found 5; allowed: a text"),
        ((*PART, "right"), True, "right: found True; allowed: a mapping (a side) or a number"),
        ((*PART, "right"), {}, "right: found nothing; allowed: a mapping: a side"),
        ((*PART, "right"), 150, "right: found 150.0; allowed: 0 to 100 percent"),
        # a side
        ((*LEFT, "method"), GONE, "a side with share: method: missing; add it"),
        ((*LEFT, "method"), "hot", "method: found 'hot'; allowed: base, warm"),
        ((*LEFT, "method"), [], "left: method: found []; allowed: a text, a number, or a list"),
        ((*LEFT, "method"), {"a": 1}, "left: method: found {'a': 1}; allowed: a text, a number"),
        ((*LEFT, "share"), GONE, "a side: found 'method'; allowed: just one of share, count"),
        ((*LEFT, "count"), 1, "a side: found 'share, count'; allowed: just one of share, count"),
        (LEFT, {"count": 1, "among": 2, "method": "warm"}, "a side with count: key: found 'among'"),
    ],
)
def test_what_is_wrong_is_one_line(build, where, value, said):
    with pytest.raises(UserError) as caught:
        build(changed(where, value))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    named = ("studies/planted/claims.yaml: ", "claim T01 of planted: ", "claims.yaml: needs: ")
    assert str(caught.value).startswith(named)
    # what belongs to a claim names it
    assert where[0] != "claims" or len(where) < 3 or "claim " in str(caught.value)


@pytest.mark.parametrize("text", ["claims: [", "a: b: c", "\x01"])
def test_what_is_no_yaml_is_one_line(build, text):
    with pytest.raises(UserError, match=r"claims\.yaml: cannot be read as YAML") as caught:
        build(text)
    assert "\n" not in str(caught.value)


def test_a_sweep_that_the_study_does_not_know_is_one_line(build):
    raw = yaml.safe_load(changed((*CLAIM, "swept"), "cold"))
    raw["sweeps"] = {"cold": [1], "heat": [3]}
    with pytest.raises(UserError, match="T01 of planted: swept: found 'cold'; allowed: share"):
        build(yaml.safe_dump(raw))
    raw["claims"][0]["swept"] = "heat"
    with pytest.raises(UserError, match="T01 of planted: heat: found 3; allowed: 1, 2"):
        build(yaml.safe_dump(raw))
