"""Collected tables with planted curves, one set a session."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _planting() -> ModuleType:
    path = Path(__file__).with_name("planting.py")
    spec = importlib.util.spec_from_file_location("batch_increase_planting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # a dataclass looks its module up
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_MODULE = _planting()


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
def enough():
    """Return tables that meet every need, of a world in which the paper is right."""
    return _MODULE.planted(_MODULE.paper_world(), _MODULE.ENOUGH)


@pytest.fixture(scope="session")
def quick():
    """Return the tables of a first run: the sample alone."""
    return _MODULE.planted(_MODULE.paper_world(), _MODULE.QUICK)
