"""Training decides from manifests what is left, and survives being stopped anywhere."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from escaping_minima.engine.checkpoints import Checkpoint
from escaping_minima.errors import UserError
from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.training import run as training
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json
from escaping_minima.provenance.sources import cell_hash
from escaping_minima.results.blocks import manifest_path
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps.train import train


def planned(method="nim_mbh", blocks=2, steps=300, source=None, problem="six_hump_camel"):
    cell = make_points_cell(problem, method, steps, 100)
    return PlannedBlocks(cell, blocks, {"role": "main"}, source or cell_hash(cell))


def write_plan(folder, cells, **run):
    settings = {
        "scale": "smoke",
        "results": str(folder / "results"),
        "device": "cpu",
        "checkpoint_seconds": 0.01,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    path = folder / "plan.json"
    path.write_text(plan_to_json([Job("study", "job", tuple(cells), "job")], settings | run))
    return path


def block_files(folder):
    return sorted((folder / "results").rglob("*.parquet"))


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in block_files(folder)}


def times(folder):
    return {p: p.stat().st_mtime_ns for p in block_files(folder)}


def test_what_is_done_is_never_computed_again(tmp_path):
    train(write_plan(tmp_path, [planned(blocks=1)]), "study_job")
    before = times(tmp_path)
    train(write_plan(tmp_path, [planned(blocks=3)]), "study_job")
    after = times(tmp_path)
    assert len(before) == 1
    assert len(after) == 3
    assert before.items() <= after.items()


def test_numbers_depend_on_cell_and_block_alone(tmp_path):
    """Alone, beside other cells, in another order, from another worker: the same bytes."""
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    train(write_plan(first, [planned("nig"), planned("nim_mbh")]), "study_job")
    plan = write_plan(second, [planned("nim_mbh"), planned("sam"), planned("nig")])
    worker = [
        sys.executable,
        "-m",
        "escaping_minima",
        "train",
        "--plan",
        plan,
        "--job",
        "study_job",
    ]
    subprocess.run(worker, check=True, cwd=tmp_path)
    alone, beside = contents(first), contents(second)
    assert len(alone) == 4
    assert alone.items() <= beside.items()


def test_other_sources_repeat_the_cells_they_decide(tmp_path):
    cells = [planned("gd"), planned("sam")]
    train(write_plan(tmp_path, cells), "study_job")
    before = times(tmp_path)
    edited = [planned("gd"), planned("sam", source="s2")]
    train(write_plan(tmp_path, edited), "study_job")
    repeated = {p for p, t in times(tmp_path).items() if before[p] != t}
    assert {p.parent.name for p in repeated} == {edited[1].cell.id}
    assert len(repeated) == 2
    before = times(tmp_path)
    kept = [planned("gd"), planned("sam", source="s3")]
    train(write_plan(tmp_path, kept, keep_stale=True), "study_job")
    assert times(tmp_path) == before


def test_a_corrupt_block_is_computed_again_to_the_same_bytes(tmp_path):
    plan = write_plan(tmp_path, [planned()])
    train(plan, "study_job")
    before = contents(tmp_path)
    block_files(tmp_path)[1].write_bytes(b"PAR1")
    train(plan, "study_job")
    assert contents(tmp_path) == before


def test_manifests_say_what_made_a_block(tmp_path):
    item = planned("nim_mbh", blocks=1)
    train(write_plan(tmp_path, [item]), "study_job")
    path = ResultPaths(tmp_path / "results", "smoke").block("study", item.cell.id, 0)
    manifest = json.loads(manifest_path(path).read_text())
    table = pd.read_parquet(path)
    assert manifest["cell"] == item.cell.record()
    assert manifest["source_hash"] == item.source_hash
    assert manifest["outcome"] == "done"
    assert manifest["rows"] == len(table) == 500
    assert manifest["gradient_evaluations"] == table["gradient_evaluations"].sum() > 500 * 300
    assert manifest["loss_evaluations"] == table["loss_evaluations"].sum() > 0
    assert {"python", "torch", "numpy"} <= manifest["versions"].keys()
    assert manifest["wall_seconds"] > 0
    assert manifest["threads"] == 1
    assert len(manifest["commit"]) in (40, 7)


def test_divergence_is_an_outcome_and_no_error(tmp_path):
    cell = make_points_cell("three_hump_camel", "gd", 200, 100, {}, {"learning_rate": 10.0})
    item = PlannedBlocks(cell, 1, {"role": "main"}, "s1")
    train(write_plan(tmp_path, [item]), "study_job")
    path = ResultPaths(tmp_path / "results", "smoke").block("study", cell.id, 0)
    manifest = json.loads(manifest_path(path).read_text())
    assert manifest["outcome"] == "diverged"
    assert manifest["diverged_replicates"] == 500


def planned_network(blocks=1, epochs=3, first=0, **problem):
    small = {"data": "generated", "train_images": 200, "test_images": 50} | problem
    sizes = {"first": 10, "last": 30, "line": "epochs"}
    cell = make_training_cell("takase_mnist", "adagrad", epochs, sizes, small)
    return PlannedBlocks(cell, blocks, {"role": "main"}, cell_hash(cell), first)


def test_a_network_block_holds_its_curve_and_what_made_it(tmp_path):
    item = planned_network(blocks=2, first=3)
    train(write_plan(tmp_path, [item]), "study_job")
    paths = ResultPaths(tmp_path / "results", "smoke")
    assert [p.stem for p in block_files(tmp_path)] == ["b0003", "b0004"]
    path = paths.block("study", item.cell.id, 3)
    manifest = json.loads(manifest_path(path).read_text())
    table = pd.read_parquet(path)
    assert table["epoch"].tolist() == [0, 1, 2, 3]
    assert table["batch_size"].tolist() == [0, 10, 20, 30]
    assert manifest["outcome"] == "done"
    assert manifest["parameters"] == 1_111_946
    assert manifest["gradient_evaluations"] == table["updates"].iloc[-1] == 20 + 10 + 7
    assert {len(digest) for digest in manifest["data"].values()} == {64}
    wrong = np.unpackbits(np.frombuffer(table["wrong"].iloc[-1], np.uint8))[:50]
    assert 100 * wrong.mean() == pytest.approx(table["test_error"].iloc[-1])
    assert list((tmp_path / "results").rglob("*.pt")) == []


#: What is stopped below: points, and a network.
STOPPED = {
    "points": planned("nim_mbh", blocks=1, steps=6_000),
    "network": planned_network(epochs=8),
}


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    """Return the bytes of the blocks of those that nothing stops."""
    found = {}
    for name, cell in STOPPED.items():
        folder = tmp_path_factory.mktemp(name)
        train(write_plan(folder, [cell]), "study_job")
        found[name] = list(contents(folder).values())
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_network_goes_on_to_the_same_bytes(tmp_path, never_stopped, number):
    plan = write_plan(tmp_path, [STOPPED["network"]])
    worker = start_worker(plan)
    # in the third epoch, of batches of 15
    wait_for_checkpoint(tmp_path, worker, progress=40)
    worker.send_signal(number)
    worker.communicate(timeout=60)
    assert not block_files(tmp_path), "the worker had finished before it was stopped"
    train(plan, "study_job")
    assert list((tmp_path / "results").rglob("*.pt")) == []
    assert list(contents(tmp_path).values()) == never_stopped["network"]


def test_a_diverged_network_is_a_result(tmp_path):
    small = {"data": "generated", "train_images": 50, "test_images": 50}
    sizes = {"first": 10, "last": 10, "line": "epochs"}
    cell = make_training_cell("takase_mnist", "gd", 4, sizes, small, {"learning_rate": 1e30})
    train(write_plan(tmp_path, [PlannedBlocks(cell, 1, {"role": "main"}, "s1")]), "study_job")
    (path,) = block_files(tmp_path)
    assert json.loads(manifest_path(path).read_text())["outcome"] == "diverged"
    assert pd.read_parquet(path)["epoch"].tolist() == [0, 1]


def test_blocks_of_other_data_are_computed_again(tmp_path, monkeypatch):
    """Trained on altered labels, then the official ones are back; at last they are deleted."""
    plan = write_plan(tmp_path, [planned_network(epochs=1)], keep_stale=True)
    official = training.load_images

    def relabelled(*words):
        data = official(*words)
        return replace(
            data, train_labels=data.train_labels[::-1].copy(), checksums={"labels": "1" * 64}
        )

    def deleted(*words):
        raise UserError("no such file", exit_code=1)

    found = []
    for data_set in (relabelled, official, official, deleted):
        monkeypatch.setattr(training, "_load", data_set)
        train(plan, "study_job")
        found.append((contents(tmp_path), times(tmp_path)))
    assert found[0][0] != found[1][0]
    assert found[1] == found[2] == found[3]


def test_missing_data_is_one_line(tmp_path):
    item = planned_network(data="full")
    with pytest.raises(UserError, match="missing; run: escaping-minima fetch mnist") as caught:
        train(write_plan(tmp_path, [item], data_folder=str(tmp_path / "nothing")), "study_job")
    assert caught.value.exit_code == 1


def start_worker(plan):
    command = [
        sys.executable,
        "-m",
        "escaping_minima",
        "train",
        "--plan",
        plan,
        "--job",
        "study_job",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def newest_state(folder):
    """Return where the newest state of the only running block is, None before the first."""
    found = [p for p in (folder / "results").rglob("*.pt") if not p.name.endswith(".before.pt")]
    return found[0] if found else None


def wait_for_checkpoint(folder, worker, progress=0):
    """Wait for a state after so many steps or updates."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert worker.poll() is None, worker.stderr.read()
        path = newest_state(folder)
        state = Checkpoint(path).load() if path else None
        if state and state.get("step", state.get("at", {}).get("updates")) >= progress:
            return
        time.sleep(0.02)
    pytest.fail("no such checkpoint within a minute")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_worker_goes_on_to_the_same_bytes(tmp_path, never_stopped, number):
    plan = write_plan(tmp_path, [STOPPED["points"]])
    worker = start_worker(plan)
    wait_for_checkpoint(tmp_path, worker, progress=1_000)
    worker.send_signal(number)
    out, err = worker.communicate(timeout=60)
    assert not block_files(tmp_path), "the worker had finished before it was stopped"
    assert "Traceback" not in err
    if number != signal.SIGKILL:
        assert worker.returncode == 128 + number
        assert "has saved its state" in out
    train(plan, "study_job")
    assert list((tmp_path / "results").rglob("*.pt")) == []
    assert list(contents(tmp_path).values()) == never_stopped["points"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_stop_it_likewise(tmp_path, never_stopped, monkeypatch, capsys, number):
    """Sent to this process, which catches them while it trains, once a state is saved."""
    save = Checkpoint.save

    def save_and_send(checkpoint, state):
        save(checkpoint, state)
        if state["step"] >= 1_000:
            signal.raise_signal(number)

    plan = write_plan(tmp_path, [STOPPED["points"]])
    monkeypatch.setattr(Checkpoint, "save", save_and_send)
    # what is not caught must not end the tests
    before = signal.signal(number, lambda *given: None)
    try:
        with pytest.raises(SystemExit) as left:
            train(plan, "study_job")
    finally:
        signal.signal(number, before)
        monkeypatch.undo()
    assert left.value.code == 128 + number
    assert "has saved its state" in capsys.readouterr().out
    assert not block_files(tmp_path)
    train(plan, "study_job")
    assert list(contents(tmp_path).values()) == never_stopped["points"]


def test_a_checkpoint_of_other_sources_is_not_resumed(tmp_path, capsys):
    worker = start_worker(write_plan(tmp_path, [planned("nim_mbh", 1, 6_000)]))
    wait_for_checkpoint(tmp_path, worker)
    worker.terminate()
    worker.communicate(timeout=60)
    checkpoint = Checkpoint(newest_state(tmp_path))
    state = checkpoint.load()
    state["w"].fill_(100.0)
    checkpoint.save(state)
    train(write_plan(tmp_path, [planned("nim_mbh", 1, 6_000, source="others")]), "study_job")
    assert "is of other sources, data or device: not used" in capsys.readouterr().out
    (path,) = block_files(tmp_path)
    assert pd.read_parquet(path)[["end_x", "end_y"]].abs().max().max() < 3


def test_two_workers_on_one_cell_write_it_once(tmp_path):
    plan = write_plan(tmp_path, [planned("nim_mbh", blocks=1, steps=6_000)])
    first = start_worker(plan)
    wait_for_checkpoint(tmp_path, first)
    # paused, so that the second meets it at work however busy the machine is
    first.send_signal(signal.SIGSTOP)
    second = start_worker(plan)
    said = second.stdout.readline()
    first.send_signal(signal.SIGCONT)
    assert f"is being worked on by process {first.pid}" in said
    assert first.communicate(timeout=120)[1] == ""
    written = times(tmp_path)
    second.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(written) == 1
    assert times(tmp_path) == written


def test_bad_requests_are_one_line(tmp_path):
    plan = write_plan(tmp_path, [planned()])
    with pytest.raises(UserError, match="no job 'other'; it has study_job"):
        train(plan, "other")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(UserError, match="cannot be written"):
        train(write_plan(tmp_path, [planned()], results=str(blocked)), "study_job")


def test_runs_of_one_cell_do_not_wait_for_one_another(tmp_path):
    """Each block of a network is a job of its own."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    shared = str(tmp_path / "results")
    paused = start_worker(write_plan(first, [planned_network(epochs=8)], results=shared))
    wait_for_checkpoint(tmp_path, paused)
    paused.send_signal(signal.SIGSTOP)
    try:
        item = planned_network(epochs=8, first=1)
        other = start_worker(write_plan(second, [item], results=shared))
        out, _ = other.communicate(timeout=120)
    finally:
        paused.kill()
        paused.communicate()
    assert other.returncode == 0
    assert "waiting" not in out
    assert [p.stem for p in block_files(tmp_path)] == ["b0001"]
