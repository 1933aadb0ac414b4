"""What all tests share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent


def load_file(path: Path) -> ModuleType:
    """Import a file that is no test and no part of the package."""
    spec = importlib.util.spec_from_file_location("_".join(path.with_suffix("").parts[-2:]), path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def slow_methods() -> ModuleType:
    """Return the independent float64 implementations of the methods."""
    return load_file(TESTS / "methods" / "reference.py")


@pytest.fixture(scope="session")
def slow_problems() -> ModuleType:
    """Return the independent functions, gradients and stationary points."""
    return load_file(TESTS / "problems" / "reference.py")
