"""Collected tables with planted curves, one set a session."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.results.tables import read_tables, write_tables
from escaping_minima.studies.batch_increase.tables import derive


def _load(name: str) -> ModuleType:
    """Load a module of this folder; test modules import it as ``batch_increase_<name>``."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"batch_increase_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # a dataclass looks its module up
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_MODULE = _load("planting")
_JUDGING = _load("judging")
_load("further")
_WHOLE = _load("whole")


@pytest.fixture(scope="session")
def planting() -> ModuleType:
    """Return the module that plants curves."""
    return _MODULE


@pytest.fixture(scope="session")
def everything():
    """Return small tables that have every kind of cell."""
    world = _MODULE.paper_world()
    return _MODULE.planted(world, _MODULE.EVERYTHING)


@pytest.fixture(scope="session")
def complete(everything):
    """Return `everything` with further tables of runs, probes, and the sizes in other orders."""
    return _WHOLE.whole(everything)


@pytest.fixture(scope="session")
def derived(everything, tmp_path_factory):
    """Return the derived tables of `everything` as they come back from disk."""
    folder = tmp_path_factory.mktemp("derived")
    write_tables(folder, derive(everything, load_records("batch_increase"))[0])
    return read_tables(folder)


@pytest.fixture(scope="session")
def enough():
    """Return tables that meet every need, of a world in which the paper is right."""
    return _MODULE.planted(_MODULE.paper_world(), _MODULE.ENOUGH)


@pytest.fixture(scope="session")
def quick():
    """Return the tables of a first run: the sample alone."""
    return _MODULE.planted(_MODULE.paper_world(), _MODULE.QUICK)


@pytest.fixture(scope="session")
def right(enough):
    """Return the verdicts of a world in which the paper is right."""
    return _JUDGING.judged(enough, *_JUDGING.CLAIMS)


@pytest.fixture(scope="session")
def world(planting):
    """Return a function that changes the paper's world and gives its tables.

    It takes changes (which strategies, their values), what else a world has, and other numbers of
    its plan.
    """

    def change(*changes, numbers=_JUDGING.LONG, **values):
        made = planting.paper_world()
        for chosen, shape in changes:
            made = made.change(chosen, **shape)
        made = planting.replace(made, **values)
        return planting.planted(made, {**planting.ENOUGH, **numbers})

    return change
