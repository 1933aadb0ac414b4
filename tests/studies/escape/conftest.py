"""Planted tables of the study."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def planting(load_module) -> ModuleType:
    """The module beside this one: other studies have one of the same name."""
    return load_module(Path(__file__).with_name("planting.py"))


@pytest.fixture(scope="session")
def as_said(planting):
    """Return tables as the source has it."""
    return planting.planted(1)
