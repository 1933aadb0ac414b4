"""Collected tables with planted numbers, one set a session."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.results.tables import read_tables, write_tables
from escaping_minima.studies.sgd_sa.tables import derive


def _load() -> ModuleType:
    path = Path(__file__).parents[1] / "planted.py"
    spec = importlib.util.spec_from_file_location("sgd_sa_planted", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # a dataclass looks its module up
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_MODULE = _load()


@pytest.fixture(scope="session")
def planted() -> ModuleType:
    """Return the module that plants tables."""
    return _MODULE


@pytest.fixture(scope="session")
def everything():
    """Return tables that have runs of every role, of the paper's size."""
    return _MODULE.planted()


@pytest.fixture(scope="session")
def quick():
    """Return the tables of a first run: narrow networks on samples, few roles."""
    return _MODULE.planted(_MODULE.QUICK)


@pytest.fixture(scope="session")
def derived(everything, tmp_path_factory):
    """Return the derived tables of `everything` as they come back from disk."""
    folder = tmp_path_factory.mktemp("derived")
    write_tables(folder, derive(everything, load_records("sgd_sa"))[0])
    return read_tables(folder)
