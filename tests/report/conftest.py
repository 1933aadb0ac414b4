"""Planted data, a site that is built once from them, and a browser."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from escaping_minima.report.site import build_report

HERE = Path(__file__).resolve().parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"report_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def planted() -> Any:
    """Return the module that plants judged data."""
    return _load("planted")


@pytest.fixture(scope="session")
def site(planted: Any, made_once: Callable[..., Path]) -> Path:
    """Return the folder of a site built from planted data."""

    def build(folder: Path) -> None:
        paths = planted.plant(folder, stale=True)
        planted.plant_second(paths)
        for study in (planted.STUDY, planted.SECOND):
            planted.plant_rendered(paths, study)
        with planted.second_study():
            built = build_report(paths, [planted.STUDY, planted.SECOND], "quick").parent
        (folder / "site").symlink_to(built)

    return (made_once("site", build) / "site").resolve()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a headless browser with no network."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    pytest.importorskip(
        "websocket", reason="websocket-client, which drives the browser, is missing"
    )
    with _load("browser").Browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as found:
        yield found
