"""An edit re-runs what depends on it and nothing else; a comment re-runs nothing."""

from __future__ import annotations

import shutil

import pytest

from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.package import ROOT
from escaping_minima.provenance.sources import cell_hash, import_closure, sources_hash

METHODS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")
FUNCTIONS = ("himmelblau", "three_hump_camel", "six_hump_camel")


@pytest.fixture
def package(tmp_path):
    """Return a copy of the package that tests may edit."""
    copy = tmp_path / "escaping_minima"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def hashes(package):
    cells = {(f, m): make_points_cell(f, m, 10, 10) for f in FUNCTIONS for m in METHODS}
    return {pair: cell_hash(cell, package) for pair, cell in cells.items()}


def edit(package, module, old, new):
    path = package / module
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def changed_by(package, *edits):
    before = hashes(package)
    for module, old, new in edits:
        edit(package, module, old, new)
    after = hashes(package)
    return {pair for pair in before if before[pair] != after[pair]}


def test_an_edit_of_a_method_touches_its_cells_alone(package):
    touched = changed_by(package, ("methods/sam.py", "alpha=-self", "alpha=-1.0 * self"))
    assert touched == {(f, "sam") for f in FUNCTIONS}


def test_an_edit_of_a_problem_touches_its_cells_alone(package):
    touched = changed_by(package, ("problems/himmelblau.py", "- 11.0", "- 11.5"))
    assert touched == {("himmelblau", m) for m in METHODS}


def test_an_edit_of_a_shared_base_touches_those_built_on_it(package):
    touched = changed_by(package, ("methods/basin_hopping.py", "searched > 0", "searched > 1"))
    assert touched == {(f, m) for f in FUNCTIONS for m in METHODS if m.endswith("bh")}


def test_an_edit_of_the_engine_touches_everything(package):
    touched = changed_by(package, ("engine/streams.py", "PAGE = 100", "PAGE = 50"))
    assert len(touched) == len(FUNCTIONS) * len(METHODS)


def test_comments_docstrings_and_layout_touch_nothing(package):
    touched = changed_by(
        package,
        ("methods/sam.py", "        g.mul_(", "        # another word\n\n        g.mul_("),
        ("methods/sam.py", '"""Do one step in place; two', '"""Make one step in place: two'),
        ("methods/sam.py", "SAM: sharpness", "SAM is sharpness"),
        ("engine/run_blocks.py", "Run blocks on a function", "Run some blocks on a function"),
    )
    assert touched == set()


def test_a_value_in_a_string_counts(package):
    assert changed_by(package, ("engine/streams.py", '"ball"', '"disc"'))


def test_imports_for_type_checking_do_not_count():
    closure = import_closure(["escaping_minima.problems.plane"])
    assert closure == {"escaping_minima.problems.plane"}


def test_the_closure_holds_what_decides_numbers_and_no_other_method():
    closure = import_closure(
        ["escaping_minima.methods.nim_mbh", "escaping_minima.engine.run_blocks"]
    )
    assert {
        "escaping_minima.methods.basin_hopping",
        "escaping_minima.draws.streams",
        "escaping_minima.landscape.basins",
    } <= closure
    others = {n for n in closure if n.startswith("escaping_minima.methods.")}
    assert others == {
        f"escaping_minima.methods.{n}" for n in ("nim_mbh", "basin_hopping", "protocol")
    }


def test_extra_files_count_byte_for_byte(tmp_path):
    data = tmp_path / "claims.yaml"
    data.write_text("a: 1\n")
    before = sources_hash(["escaping_minima.errors"], extra=[data])
    data.write_text("a: 2\n")
    assert sources_hash(["escaping_minima.errors"], extra=[data]) != before
