"""A toy data set, a host that misbehaves as told, and the official files if there is a mirror."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from escaping_minima.data import registry
from escaping_minima.data.fetch import FetchSettings, fetch_all
from escaping_minima.data.transfer import Patience
from escaping_minima.errors import UserError

# asked before the tests hide it from themselves
MIRROR = os.environ.get("ESCAPING_MINIMA_MIRROR", "")


@pytest.fixture(scope="session")
def mirror() -> str:
    """Return the mirrors that hold the official files, as the environment names them."""
    if not MIRROR:
        pytest.skip("ESCAPING_MINIMA_MIRROR names no mirror with the official files")
    return MIRROR


@pytest.fixture(scope="session")
def toy() -> ModuleType:
    """Return the toy data set and its host, which are no test."""
    path = Path(__file__).with_name("toy.py")
    spec = importlib.util.spec_from_file_location("data_toy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up
    sys.modules["data_toy"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ESCAPING_MINIMA_DATA", "ESCAPING_MINIMA_MIRROR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    # hosts on this machine are asked directly
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def host(toy: ModuleType) -> Iterator[Any]:
    """Serve the toy data set below /toy."""
    server = toy.Host()
    server.serve(toy.OFFICIAL)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Fetcher:
    """Fetches the toy data set with short patience, noting what is said and waited."""

    def __init__(self, toy: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.toy = toy
        self.folder = folder
        self.waits: list[float] = []
        self.notes = toy.Notes()
        self._patch = monkeypatch

    def know(self, *names: str, urls: tuple[str, ...] = ()) -> None:
        """Make the toy data set, or some files of it, the only one that is known."""
        known = {"toy": self.toy.make_data_set(*names, urls=urls)}
        self._patch.setattr(registry, "read_registry", lambda: known)

    def settings(self, *mirrors: str, accept: str = "", **patience: Any) -> FetchSettings:
        short = {"connect": 1.0, "read": 0.3, "sleep": self.waits.append} | patience
        return FetchSettings(
            self.folder, mirrors, frozenset(filter(None, [accept])), Patience(**short)
        )

    def fetch(self, *mirrors: str, **more: Any) -> None:
        fetch_all(["toy"], self.settings(*mirrors, **more), self.notes)

    def complaint(self, *mirrors: str, **more: Any) -> str:
        with pytest.raises(UserError) as caught:
            self.fetch(*mirrors, **more)
        assert caught.value.exit_code == 1
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def read(self, name: str) -> bytes:
        return (self.folder / "toy" / name).read_bytes()

    def names(self) -> list[str]:
        """List what the cache holds of the data set, but for the lock."""
        return sorted(p.name for p in (self.folder / "toy").iterdir() if p.name != ".lock")


@pytest.fixture
def fetcher(toy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetcher:
    """Know the toy data set, which no host but a mirror has."""
    made = Fetcher(toy, tmp_path / "cache", monkeypatch)
    made.know()
    return made


@pytest.fixture
def make_mirror(tmp_path: Path) -> Callable[[dict[str, bytes]], str]:
    """Write a mirror folder of toy files."""

    def make(files: dict[str, bytes], name: str = "mirror") -> str:
        for file, data in files.items():
            path = tmp_path / name / "toy" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return str(tmp_path / name)

    return make
