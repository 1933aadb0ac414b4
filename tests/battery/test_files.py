"""Files of the rooms whose parts are found by name: complete, documented, cheap to import."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest

from escaping_minima.package import ROOT
from escaping_minima.parts.looks import look_of
from escaping_minima.parts.registry import ROOMS, make_part, module_name, part_class
from escaping_minima.parts.settings import from_settings, settings_of
from escaping_minima.vouching.cases import registered

PARTS = [(room, name) for room in ROOMS for name in registered(room)]
#: Files of those rooms that are no parts.
HELPERS = {
    "methods": {
        "protocol",
        "barker",
        "basin_hopping",
        "metropolis",
        "optimizer",
        "sgd_sa_optimizer",
    },
    "problems": {"plane", "points", "network", "starting", "sums", "walked"},
    "schedules": {"protocol", "batch_sizes"},
    "observers": {"watchers"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_of_a_room_is_a_part_or_a_helper(room):
    files = {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}
    assert files - set(registered(room)) == HELPERS.get(room, set())
    assert registered(room)


@pytest.mark.parametrize(("room", "name"), PARTS)
def test_parts_are_frozen_settings_with_defaults_that_survive(room, name):
    cls = part_class(room, name)
    assert is_dataclass(cls)
    assert cls.__dataclass_params__.frozen
    part = make_part(room, name, {})
    record = json.loads(json.dumps(settings_of(part)))
    assert from_settings(cls, record) == part
    assert hash(part) == hash(make_part(room, name, {}))


@pytest.mark.parametrize(("room", "name"), PARTS)
def test_parts_say_what_they_and_their_settings_are(room, name):
    cls = part_class(room, name)
    module = importlib.import_module(module_name(room, name))
    assert module.__doc__.endswith(".")
    assert "\n" not in module.__doc__.splitlines()[0]
    said = "\n".join(base.__doc__ or "" for base in cls.__mro__[:-1])
    for entry in fields(cls):
        assert re.search(rf"^    (.*, )?{entry.name}(, .*)? :", said, re.MULTILINE), entry.name
    if room in ("methods", "problems"):
        assert "References\n    ----------\n" in cls.__doc__


@pytest.mark.parametrize("name", registered("methods"))
def test_methods_say_how_they_are_shown(name):
    look = look_of(name)
    assert look.title.strip() == look.title != ""
    assert re.fullmatch("#[0-9A-F]{6}", look.colour)
    assert len(look.marker) == 1


def test_no_two_methods_are_shown_alike():
    looks = [look_of(name) for name in registered("methods")]
    for said in ("title", "colour", "marker"):
        assert len({getattr(look, said) for look in looks}) == len(looks), said


def test_parts_are_made_without_torch():
    """Planning and reports name them on machines without it."""
    code = (
        "import sys\n"
        "from escaping_minima.parts.registry import make_part\n"
        f"for room, name in {PARTS!r}:\n"
        "    make_part(room, name, {})\n"
        "    if 'torch' in sys.modules: sys.exit(f'{room}/{name} imports torch')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
