"""Two commits of a small repository: what moved no bit is vouched for, and nothing else."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from escaping_minima.errors import UserError
from escaping_minima.plan.cells import make_cell
from escaping_minima.provenance.vouched import read_rows, still_holds
from escaping_minima.steps.vouch import report, vouch
from escaping_minima.vouching.cases import Case, resumed_cases

METHODS = ("gd", "nig", "nim", "sam")


def git(repository, *words):
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", repository, *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def published_cells():
    return {m: make_cell("himmelblau", m, 10_000, 200) for m in METHODS}


@pytest.fixture(scope="module")
def repository(tmp_path_factory, root):
    """Return a repository that holds the package and four published cells."""
    folder = tmp_path_factory.mktemp("vouch") / "repository"
    package = folder / "src" / "escaping_minima"
    shutil.copytree(
        root / "src" / "escaping_minima",
        package,
        ignore=shutil.ignore_patterns("__pycache__", "samples", "studies"),
    )
    table = folder / "results" / "published" / "study" / "cells.csv"
    table.parent.mkdir(parents=True)
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cell", "settings"])
        writer.writerows([c.id, json.dumps(c.record())] for c in published_cells().values())
    git(folder.parent, "init", "-q", folder)
    commit(folder)
    edit(package / "methods" / "gd.py", "objective.gradient(w, g)", "objective.gradient(w, out=g)")
    edit(package / "methods" / "nig.py", "alpha=-self", "alpha=-1.0000001 * self")
    edit(
        package / "methods" / "sam.py",
        "        g, s",
        "        if self.radius > 1:\n            w.zero_()\n        g, s",
        "        g = state",
        "        if self.radius > 1:\n            w.zero_()\n        g = state",
    )
    shutil.copy(package / "methods" / "gd.py", package / "methods" / "later.py")
    commit(folder)
    return folder


def commit(repository):
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a commit")


def edit(path, *pairs):
    """Replace the first of the given texts that is there."""
    text = path.read_text()
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        if old in text:
            path.write_text(text.replace(old, new, 1))
            return
    raise AssertionError(f"{path}: none of {pairs[::2]}")


def few(cases):
    """Return the published cases, a run that is resumed, and one that only the newer tree has."""
    later = {**published_cells()["gd"].record(), "method": "later"}
    stopped = [c for c in resumed_cases() if c.record["method"] == "nim_mbh"]
    return [*(c for c in cases if c.published), *stopped, Case("later", later)]


@pytest.fixture(scope="module")
def vouched(repository, tmp_path_factory):
    table = tmp_path_factory.mktemp("table") / "vouched.csv"
    return vouch("HEAD~1", "HEAD", "cpu", [], repository, table, few), table


def test_a_refactoring_that_moves_no_bit_is_vouched_for(vouched, repository):
    outcome, table = vouched
    (row,) = read_rows(table)
    assert outcome.rows == [row]
    assert (row.old_commit, row.new_commit) == (
        git(repository, "rev-parse", "HEAD~1"),
        git(repository, "rev-parse", "HEAD"),
    )
    assert (row.device, row.cases, row.not_executed) == ("cpu", 1, "")
    assert still_holds(row.new_hash, row.old_hash, "cpu", table)
    assert not still_holds(row.new_hash, row.old_hash, "cuda", table)


def test_another_number_is_refused_by_column(vouched):
    lines = [line for line in vouched[0].refused if "himmelblau, nig)" in line]
    assert any("column end_x: row 0 has" in line for line in lines)


def test_a_changed_line_that_no_case_executed_is_refused_by_file_and_line(vouched, repository):
    (line,) = [line for line in vouched[0].refused if "methods/sam.py" in line]
    text = (repository / "src" / "escaping_minima" / "methods" / "sam.py").read_text()
    number = text.splitlines().index("            w.zero_()") + 1
    assert line.startswith(f"methods/sam.py:{number}: no case executed these lines of methods.sam:")
    assert "1 pairs are not vouched for" in line


def test_what_the_older_tree_cannot_read_is_skipped_and_listed(vouched):
    outcome = vouched[0]
    (line,) = outcome.skipped
    assert line.startswith("later (himmelblau, later): the older tree cannot read it")
    # gd, nim and sam, and the run that was stopped and resumed
    assert outcome.equal == 4
    assert len(outcome.refused) == 1 + sum("himmelblau, nig)" in r for r in outcome.refused)
    assert report(outcome)[-1] == "4 cases are equal; 1 pairs of source hashes vouched for"


def test_what_was_looked_at_is_accepted_and_recorded(vouched, repository, tmp_path):
    name = vouched[0].refused[-1].split("--accept ")[1].rstrip(")")
    table = tmp_path / "vouched.csv"
    accepted = vouch(
        "HEAD~1",
        "HEAD",
        "cpu",
        [name],
        repository,
        table,
        lambda cases: [c for c in few(cases) if c.record["method"] == "sam"],
    )
    (row,) = read_rows(table)
    assert row.not_executed == name
    assert accepted.refused == []
    assert f"never ran, accepted: {name}" in report(accepted)
    assert replace(row, not_executed="") == row.__class__(**vars(row) | {"not_executed": ""})


def test_nothing_is_left_in_the_repository(vouched, repository):
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert git(repository, "status", "--porcelain") == ""


def test_bad_requests_are_one_line(repository, tmp_path):
    with pytest.raises(UserError, match="found 'nowhere'; allowed: a commit") as caught:
        vouch("nowhere", "HEAD", "cpu", [], repository)
    assert caught.value.exit_code == 2
    path = repository / "src" / "escaping_minima" / "errors.py"
    text = path.read_text()
    try:
        path.write_text(text + "\n# a change\n")
        with pytest.raises(UserError, match="uncommitted changes; commit them first") as caught:
            vouch("HEAD~1", "HEAD", "cpu", [], repository)
        assert caught.value.exit_code == 1
    finally:
        path.write_text(text)
