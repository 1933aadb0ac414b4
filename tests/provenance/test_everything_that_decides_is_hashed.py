"""Every function of the package that a run calls is hashed, or is one of named surroundings."""

from __future__ import annotations

import inspect
import sys
import threading
from pathlib import Path

import pytest

from escaping_minima.kinds.points.cell import make_points_cell
from escaping_minima.kinds.probe.cell import make_probe_cell
from escaping_minima.kinds.records import CLASSES
from escaping_minima.kinds.training.cell import make_training_cell
from escaping_minima.parts.registry import ROOMS, part_record
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
    "kinds.probe.cell",
    "kinds.probe.run",
    "kinds.records",
    "kinds.training.cell",
    "kinds.training.run",
    "parts.registry",
    "plan.jobs",
    # files, locks, signals, and what a manifest says of the machine
    "provenance.circumstances",
    "provenance.git",
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

NETWORK = {"data": "sample", "train_images": 23, "test_images": 20}
SIZES = {"first": 10, "last": 10, "line": "epochs"}


def slots(room, *names, **settings):
    return tuple(part_record(room, name, settings).record() for name in names)


def network(method, epochs=1, **more):
    return make_training_cell("takase_mnist", method, epochs, SIZES, NETWORK, **more)


KEPT = network("adagrad", keep_epochs=(1,))
WALK = make_points_cell(
    "himmelblau", "gd", 150, 100, observers=slots("observers", "path", every=50, coordinates=(1,))
)
CELLS = {
    "points": make_points_cell("himmelblau", "nim_mbh", 150, 100),
    "training": network("adagrad"),
    "training of many parts": network(
        "gd",
        2,
        rate=slots("schedules", "cosine", warm_up=0.5)[0],
        modifiers=slots("modifiers", "momentum") + slots("modifiers", "weight_decay"),
        observers=slots("observers", "losses", "extrema", "wrong"),
        seeds={"order": 1},
        keep_epochs=(0, 2),
    ),
    "points of many parts": make_points_cell(
        "himmelblau",
        "gd",
        150,
        50,
        observers=slots("observers", "basins", "cloud", "first_exit", "path"),
    ),
    "probe of a state": make_probe_cell(KEPT, "epoch1", "gradient"),
    "probe of points": make_probe_cell(WALK, "path", "curvature"),
}
#: Cells that a probe reads, by their ids: they are run before.
TARGETS = {cell.id: cell for cell in (KEPT, WALK)}
#: A module of the cell that a run of it must be seen to call.
WITNESS = {
    "points": "methods.nim_mbh",
    "training": "methods.adagrad",
    "training of many parts": "modifiers.momentum",
    "points of many parts": "observers.first_exit",
    "probe of a state": "measures.gradient",
    "probe of points": "measures.curvature",
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


def write_plan(folder, *cells):
    settings = {
        "scale": "smoke",
        "results": str(folder / "results"),
        "device": "cpu",
        "checkpoint_seconds": 0,
        "keep_stale": False,
        "data_folder": None,
        "accept_checksums": [],
    }
    job = Job("study", "job", tuple(PlannedBlocks(cell, 1, {}, "s1") for cell in cells), "job")
    plan = folder / "plan.json"
    plan.write_text(plan_to_json([job], settings))
    return plan


def run(cell, folder):
    """Return the modules that a run of a cell calls, whatever was run or imported before."""
    targets = [TARGETS[one] for one in cell.rests_on]
    for name in ("first", "seen"):
        (folder / name).mkdir()
        if targets:
            train(write_plan(folder / name, *targets), "study_job")
    # once unseen: a module that is imported calls what its body calls, and is imported only once
    train(write_plan(folder / "first", cell), "study_job")
    # what is in a cache would not be called
    forget()
    plan = write_plan(folder / "seen", cell)
    return called_by(lambda: train(plan, "study_job"))


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """Return the modules that a run of each cell calls."""
    return {name: run(cell, tmp_path_factory.mktemp("run")) for name, cell in CELLS.items()}


@pytest.mark.parametrize("name", CELLS)
def test_what_a_run_calls_is_hashed_or_surroundings(called, name):
    assert WITNESS[name] in called[name] & hashed(CELLS[name])
    assert sorted(called[name] - hashed(CELLS[name]) - SURROUNDINGS) == []


def test_no_surroundings_are_never_called_or_hashed(called):
    by_any = {module for modules in called.values() for module in modules}
    assert sorted(SURROUNDINGS - by_any) == []
    assert sorted(SURROUNDINGS & {m for cell in CELLS.values() for m in hashed(cell)}) == []


def test_every_kind_and_room_of_parts_has_a_cell():
    assert {cell.KIND for cell in CELLS.values()} == set(CLASSES)
    modules = {m.split(".")[1] for cell in CELLS.values() for m in cell.modules()}
    assert set(ROOMS) <= modules


def test_calls_are_seen_in_threads_too():
    def work():
        thread = threading.Thread(target=CELLS["points"].record)
        thread.start()
        thread.join()

    assert "kinds.points.cell" in called_by(work)
