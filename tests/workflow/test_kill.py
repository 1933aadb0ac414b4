"""Runs that are killed, stopped or met by a second one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from pathlib import Path

import pandas as pd
import psutil
import pytest

pytestmark = pytest.mark.workflow

STUDY = "stationary_distributions"
#: Two jobs that train side by side, each with nine cells.
PAIR = (f"train_{STUDY}_nig_mbh", f"train_{STUDY}_nim_mbh")
SMOKE = ("--config", "scale=smoke")


def start(checkout, *targets):
    return checkout.start("escaping_minima", "run", "--scale", "smoke", "--", *targets)


def run(checkout, *targets):
    return checkout.wait(start(checkout, *targets))


def trainings(snakemake):
    return [p for p in snakemake.children(recursive=True) if "train" in p.cmdline()]


def works_on_a_block(process, checkout):
    """Say whether a process holds the lock of a block that is not there yet."""
    finished = {name.split("/")[0] for name in checkout.blocks()}
    locks = [Path(f.path) for f in process.open_files() if Path(f.path).name.startswith("lock")]
    return any(lock.parent.name not in finished for lock in locks)


def catch(snakemake, checkout, blocks):
    """Suspend trainings that work on a block with so many made before it, else none."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        found = trainings(snakemake)
        for process in found:
            process.suspend()
        if len(checkout.blocks()) >= blocks and any(works_on_a_block(p, checkout) for p in found):
            return found
    resume(found)
    return []


def resume(processes):
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()


@contextlib.contextmanager
def in_the_middle(checkout, *targets):
    """Start a run and hold it in the middle of its training: nothing ends before it was met."""
    blocks = len(checkout.blocks()) + 2
    top = start(checkout, *targets)
    checkout.wait_until(psutil.Process(top.pid).children, top)
    snakemake = checkout.head_of(top)
    held = checkout.wait_until(lambda: catch(snakemake, checkout, blocks), top)
    try:
        yield top, snakemake
    finally:
        resume(held)


def log(checkout):
    """Return what the training says; Snakemake removes a log before its job starts."""
    with contextlib.suppress(FileNotFoundError):
        return (checkout.smoke / "logs" / f"{PAIR[1]}.log").read_text()
    return ""


def gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def assert_same_blocks(checkout, first_run, job):
    whole, cells = first_run[0].block_bytes(), checkout.cells(job)
    expected = {name: data for name, data in whole.items() if name.split("/")[0] in cells}
    assert checkout.block_bytes() == expected


def test_others_are_refused_until_a_run_has_ended_killed_or_not(checkout, first_run):
    """They do no harm. With the run alone killed, Snakemake goes on and keeps them off."""
    with in_the_middle(checkout, PAIR[1]) as (top, snakemake):
        before = checkout.block_times()
        plan = (checkout.smoke / "plan.json").read_bytes()
        refused = run(checkout)
        assert f"in use by process {snakemake.pid} on " in refused.refusal(1)
        assert refused.seconds < 30
        more = (*SMOKE, f"{STUDY}={{starts: 1000}}")
        plain = checkout.snakemake("--cores", "2", PAIR[0], *more)
        # nor does it change the plan that the first one follows
        assert f"in use by process {snakemake.pid} on " in plain.own_line(1)
        assert (checkout.smoke / "plan.json").read_bytes() == plan
        top.kill()
        checkout.wait(top)
        refused = run(checkout, PAIR[1]).refusal(1)
    assert refused.startswith(f"escaping-minima: results/ is in use by process {snakemake.pid} on ")
    checkout.wait_until(lambda: gone(snakemake))
    assert_same_blocks(checkout, first_run, "nim_mbh")
    assert before.items() <= checkout.block_times().items()
    assert not checkout.dry(PAIR[1], *SMOKE)


def test_snakemake_alone_is_killed(checkout, first_run):
    """Its job goes on without it; what that computes is not computed again beside it."""
    with in_the_middle(checkout, PAIR[1]) as (top, snakemake):
        snakemake.kill()
        assert "Snakemake was ended by SIGKILL; start again" in checkout.wait(top).refusal(1)
        seen = checkout.block_times()
        second = start(checkout, PAIR[1])
        checkout.wait_until(lambda: "is being worked on by process" in log(checkout), second)
    while second.poll() is None:
        for name, changed in checkout.block_times().items():
            assert seen.setdefault(name, changed) == changed, f"{name} was computed twice"
    ended = checkout.wait(second)
    assert ended.code == 0, ended.all
    assert checkout.block_times() == seen
    assert_same_blocks(checkout, first_run, "nim_mbh")


