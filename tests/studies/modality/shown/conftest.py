"""Planted tables for what a reader sees of the study."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def planted(load_module) -> ModuleType:
    """The module beside this one: other studies have one of the same name."""
    return load_module(Path(__file__).with_name("planted.py"))


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
