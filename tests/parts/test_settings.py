"""Settings as records hold them: what is absent, what is refused, what equals what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from escaping_minima.errors import UserError
from escaping_minima.parts import registry
from escaping_minima.parts.canonical import canonical_json
from escaping_minima.parts.registry import make_part, part_record, read_part
from escaping_minima.parts.settings import added, from_settings, settings_of


@dataclass(frozen=True)
class Old:
    rate: float = 0.1
    width: int = 3


@dataclass(frozen=True)
class New(Old):
    decay: float = added(0.0, default=5e-4)
    borders: tuple[int, ...] = added(())
    slot: Mapping[str, Any] | None = added(None)
    switch: bool | float = added(False)
    shares: Mapping[str, float] = added({})


@dataclass(frozen=True)
class Outer:
    inner: Old
    several: tuple[Old, ...] = ()


def test_what_is_missing_means_its_absence_and_never_the_default():
    read = from_settings(New, {"rate": 0.1, "width": 3})
    assert (read.decay, read.borders, read.slot, read.switch) == (0.0, (), None, False)
    assert New().decay == 5e-4
    assert settings_of(New())["decay"] == 5e-4
    assert settings_of(read) == {"rate": 0.1, "width": 3}


def test_old_records_are_those_of_the_same_part():
    old = settings_of(Old(0.3, 5))
    assert settings_of(from_settings(New, old)) == old


def test_other_gaps_are_refused_and_unknown_settings_too():
    with pytest.raises(ValueError, match="width: missing"):
        from_settings(New, {"rate": 0.1})
    with pytest.raises(ValueError, match="unknown: depth, height"):
        from_settings(New, {"rate": 0.1, "width": 3, "height": 1, "depth": 2})
    with pytest.raises(ValueError, match="unknown: decay"):
        from_settings(Old, settings_of(New()))


@pytest.mark.parametrize("value", [0.0, 1.0, (), ""])
def test_absence_is_compared_as_text(value):
    """For Python 0.0 equals False, and others are as empty."""
    found = settings_of(New(decay=0.0, switch=value))
    assert json.dumps(found["switch"]) == json.dumps(value)
    assert "switch" not in settings_of(New(switch=False))


@pytest.mark.parametrize("empty", [[], ()])
def test_an_empty_list_is_as_absent_as_an_empty_tuple(empty):
    assert "borders" not in settings_of(New(borders=empty))
    assert from_settings(New, {"rate": 0.1, "width": 3, "borders": []}).borders == ()


def test_numbers_are_those_of_the_declared_type():
    assert canonical_json(settings_of(Old(rate=1))) == '{"rate":1.0,"width":3}'
    assert "decay" not in settings_of(New(decay=0))
    assert canonical_json(settings_of(New(decay=0.0, shares={"a": 1}))["shares"]) == '{"a":1.0}'
    assert settings_of(New(borders=(1, 2)))["borders"] == [1, 2]
    # a float of NumPy is a float; a narrower or a whole one would be another text, and is refused
    assert canonical_json(settings_of(Old(rate=np.float64(0.1)))) == '{"rate":0.1,"width":3}'
    for number in (np.float32(0.1), np.int64(1)):
        with pytest.raises(TypeError):
            canonical_json(settings_of(Old(rate=number)))


def test_mappings_that_are_absent_are_shared_by_nobody():
    one, other = New(), New()
    assert one.shares == {}
    assert one.shares is not other.shares


def test_parts_in_slots_are_plain_records():
    found = settings_of(Outer(Old(1), (Old(2),)))
    assert found == {
        "inner": {"rate": 1.0, "width": 3},
        "several": [{"rate": 2.0, "width": 3}],
    }
    assert canonical_json(found).count(".0") == 2


def test_records_survive_as_text():
    part = New(0.3, 5, 0.1, (1, 2), {"name": "steps", "settings": {"epochs": [3]}}, 1.0)
    again = from_settings(New, json.loads(canonical_json(settings_of(part))))
    assert settings_of(again) == settings_of(part)
    assert again.borders == (1, 2)


@pytest.fixture
def gd_with_decay(monkeypatch):
    """Let gradient descent have settings that came later."""
    monkeypatch.setattr(registry, "part_class", lambda room, name: New)


def test_making_has_defaults_and_reading_has_absences(gd_with_decay):
    assert make_part("methods", "gd", {}).decay == 5e-4
    assert read_part("methods", "gd", {"rate": 0.1, "width": 3}).decay == 0.0
    assert part_record("methods", "gd", {"decay": 0.0}).record() == {
        "name": "gd",
        "settings": {"rate": 0.1, "width": 3},
    }


def test_a_part_that_cannot_be_read_is_named(gd_with_decay):
    with pytest.raises(UserError, match="gd: not the record of one of methods: width: missing"):
        read_part("methods", "gd", {"rate": 0.1})
    with pytest.raises(UserError, match="unknown setting 'height'; allowed: rate, width, decay"):
        make_part("methods", "gd", {"height": 1})
