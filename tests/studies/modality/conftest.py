"""Planted tables of the study."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def planting() -> ModuleType:
    """The module beside this one: other studies have one of the same name."""
    path = Path(__file__).with_name("planting.py")
    spec = importlib.util.spec_from_file_location("modality_planting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def as_printed(planting):
    """Return tables as the paper has it."""
    return planting.planted(1)
