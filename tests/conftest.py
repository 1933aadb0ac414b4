"""What all tests share."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent

# before torch is imported: side by side, threads of several test processes wait for one another
os.environ.setdefault("OMP_NUM_THREADS", "1")

#: Seconds that the tests of a folder may take, all processes together: a little more than they
#: took on an idle machine. All of it is 1,350 at most; CONTRIBUTING.md says why.
BUDGET = {
    "workflow": 410,
    "steps": 85,
    "studies/batch_increase": 72,
    "studies/stationary_distributions": 75,
    "studies/sgd_sa": 55,
    "studies/modality": 45,
    "studies/populations": 40,
    "studies/escape": 40,
    "provenance": 95,
    "engine": 58,
    "data": 26,
    "statistics": 31,
    "report": 34,
    "battery": 32,
    "vouching": 21,
    "walks": 15,
    "setup": 30,
    "methods": 36,
    "house": 8,
    "kinds": 21,
    "config": 4,
    "parts": 4,
    "plan": 10,
    "schedules": 3,
    "landscape": 8,
    ".": 3,
    "files": 2,
    "problems": 20,
    "claims": 3,
    "collect": 1,
    "draws": 2,
    "launch": 3,
    "measures": 3,
    "observers": 14,
    "results": 1,
}
#: Folders whose tests are long, and so come first: what comes last must be short, for the
#: processes of pytest-xdist to end together.
LONG = ("workflow", "studies", "report")
#: What tests a few files is not held against the budget.
_WHOLE_SUITE = 1000


def folder_of(node: str) -> str:
    """Return the folder of a test that has a budget: the top one, and that of each study."""
    parts = node.split("::")[0].split("/")[1:-1]
    return "/".join(parts[: 2 if parts[:1] == ["studies"] else 1]) or "."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start long tests first, dealt by file to the processes of pytest-xdist.

    With `--dist worksteal` each process is given a stretch of the list, all of equal length, and
    takes from the end of another's when it is through. The first makes the run that many tests
    read; the others begin with what does not wait for it.
    """
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    short = [item for item in items if _rank(item) == len(LONG)]
    long = sorted((item for item in items if _rank(item) < len(LONG)), key=_rank)
    files = list(dict.fromkeys(item.path for item in long))
    hands = [[item for item in long if item.path in files[i::count]] for i in range(count)]
    for number, hand in enumerate(hands):
        hand.sort(key=lambda item, last=number > 0: ("first_run" in item.fixturenames) == last)
    left = len(items)
    for number, hand in enumerate(hands):
        missing = max(0, left // (count - number) - len(hand))
        hand += short[:missing]
        del short[:missing]
        left -= len(hand)
    items[:] = [item for hand in hands for item in hand]


def _rank(item: pytest.Item) -> int:
    top = folder_of(item.nodeid).split("/")[0]
    return LONG.index(top) if top in LONG else len(LONG)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `published_study` each study with published tables: a new one has none at first."""
    if "published_study" in metafunc.fixturenames:
        from escaping_minima.parts.studies import study_names

        folder = ROOT / "results" / "published"
        names = [name for name in study_names() if (folder / name).is_dir()]
        metafunc.parametrize("published_study", names)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long the tests of each folder took, and what they may take."""
    reports = [r for found in terminalreporter.stats.values() for r in found]
    timed = [r for r in reports if isinstance(r, pytest.TestReport)]
    seconds: Counter[str] = Counter()
    for report in timed:
        seconds[folder_of(report.nodeid)] += report.duration
    if sum(report.when == "call" for report in timed) < _WHOLE_SUITE:
        return
    terminalreporter.section("seconds by folder, of its budget (CONTRIBUTING.md)")
    for folder, spent in seconds.most_common():
        allowed = BUDGET.get(folder, 0)
        over = "  OVER BUDGET" if spent > allowed else ""
        terminalreporter.write_line(f"{spent:6.0f} of {allowed:4d}  {folder}{over}")
    allowed = sum(BUDGET.get(folder, 0) for folder in seconds)
    terminalreporter.write_line(f"{sum(seconds.values()):6.0f} of {allowed:4d}  all")


def load_file(path: Path) -> ModuleType:
    """Import a file that is no test and no part of the package."""
    spec = importlib.util.spec_from_file_location("_".join(path.with_suffix("").parts[-2:]), path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # where dataclasses look for what their hints name
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _same_draws_each_time() -> None:
    """Seed what modules of torch draw their first weights from, where a test has torch."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that has a folder made by one process and seen by all; read it only."""
    base = tmp_path_factory.getbasetemp()
    # the processes of pytest-xdist share the folder above theirs
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def make(name: str, fill: Callable[[Path], object]) -> Path:
        folder, mark = shared / name, shared / f"{name}.made"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not mark.exists():
                folder.mkdir()
                fill(folder)
                mark.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def load_module() -> Callable[[Path], ModuleType]:
    """Return `load_file`."""
    return load_file


@pytest.fixture(scope="session")
def runs() -> ModuleType:
    """Return the kernels with sessions in memory."""
    return load_file(TESTS / "runs.py")


@pytest.fixture(scope="session")
def slow_methods() -> ModuleType:
    """Return the independent float64 implementations of the methods."""
    return load_file(TESTS / "methods" / "reference.py")


@pytest.fixture(scope="session")
def slow_problems() -> ModuleType:
    """Return the independent functions, gradients and stationary points."""
    return load_file(TESTS / "problems" / "reference.py")


@pytest.fixture(scope="session")
def slow_walks() -> ModuleType:
    """Return the independent float64 walks, and plain tables of what they record."""
    return load_file(TESTS / "walks" / "walk_reference.py")


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
