"""Planted tables for what a reader sees of the study."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def planted() -> ModuleType:
    """The module beside this one: other studies have one of the same name."""
    path = Path(__file__).with_name("planted.py")
    spec = importlib.util.spec_from_file_location("modality_planted", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def everything(planted):
    """Tables of all networks, settings and roles."""
    return planted.everything()


@pytest.fixture(scope="session")
def quick(planted):
    """Tables as a first run has them."""
    return planted.quick()


@pytest.fixture(scope="session")
def nothing(planted):
    """Tables without walks."""
    return planted.nothing()
