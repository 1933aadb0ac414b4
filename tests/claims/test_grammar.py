"""Parts of records are read, spelled out and refused as the grammar says."""

from __future__ import annotations

import pytest

from escaping_minima.claims.grammar import Idle, Part, Union, read_idle, read_parts
from escaping_minima.errors import UserError

WHERE = "studies/planted/claims.yaml: claim T01"


def read(**entry):
    return read_parts([entry], 5.0, WHERE)


def test_lists_of_both_sides_are_spelled_out_into_one_part_each():
    left = {"share": ["GM1", "GM2"], "method": "gd", "function": ["f", "g"]}
    found = read(left=left, relation="<", right={"method": ["a", "b"]})
    assert [(p.left["share"], p.left["function"], p.right["method"]) for p in found] == [
        (share, function, method)
        for share in ("GM1", "GM2")
        for function in ("f", "g")
        for method in ("a", "b")
    ]


def test_a_right_side_takes_from_the_left_what_it_does_not_name():
    (part,) = read(
        left={"share": "LM", "among": "all", "method": "nig"}, relation="=", right={"method": "gd"}
    )
    assert part.right == {"share": "LM", "among": "all", "method": "gd"}
    assert part.sides == (part.left, part.right)


def test_a_number_is_a_right_side():
    (part,) = read(left={"share": "LM"}, relation=">", right=50)
    assert (part.right, part.sides) == (50.0, (part.left,))


def test_a_part_has_the_margin_of_its_claim_or_its_own():
    part = {"left": {"m": 1}, "relation": ">", "right": {"m": 2}}
    own = {"margin": 2, "unit": "points", "margin_reason": "two are seen", "as": "ratio"}
    assert read(**part) == (Part({"m": 1}, ">", {"m": 2}, 5.0),)
    (found,) = read(**part, **own)
    assert (found.margin, found.unit, found.margin_reason) == (2.0, "points", "two are seen")
    assert found.compared == "ratio"


@pytest.mark.parametrize(
    ("relation", "direction", "beyond"),
    [
        (">", "greater", 0),
        ("<", "less", 0),
        ("=", "equal", 0),
        (">=", "greater", -5),
        ("<=", "less", 5),
    ],
)
def test_relations_with_an_equals_sign_allow_the_margin(relation, direction, beyond):
    (part,) = read(left={"m": 1}, relation=relation, right={"m": 2})
    assert (part.direction, part.beyond) == (direction, beyond)


PART = {"left": {"method": "a"}, "relation": ">", "right": {"method": "b"}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"relation": "=>"}, "relation: found '=>'; allowed: >, <, =, >=, <="),
        ({"as": "log"}, "as: found 'log'; allowed: difference, ratio, signs, spread, best"),
        ({"left": "a"}, "left: found 'a'; allowed: a mapping: a side"),
        ({"right": "b"}, "right: found 'b'; allowed: a mapping (a side) or a number"),
        ({"right": 5, "relation": ">="}, "right: found 5; allowed: a side, which relation: >="),
        ({"right": 5, "as": "ratio"}, "right: found 5; allowed: a side, which as: ratio needs"),
        ({"right": 5, "as": "spread"}, "right: found 5; allowed: a side, which as: spread needs"),
        ({"right": 5, "as": "best"}, "right: found 5; allowed: a side, which as: best needs"),
        ({"margin": 0}, "margin: found 0; allowed: a number above 0"),
        ({"beyond": -5}, "beyond: unknown; allowed: left, relation, right, as"),
    ],
)
def test_what_is_wrong_with_a_part_is_one_line(changed, said):
    with pytest.raises(UserError) as caught:
        read(**{**PART, **changed})
    assert str(caught.value).startswith(f"{WHERE}: {said}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["left", "relation", "right"])
def test_a_part_that_lacks_something_is_refused(key):
    with pytest.raises(UserError, match=f"claim T01: {key}: missing; add it"):
        read(**{k: v for k, v in PART.items() if k != key})


def test_a_part_that_is_no_mapping_is_refused():
    with pytest.raises(UserError, match="claim T01: found 'GM1 > GM2'; allowed: a mapping"):
        read_parts(["GM1 > GM2"], 5.0, WHERE)


def test_a_union_has_a_name_and_its_parts_spelled_out():
    union = {"name": "either", "any": [{**PART, "left": {"method": ["a", "c"]}}, PART]}
    (found,) = read_parts([union], 5.0, WHERE)
    assert isinstance(found, Union)
    assert (found.name, [p.left["method"] for p in found.parts]) == ("either", ["a", "c", "a"])
    assert [s["method"] for s in found.sides] == ["a", "b", "c", "b", "a", "b"]
    with pytest.raises(UserError, match="claim T01: name: missing; add it"):
        read_parts([{"any": [PART]}], 5.0, WHERE)
    with pytest.raises(UserError, match="any: found \\[\\]; allowed: a list of parts"):
        read_parts([{"name": "none", "any": []}], 5.0, WHERE)


def test_a_rule_for_what_is_idle_has_a_base_and_a_percentage():
    assert read_idle(None, WHERE) is None
    assert read_idle({"base": {"method": "gd"}, "below": 1}, WHERE) == Idle({"method": "gd"}, 1.0)
    for wrong, said in [
        ({"base": "gd", "below": 1}, "idle: base: found 'gd'; allowed: a mapping"),
        ({"base": {}, "below": 0}, "idle: below: found 0; allowed: a percentage above 0"),
        ({"base": {}}, "idle: below: missing; add it"),
    ]:
        with pytest.raises(UserError) as caught:
            read_idle(wrong, WHERE)
        assert str(caught.value).startswith(f"{WHERE}: {said}")
