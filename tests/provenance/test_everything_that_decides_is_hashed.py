"""Every function of the package that a run calls is hashed, or is one of named surroundings."""

from __future__ import annotations

import inspect
import sys
import threading
from pathlib import Path

import pytest

from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.plan.jobs import Job, PlannedBlocks, plan_to_json
from escaping_minima.provenance.sources import ROOT, cell_hash
from escaping_minima.steps.train import train
from escaping_minima.vouching.driver import files_read, forget

#: What a run calls and what decides no number of it.
SURROUNDINGS = {
    # data as bytes that are verified by their checksums, and the way to what decodes them
    "data.contents",
    "data.load",
    "data.registry",
    "data.sample_index",
    "data.unpack",
    # which GPU; states that are resumed bit for bit; what is refused before a run
    "engine.checkpoints",
    "engine.devices",
    "engine.named_draws",
    "parts.require",
    # what is asked for, found by name, and handed to a kernel
    "kinds.cell",
    "kinds.kind",
    "kinds.points.cell",
    "kinds.points.run",
    "kinds.records",
    "kinds.training.cell",
    "kinds.training.run",
    "parts.canonical",
    "parts.registry",
    "parts.settings",
    "plan.jobs",
    # files, locks, signals, and what a manifest says of the machine
    "provenance.circumstances",
    "provenance.hardware",
    "provenance.vouched",
    "files.atomic",
    "results.blocks",
    "results.further",
    "files.locks",
    "results.paths",
    "steps.portions",
    "steps.states",
    "steps.stop_flag",
    "steps.time_limit",
    "steps.train",
    "steps.trainer",
    "steps.usable_checkpoint",
}

#: By kind, modules that decide numbers and are not hashed: each is a fault, none may be added.
NOT_YET_HASHED: dict[str, set[str]] = {
    "points": set(),
    "training": set(),
}

CELLS = {
    "points": make_points_cell("himmelblau", "nim_mbh", 150, 100),
    "training": make_training_cell(
        "takase_mnist",
        "adagrad",
        1,
        {"first": 10, "last": 10, "line": "epochs"},
        {"data": "sample", "train_images": 23, "test_images": 20},
    ),
}


def called_by(work):
    """Return the modules of the package whose functions are called, in any thread."""
    files = set()

    def note(frame, event, argument):
        # bodies of modules and classes run when they are imported, by whoever comes first
        if event == "call" and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            files.add(frame.f_code.co_filename)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return {module(Path(f)) for f in files if Path(f).is_relative_to(ROOT)}


def module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def hashed(cell):
    """Return the modules whose files are read to hash a cell."""
    return {module(ROOT / file) for file in files_read(lambda: cell_hash(cell))}


def run(cell, folder):
    settings = {
        "scale": "smoke",
        "results": str(folder / "results"),
        "device": "cpu",
        "checkpoint_seconds": 0,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    job = Job("study", "job", (PlannedBlocks(cell, 1, {}, "s1"),), "job")
    plan = folder / "plan.json"
    plan.write_text(plan_to_json([job], settings))
    return called_by(lambda: train(plan, "study_job"))


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """Return the modules that a run of each cell calls."""
    # what an earlier test left in a cache would not be called
    forget()
    return {kind: run(CELLS[kind], tmp_path_factory.mktemp("run")) for kind in CELLS}


@pytest.mark.parametrize("kind", CELLS)
def test_what_a_run_calls_is_hashed_or_surroundings(called, kind):
    assert f"methods.{CELLS[kind].method}" in called[kind]
    known = hashed(CELLS[kind]) | SURROUNDINGS | NOT_YET_HASHED[kind]
    assert sorted(called[kind] - known) == []


def test_no_list_names_what_is_not_called_or_is_hashed(called):
    by_any = {module for modules in called.values() for module in modules}
    assert sorted(SURROUNDINGS - by_any) == []
    for kind, modules in NOT_YET_HASHED.items():
        assert sorted(modules - called[kind]) == []
        assert sorted(modules & hashed(CELLS[kind])) == []


def test_calls_are_seen_in_threads_too():
    def work():
        thread = threading.Thread(target=CELLS["points"].record)
        thread.start()
        thread.join()

    assert "kinds.points.cell" in called_by(work)
