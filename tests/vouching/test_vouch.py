"""Two commits of a small repository: what moved no bit is vouched for, and nothing else."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess

import pytest

from escaping_minima.cli import main
from escaping_minima.errors import UserError
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.records import kind_name
from escaping_minima.provenance.vouched import read_rows, still_holds
from escaping_minima.steps.vouch import report, vouch
from escaping_minima.vouching.cases import Case, resumed_cases

METHODS = ("gd", "nig", "nim", "sam")
#: A line of the steps of two methods, and one that is put before it and never runs.
START = "        objective.gradient(w, g)\n"
NEVER = "w.zero_()"
ACCEPTED = ["methods.nim"]


def git(repository, *words):
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", repository, *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def published_cells():
    return {m: make_points_cell("himmelblau", m, 10_000, 200) for m in METHODS}


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
    edit(package / "methods" / "gd.py", '{"g": w.clone()}', "dict(g=w.clone())")
    edit(package / "methods" / "nig.py", "mul(self.radius)", "mul(1.0000001 * self.radius)")
    for name in ("nim", "sam"):
        path = package / "methods" / f"{name}.py"
        edit(path, START, f"        if not noise:\n            {NEVER}\n{START}")
    shutil.copy(package / "methods" / "gd.py", package / "methods" / "later.py")
    commit(folder)
    return folder


def commit(repository):
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a commit")


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def few(cases):
    """Return the published cases, a run that is resumed, and one that only the newer tree has."""
    later = {**published_cells()["gd"].record(), "method": "later"}
    stopped = [
        c
        for c in resumed_cases()
        if c.record["method"] == "nim_mbh" and kind_name(c.record) == "points"
    ]
    return [*(c for c in cases if c.published), *stopped, Case("later", later)]


@pytest.fixture(scope="module")
def vouched(repository, tmp_path_factory):
    table = tmp_path_factory.mktemp("table") / "vouched.csv"
    return vouch("HEAD~1", "HEAD", "cpu", ACCEPTED, repository, table, few), table


def test_a_refactoring_that_moves_no_bit_is_vouched_for(vouched, repository):
    outcome, table = vouched
    assert sorted(outcome.rows) == read_rows(table)
    (row,) = [row for row in outcome.rows if not row.not_executed]
    assert (row.old_commit, row.new_commit) == (
        git(repository, "rev-parse", "HEAD~1"),
        git(repository, "rev-parse", "HEAD"),
    )
    assert (row.device, row.cases, row.not_executed) == ("cpu", 1, "")
    assert still_holds(row.new_hash, row.old_hash, "cpu", table)
    assert not still_holds(row.new_hash, row.old_hash, "cuda", table)


def test_another_number_is_refused_by_column(vouched):
    (line,) = [line for line in vouched[0].refused if "himmelblau, nig)" in line]
    assert "column end_x: row 0 has" in line
    assert line.endswith("more)")


def test_a_changed_line_that_no_case_executed_is_refused_by_file_and_line(vouched, repository):
    (line,) = [line for line in vouched[0].refused if "methods/sam.py" in line]
    text = (repository / "src" / "escaping_minima" / "methods" / "sam.py").read_text()
    number = text.splitlines().index(f"            {NEVER}") + 1
    assert line.startswith(f"methods/sam.py:{number},")
    assert "methods.sam:SharpnessAware.step changed and no equal case executed these" in line
    assert "1 pairs are not vouched for" in line
    assert report(vouched[0])[-2].endswith("--accept methods.sam:SharpnessAware.step")


def test_what_the_older_tree_cannot_read_is_skipped_and_listed(vouched):
    outcome = vouched[0]
    (line,) = outcome.skipped
    assert line.startswith("later (himmelblau, later): the older tree cannot read it")
    # gd, nim and sam, and the run that was stopped and resumed
    assert outcome.equal == 4
    assert len(outcome.refused) == 2
    assert report(outcome)[-1] == "4 cases are equal; 2 pairs of source hashes vouched for"


def test_what_was_looked_at_is_accepted_and_recorded(vouched):
    outcome, table = vouched
    (row,) = [row for row in read_rows(table) if row.not_executed]
    assert row.not_executed == "methods.nim:NoiseInModel.step"
    assert "never ran, accepted: methods.nim:NoiseInModel.step" in report(outcome)
    assert not any("methods/nim.py" in line for line in outcome.refused)


def test_nothing_is_left_in_the_repository(vouched, repository):
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert git(repository, "status", "--porcelain") == ""


def test_the_command_refuses_what_is_no_commit(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["vouch", "nowhere"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("escaping-minima: vouch: found 'nowhere'; allowed:")


def test_bad_requests_are_one_line(repository):
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
