"""Every function of the package that a run calls is hashed, or is one of named surroundings."""

from __future__ import annotations

import inspect
import pkgutil
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest

import escaping_minima
from escaping_minima.kinds.records import CLASSES, kind_name, read_cell
from escaping_minima.parts.registry import ROOMS
from escaping_minima.provenance.sources import ROOT, cell_hash, deciding_modules
from escaping_minima.vouching import driver
from escaping_minima.vouching.cases import all_cases

#: What a run calls and what decides no number of it.
SURROUNDINGS = {
    # the command that trains, with the options of all commands, and what a terminal shows
    "claims.command",
    "cli",
    "launch.terminal",
    # data as bytes that are verified by their checksums, and the way to what decodes them
    "data.contents",
    "data.load",
    "data.places",
    "data.registry",
    "data.sample_index",
    "data.token_cache",
    "data.unpack",
    # which GPU; states that are resumed bit for bit; what is refused before a run
    "engine.checkpoints",
    "engine.devices",
    "engine.named_draws",
    "parts.require",
    # what is asked for, found by name, and handed to a kernel
    "kinds.arena.assignment",
    "kinds.arena.cell",
    "kinds.arena.run",
    "kinds.arena_search.cell",
    "kinds.arena_search.run",
    "kinds.baseline.cell",
    "kinds.baseline.run",
    "kinds.cell",
    "kinds.examine.cell",
    "kinds.examine.run",
    "kinds.kind",
    "kinds.points.cell",
    "kinds.points.run",
    "kinds.probe.cell",
    "kinds.probe.run",
    "kinds.records",
    "kinds.search.cell",
    "kinds.search.run",
    "kinds.training.assignment",
    "kinds.training.cell",
    "kinds.training.run",
    "kinds.training.texts",
    "kinds.walks.cell",
    "kinds.walks.run",
    "parts.registry",
    "plan.jobs",
    # files, locks, signals, and what a manifest says of the machine
    "provenance.circumstances",
    "provenance.git",
    "provenance.hardware",
    "provenance.sources",
    "provenance.vouched",
    "files.atomic",
    "results.blocks",
    "results.further",
    "files.locks",
    "results.paths",
    "steps.own_sources",
    "steps.portions",
    "steps.states",
    "steps.stop_flag",
    "steps.time_limit",
    "steps.train",
    "steps.trainer",
    "steps.usable_checkpoint",
}
#: What the trainer does for all kinds, by the kinds of whose numbers it decides none: a floor is no
#: network.
SURROUNDINGS_OF = {"baseline": {"engine.numerics"}}
#: What is not imported before a run is looked at: a command, and what is Sphinx's. All others are,
#: since what the body of a module calls would count as called by the run.
SKIPPED = ("escaping_minima.__main__", "escaping_minima.report.static")


def cases_without_fetched_weights(root):
    """Return the cases but those of networks whose weights no fresh machine has."""
    every = all_cases(root / "results" / "published", "cpu")
    weights = ("minilm", "bert-base-uncased")
    return [c for c in every if c.record["problem_settings"].get("encoder") not in weights]


def choices(case):
    """Return what decides which functions a case calls: each choice in its record, by its kind.

    Numbers are no choices: runs that differ in nothing else go one way. What a case rests on is
    another case.
    """
    record = {k: v for k, v in case.record.items() if k not in ("target", "tuned_by")}
    record |= {"tuned": "tuned_by" in case.record, "stopped": case.stopped}
    return {(kind_name(case.record), *choice) for choice in named_choices(record)}


def named_choices(value, place=()):
    """Yield each choice in a record with its place, inside a part by the name of the part."""
    if isinstance(value, dict):
        inside = (*place, value["name"]) if "name" in value else place
        for key, inner in value.items():
            yield from named_choices(inner, (*inside, key))
    elif isinstance(value, list | tuple) and value:
        for inner in value:
            yield from named_choices(inner, place)
    elif isinstance(value, bool | str | None | list | tuple):
        yield place, str(value)
    else:
        yield place, "a number"


@pytest.fixture(scope="module")
def jobs(root):
    """Return the cases of each job that make a choice no other makes, or not before them."""
    every, chosen, seen = cases_without_fetched_weights(root), [], set()
    # what is published is cut short, but wide networks are left as they are
    for case in sorted(every, key=lambda case: bool(case.published)):
        made = choices(case)
        if not made <= seen:
            chosen.append(case)
        seen |= made
    # what is read is run before it, however like another it is
    read = {other for case in chosen for other in read_cell(case.record).rests_on}
    found = {}
    for case in every:
        if case in chosen or read_cell(case.record).id in read:
            found.setdefault(case.job, []).append(case)
    return found


