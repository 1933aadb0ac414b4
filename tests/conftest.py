"""What all tests share."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable, Iterator
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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that mounts a disk of so many kilobytes, or makes it larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(kilobytes: int, *options: str) -> Path:
        remount = ("remount",) if place.is_mount() else ()
        words = ["-o", ",".join((f"size={kilobytes}k", *remount, *options)), "tmpfs", str(place)]
        try:
            done = subprocess.run(
                ["mount", "-t", "tmpfs", *words], capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            pytest.skip("no mount here")
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        return place

    yield mount
    if place.is_mount():
        subprocess.run(["umount", "--lazy", str(place)], check=True)
