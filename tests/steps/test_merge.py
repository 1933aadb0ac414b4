"""What was made elsewhere is taken in where it fits, and refused in one line where it does not."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess

import pandas as pd
import pytest
import torch

from escaping_minima.cli import main
from escaping_minima.engine.checkpoints import Checkpoint
from escaping_minima.errors import UserError
from escaping_minima.files.locks import hold
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json, read_plan
from escaping_minima.provenance.sources import cell_hash
from escaping_minima.results.blocks import manifest_path, write_block
from escaping_minima.results.further import write_further
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.merge import merge

CELL = make_points_cell("himmelblau", "gd", 300, 100)
NET = make_training_cell(
    "takase_mnist",
    "gd",
    2,
    {"first": 10, "last": 10, "line": "epochs"},
    {"data": "generated", "train_images": 40, "test_images": 50},
)
TABLE = pd.DataFrame({"loss": [1.0, 2.0]})


def write_plan(folder, source="s1", cells=(CELL, NET), **run):
    settings = {
        "scale": "smoke",
        "results": str(folder / "results"),
        "device": "cpu",
        "checkpoint_seconds": 60,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    planned = tuple(PlannedBlocks(cell, 2, {}, source) for cell in cells)
    folder.mkdir(exist_ok=True)
    path = folder / "plan.json"
    path.write_text(plan_to_json([Job("study", "job", planned, "job")], settings | run))
    return path


def put_block(folder, index=0, table=TABLE, place=None, further=None, cell=CELL, **changed):
    """Write a block into a results folder as a training would."""
    paths = ResultPaths(folder / "results", "smoke")
    path = paths.block("study", place or cell.id, index)
    manifest = {
        "cell_id": cell.id,
        "cell": cell.record(),
        "block": index,
        "source_hash": "s1",
        "commit": "unknown",
        "dirty": True,
        "data": {},
        "device": "cpu",
        "wall_seconds": 1.0,
    }
    more = {"further": write_further(path, further, {}, {})} if further else {}
    write_block(path, table, manifest | more | changed)
    return path


def taken(folder, *others, repository=None, **plan):
    run, jobs = read_plan(write_plan(folder, **plan))
    folders = [other / "results" for other in others]
    return merge(folders, run, list(jobs.values()), repository or folder)


def contents(folder):
    base = folder / "results" / "smoke" / "runs"
    return {p.relative_to(base): p.read_bytes() for p in base.rglob("*") if p.is_file()}


@pytest.fixture
def here(tmp_path):
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path):
    return tmp_path / "there"


def test_blocks_come_with_all_their_files_and_equal_ones_are_skipped(here, there):
    put_block(there)
    put_block(there, 1, further={"path": {"x": [0.0, 1.0]}})
    first, second = taken(here, there), taken(here, there)
    assert (first.blocks, first.equal, first.refused) == (2, 0, [])
    assert (second.blocks, second.equal, second.refused) == (0, 2, [])
    assert len(contents(there)) == 5
    assert contents(here) == contents(there)


def test_a_folder_of_the_scale_will_do_and_any_other_is_named(here, there):
    put_block(there)
    run, jobs = read_plan(write_plan(here))
    assert merge([there / "results" / "smoke"], run, list(jobs.values()), here).blocks == 1
    for wrong, said in ((there, "allowed: a results folder"), (here / "results", "run's own")):
        with pytest.raises(UserError, match=said):
            merge([wrong], run, list(jobs.values()), here)


def altered_table(folder):
    put_block(folder).write_bytes(b"PAR1")


def altered_further(folder):
    path = put_block(folder, further={"path": {"x": [0.0]}})
    path.with_name("b0000.path.parquet").write_bytes(b"PAR1")


def outside_further(folder):
    path = manifest_path(put_block(folder))
    listed = {"further": {"../../x": "0" * 64}}
    path.write_text(json.dumps(json.loads(path.read_text()) | listed))


def without_manifest(folder):
    manifest_path(put_block(folder)).unlink()


def broken_manifest(folder):
    manifest_path(put_block(folder)).write_text("{")


def changed(**values):
    return lambda folder: put_block(folder, **values)


OTHER = make_points_cell("himmelblau", "gd", 301, 100)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (altered_table, "not what its manifest vouches for"),
        (altered_further, "not what its manifest vouches for"),
        (outside_further, "not what its manifest vouches for"),
        (without_manifest, "no manifest that can be read"),
        (broken_manifest, "no manifest that can be read"),
        (changed(cell_id="e7dcf83709"), f"is of cell {CELL.id}, its folder is {CELL.id}"),
        (changed(place="e7dcf83709"), f"is of cell {CELL.id}, its folder is e7dcf83709"),
        (changed(cell=OTHER, place=CELL.id), f"is of cell {OTHER.id}"),
        (changed(block=1), "its manifest is of block 1"),
        (changed(block="0"), "its manifest is of block 0"),
        (changed(source_hash="s2"), "other sources made it"),
        (changed(data={"labels": "1" * 64}), "other data"),
        (changed(data={"labels": "yes"}), "does not name its data by checksums"),
        (changed(data=None), "does not name its data by checksums"),
        (changed(cell=NET, data={}), "other data"),
        (changed(commit="0123abc"), "commit 0123abc, which it names, cannot be asked"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_rest_taken(here, there, make, said):
    make(there)
    good = put_block(there, 7)
    merged = taken(here, there)
    (line,) = merged.refused
    assert said in line
    assert str(there) in line
    assert merged.blocks == 1
    assert {p.name for p in contents(here)} == {good.name, "b0007.json"}


def test_the_cell_in_a_manifest_must_be_one(here, there):
    path = put_block(there)
    for record in ({"kind": "other"}, {}, None, CELL.record() | {"more": 1}):
        manifest = json.loads(manifest_path(path).read_text()) | {"cell": record}
        manifest_path(path).write_text(json.dumps(manifest))
        (line,) = taken(here, there).refused
        assert "cannot be read here" in line


def test_older_code_is_good_enough_where_the_run_says_so(here, there):
    put_block(there, source_hash="s2")
    assert taken(here, there, keep_stale=True).blocks == 1


def test_of_two_that_differ_the_first_stays(here, there, tmp_path):
    """Whether it was there, or came with the first of the folders."""
    one, other = put_block(there), put_block(tmp_path / "third", table=TABLE * 2)
    target = ResultPaths(here / "results", "smoke").block("study", CELL.id, 0)
    for _ in range(2):
        merged = taken(here, there, tmp_path / "third")
        (line,) = merged.refused
        assert line.startswith(f"{other}: it differs from {target}")
        assert target.read_bytes() == one.read_bytes()


def test_what_does_not_hold_here_is_replaced(here, there):
    put_block(there)
    put_block(there, 1)
    put_block(here, source_hash="s0", table=TABLE * 3)
    put_block(here, 1).write_bytes(b"PAR1")
    assert taken(here, there).blocks == 2
    assert contents(here) == contents(there)


def test_cells_that_are_not_planned_must_rest_on_the_present_sources(here, there):
    put_block(there, cell=OTHER, source_hash=cell_hash(OTHER))
    put_block(there, 1, cell=OTHER, source_hash="s1")
    merged = taken(here, there)
    assert merged.blocks == 1
    assert "b0001" in merged.refused[0]


def test_a_cell_that_is_being_trained_is_left_alone(here, there):
    put_block(there)
    paths = ResultPaths(here / "results", "smoke")
    with hold(paths.cell_lock("study", CELL.id, 0), "it"):
        merged = taken(here, there)
    assert "is in use by process" in merged.refused[0]
    with hold(paths.root / "lock", "it"), pytest.raises(UserError, match="in use by process"):
        taken(here, there)
    assert contents(here) == {}


def put_state(folder, steps, cell=CELL, name="b0.s1-01234567.pt", pieces=0, key="step"):
    state = {"step": steps} if key == "step" else {"at": {"updates": steps}}
    folder = ResultPaths(folder / "results", "smoke").checkpoints("study", cell.id)
    Checkpoint(folder / name).save(state)
    for number in range(pieces):
        (folder / f"k0.path.{number:06d}.parquet").write_bytes(bytes([steps, number]))
    return folder


def steps_of(folder, name="b0.s1-01234567.pt"):
    return Checkpoint(folder / name).load()["step"]


def test_states_come_where_they_are_further_with_what_was_kept(here, there):
    theirs = put_state(there, 40, pieces=3)
    (theirs / "lock0").touch()
    ours = ResultPaths(here / "results", "smoke").checkpoints("study", CELL.id)
    assert taken(here, there).states == 1
    assert steps_of(ours) == 40
    assert len(list(ours.glob("k0.path.*.parquet"))) == 3
    assert taken(here, there).states == 0
    put_state(here, 50, pieces=4)
    assert taken(here, there).states == 0
    assert steps_of(ours) == 50
    assert {p.read_bytes()[0] for p in ours.glob("k0.*")} == {50}
    put_state(there, 60, pieces=5)
    assert taken(here, there).states == 1
    assert steps_of(ours) == 60
    assert [p.read_bytes()[0] for p in ours.glob("k0.*")] == [60] * 5


def test_the_state_of_a_network_comes_by_its_updates(here, there):
    theirs = put_state(there, 40, NET, key="at")
    put_state(here, 30, NET, key="at")
    assert taken(here, there).states == 1
    ours = ResultPaths(here / "results", "smoke").checkpoints("study", NET.id)
    assert Checkpoint(ours / "b0.s1-01234567.pt").load() == {"at": {"updates": 40}}
    assert theirs.exists()


def test_states_of_another_torch_come_too(here, there):
    """It is the next machine that must read them."""
    folder = put_state(there, 1)
    buffer = io.BytesIO()
    torch.save({"torch": "0.1", "state": {"step": 2}}, buffer)
    body = buffer.getvalue()
    (folder / "b0.s1-01234567.pt").write_bytes(hashlib.sha256(body).digest() + body)
    assert taken(here, there).states == 1


def test_states_that_do_not_fit_are_refused(here, there):
    put_state(there, 40, name="b0.s9-01234567.pt")
    damaged = put_state(there, 40, name="b1.s1-01234567.pt") / "b1.s1-01234567.pt"
    damaged.write_bytes(b"no state")
    put_state(there, 40, OTHER)
    merged = taken(here, there)
    assert merged.states == 0
    said = sorted(line.partition(": ")[2] for line in merged.refused)
    assert said == [
        "it is no whole state",
        "its cell is not in the plan",
        "other sources made it than these",
    ]


def test_the_state_before_a_damaged_one_is_taken(here, there):
    folder = put_state(there, 40)
    put_state(there, 50)
    (folder / "b0.s1-01234567.pt").write_bytes(b"no state")
    assert taken(here, there).states == 1
    assert steps_of(ResultPaths(here / "results", "smoke").checkpoints("study", CELL.id)) == 40


def test_a_finished_block_leaves_no_state(here, there):
    """Neither the one that was here, nor one that comes with it."""
    put_block(there)
    put_state(there, 40)
    ours = put_state(here, 30, pieces=2)
    merged = taken(here, there)
    assert (merged.blocks, merged.states, merged.refused) == (1, 0, [])
    assert [p for p in ours.iterdir() if not p.name.startswith("lock")] == []


def git(folder, *words):
    who = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    done = subprocess.run(
        ["git", *who, "-C", folder, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory, root):
    """Return a repository with this package, whose second commit changes the steps of a method."""
    folder = tmp_path_factory.mktemp("commits")
    package = folder / "src" / "escaping_minima"
    ignore = shutil.ignore_patterns("__pycache__", "samples", "studies")
    shutil.copytree(root / "src" / "escaping_minima", package, ignore=ignore)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "first")
    method = package / "methods" / "gd.py"
    method.write_text(method.read_text() + "\nMORE = 1\n")
    git(folder, "commit", "--quiet", "-am", "second")
    return folder


def test_a_commit_is_verified_against_its_own_sources(here, there, repository):
    first, second = git(repository, "rev-parse", "HEAD~", "HEAD").split()
    now = cell_hash(CELL)
    put_block(there, 0, source_hash=now, commit=first[:10])
    put_block(there, 1, source_hash=now, commit=second)
    put_block(there, 2, source_hash=now, commit="f" * 40)
    put_block(there, 3, source_hash=now, commit=second, dirty=False)
    merged = taken(here, there, repository=repository, source=now)
    assert merged.blocks == 2
    assert [line.partition(": ")[2] for line in merged.refused] == [
        f"the sources of commit {second}, which it names, are others",
        f"commit {'f' * 40}, which it names, cannot be asked in {repository}",
    ]
    paths = ResultPaths(here / "results", "smoke")
    manifest = json.loads(manifest_path(paths.block("study", CELL.id, 0)).read_text())
    assert (manifest["commit"], manifest["dirty"]) == (first, False)
    assert git(repository, "worktree", "list").count("\n") == 0
    # it was there already, whatever its manifest says now
    assert taken(here, there, repository=repository, source=now).equal == 2


def test_the_command_says_what_it_did_and_ends_with_1_if_it_refused(here, there, capsys):
    put_block(there)
    words = ["merge", str(there / "results"), "--plan", str(write_plan(here))]
    for code, last in ((0, "1 blocks and 0 states taken"), (1, "0 blocks and 0 states taken")):
        with pytest.raises(SystemExit) as ended:
            main(words)
        out = capsys.readouterr().out.splitlines()
        assert ended.value.code == code
        assert out[-1].startswith(last)
        put_block(there, table=TABLE * 2)
    assert out[0].startswith(f"refused: {there}")