def called_by(work):
    """Return the functions of the package that are called, in any thread: module and name."""
    codes = set()

    def note(frame, event, argument):
        if event == "call":
            codes.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    inside = {c for c in codes if Path(c.co_filename).is_relative_to(ROOT)}
    # bodies of modules and classes run when they are imported, by whoever comes first
    functions = {c for c in inside if c.co_flags & inspect.CO_OPTIMIZED}
    return {(module(Path(c.co_filename)), c.co_qualname) for c in functions}


def module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def hashed(cells):
    """Return the modules that enter the hashes of cells."""
    names = set().union(*(deciding_modules(cell.modules()) for cell in cells))
    return {name.removeprefix("escaping_minima.") for name in names}


def request(cases):
    cells = [read_cell(case.record) for case in cases]
    named = [
        {"id": cell.id, "cell": case.record, "source_hash": cell_hash(cell)}
        for cell, case in zip(cells, cases, strict=True)
    ]
    return {"cells": named, "stopped": any(case.stopped for case in cases)}


@pytest.fixture(scope="module")
def called(jobs, tmp_path_factory):
    """Return the functions that each job calls, run as it is vouched for."""
    for found in pkgutil.walk_packages(escaping_minima.__path__, "escaping_minima."):
        if not found.name.startswith(SKIPPED):
            import_module(found.name)
    folder, handler = tmp_path_factory.mktemp("jobs"), signal.getsignal(signal.SIGTERM)
    functions = {}
    for name, cases in jobs.items():
        forget()
        asked, said = {name: request(cases)}, {}
        functions[name] = called_by(lambda a=asked, s=said: s.update(run(a, folder)))
        assert said["jobs"][name]["code"] == 0, said["jobs"][name]["said"]
        assert all(said["jobs"][name]["blocks"].values())
    signal.signal(signal.SIGTERM, handler)
    return functions


def forget():
    """Empty all caches, since what is in one is not called; but not those of read sources.

    Nobody edits them meanwhile, and to read them anew took longer than most jobs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, cell_hash.__module__)
        driver.forget()


def run(asked, folder):
    return driver.train(asked, "cpu", str(folder), {})


def test_what_a_run_calls_is_hashed_or_surroundings(called, jobs):
    for name, functions in called.items():
        cells = [read_cell(case.record) for case in jobs[name]]
        inside = hashed(cells) | SURROUNDINGS | {"vouching.driver"}
        inside |= set.intersection(*(SURROUNDINGS_OF.get(c.KIND, set()) for c in cells))
        stray = sorted(f"{where}: {what}" for where, what in functions if where not in inside)
        assert stray == [], name


def test_each_part_of_a_job_is_seen_at_work(called, jobs):
    """What is not called is not checked either."""
    for name, cases in jobs.items():
        modules = {where for where, _ in called[name]}
        for case in cases:
            cell = read_cell(case.record)
            parts = {m.removeprefix("escaping_minima.") for m in cell.modules()}
            parts = {m for m in parts if m.split(".")[0] in ROOMS}
            assert parts <= modules, name


def test_no_surroundings_are_never_called_or_hashed(called, jobs):
    by_any = {where for functions in called.values() for where, _ in functions}
    assert sorted(SURROUNDINGS - by_any) == []
    cells = [read_cell(case.record) for cases in jobs.values() for case in cases]
    assert sorted(SURROUNDINGS & hashed(cells)) == []


def test_every_choice_of_every_case_is_made_by_one_that_is_run(jobs, root):
    run_here = set().union(*(choices(case) for cases in jobs.values() for case in cases))
    whole = cases_without_fetched_weights(root)
    assert set().union(*(choices(case) for case in whole)) == run_here
    assert {kind_name(case.record) for case in whole} == set(CLASSES)


def test_calls_are_seen_in_threads_too():
    cell = read_cell(all_cases(Path("nowhere"), "cpu")[0].record)

    def work():
        thread = threading.Thread(target=cell.record)
        thread.start()
        thread.join()

    assert type(cell).__module__.removeprefix("escaping_minima.") in {m for m, _ in called_by(work)}