def test_everything_is_killed(finished, first_run):
    """With seven of nine jobs trained; the collected tables are what they would have been."""
    checkout = finished
    for cell in checkout.cells("nig_mbh") | checkout.cells("nim_mbh"):
        shutil.rmtree(checkout.smoke / "runs" / STUDY / cell)
    shutil.rmtree(checkout.smoke / "tables" / STUDY)
    with in_the_middle(checkout, f"collect_{STUDY}") as (top, _):
        os.killpg(top.pid, signal.SIGKILL)
        checkout.wait(top)
    before = checkout.block_times()
    assert not (checkout.smoke / "trained" / f"{STUDY}_nim_mbh.json").exists()
    ended = checkout.snakemake("--cores", "2", f"collect_{STUDY}", *SMOKE)
    assert ended.code == 0, ended.all
    assert "LockException" not in ended.all
    assert "IncompleteFilesException" not in ended.all
    assert before.items() <= checkout.block_times().items()
    assert checkout.block_bytes() == first_run[0].block_bytes()
    ours, whole = (c.smoke / "tables" / STUDY for c in (checkout, first_run[0]))
    names = {p.name for p in whole.iterdir() if not p.name.startswith(".")}
    for name in names - {"cells.csv", "blocks.parquet"}:
        assert (ours / name).read_bytes() == (whole / name).read_bytes(), name
    # how long it took is the one thing that must differ
    for read, name in ((pd.read_csv, "cells.csv"), (pd.read_parquet, "blocks.parquet")):
        tables = [read(folder / name).drop(columns="wall_seconds") for folder in (ours, whole)]
        pd.testing.assert_frame_equal(*tables)


def test_a_stopped_run_saves_its_state(checkout):
    """A signal comes to the run alone, or with a terminal's Ctrl-C or end to everybody."""
    steps = 20_000
    numbers = f"{STUDY}.steps={steps}"
    words = ("run", "--scale", "smoke", "--config", numbers, "checkpoint_seconds=1", "--", PAIR[1])
    process = checkout.start("escaping_minima", *words)
    checkout.wait_until(lambda: list(checkout.smoke.rglob("*.pt")), process)
    assert_saves_its_state(checkout, process, signal.SIGTERM, os.kill)
    path = set_near_its_end(checkout, steps)
    process = checkout.start("escaping_minima", *words)
    checkout.wait_until(checkout.blocks, process)
    (block, *_) = checkout.blocks().values()
    manifest = json.loads(block.with_suffix(".json").read_text())
    assert manifest["gradient_evaluations"] < 500 * steps
    # it goes once all blocks beside this one are written
    checkout.wait_until(lambda: not path.exists(), process)
    # the next block of the job
    checkout.wait_until(lambda: list(checkout.smoke.rglob("*.pt")), process)
    assert_saves_its_state(checkout, process, signal.SIGINT, os.killpg)
    before = newest_state(checkout)
    process = checkout.start("escaping_minima", *words)
    checkout.wait_until(lambda: newest_state(checkout) > before, process)
    assert_saves_its_state(checkout, process, signal.SIGHUP, os.killpg)


def newest_state(checkout):
    """Return when a state was saved last."""
    times = [0]
    for path in checkout.smoke.rglob("*.pt"):
        # one may take the place of another meanwhile
        with contextlib.suppress(FileNotFoundError):
            times.append(path.stat().st_mtime_ns)
    return max(times)


def test_a_run_that_nobody_reads_ends(checkout):
    """As 'run | head -1' leaves it."""
    process = checkout.start("escaping_minima", "run", "--scale", "smoke", "--", PAIR[1])
    assert process.stdout.readline().startswith("scale smoke")
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.stdout.close()
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE
    assert process.stderr.read() == ""
    assert all(gone(child) for child in children)


def assert_saves_its_state(checkout, process, number, send):
    children = psutil.Process(process.pid).children(recursive=True)
    send(process.pid, number)
    ended = checkout.wait(process)
    assert "stopped; what was running has saved its state" in ended.refusal(128 + number)
    assert all(gone(child) for child in children)
    log = checkout.smoke / "logs" / f"train_{STUDY}_nim_mbh.log"
    assert "has saved its state" in log.read_text()


def set_near_its_end(checkout, steps):
    """Return the checkpoint of a run, set so that only a run that goes on from it is soon done."""
    from escaping_minima.engine.checkpoints import Checkpoint

    (path,) = (p for p in checkout.smoke.rglob("*.pt") if not p.name.endswith(".before.pt"))
    checkpoint = Checkpoint(path)
    state = checkpoint.load()
    assert 0 < state["step"] < steps
    state["step"] = steps - 1
    checkpoint.save(state)
    return path
