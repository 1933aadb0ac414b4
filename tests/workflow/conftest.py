"""Whole runs at scale smoke, each in a copy of the checkout, so that nothing is shared."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from escaping_minima.cli import main

ROOT = Path(__file__).resolve().parents[2]
STUDY = "stationary_distributions"
#: Generous, for busy machines; nothing here should take a tenth of it.
PATIENCE = 300

_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".snakemake", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info"),
    *("tests", "benchmarks"),
)


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def all(self) -> str:
        return self.out + self.err

    def refusal(self, code: int) -> str:
        """Return the only line on standard error; the command must have refused with this code."""
        assert self.code == code, self.all
        assert "Traceback" not in self.all
        lines = self.err.strip().split("\n")
        assert len(lines) == 1, self.err
        assert lines[0].startswith("escaping-minima: "), self.err
        return lines[0]

    def own_line(self, code: int) -> str:
        """Return the only line that is the workflow's own, among what Snakemake says."""
        assert self.code == code, self.all
        assert "Traceback" not in self.all
        lines = [t for t in self.all.split("\n") if t.startswith("escaping-minima: ")]
        assert len(lines) == 1, self.all
        return lines[0]


class ForkedSnakemake:
    """A process that runs Snakemake as often as it is asked to, three seconds quicker each time."""

    def __init__(self, folder: Path) -> None:
        self._said = folder / "snakemake.txt"
        file = Path(__file__).with_name("forked_snakemake.py")
        self._process = subprocess.Popen(
            [sys.executable, str(file), str(self._said)],
            env=own_variables() | {"PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, sources: Path, *words: str, **variables: str) -> Ended:
        """Run Snakemake in a folder to its end, with these sources and variables for its jobs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"folder": str(folder), "sources": str(sources), "words": words}
        began = time.monotonic()
        self._process.stdin.write(json.dumps(asked | {"variables": variables}) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Ended(code, self._said.read_text(encoding="utf-8"), "", time.monotonic() - began)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


def own_variables() -> dict[str, str]:
    """Return the variables of this process without those by which Snakemake is set."""
    return {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE")}


class Checkout:
    """A copy of the repository and the commands in it."""

    def __init__(self, folder: Path, forked: ForkedSnakemake) -> None:
        self.folder = folder
        self._forked = forked
        self.results = folder / "results"
        self.smoke = self.results / "smoke"
        self._started: list[subprocess.Popen[str]] = []

    def run(self, *words: str) -> Ended:
        """Run 'escaping-minima WORDS' to its end."""
        return self.wait(self.start("escaping_minima", *words))

    def snakemake(self, *words: str) -> Ended:
        """Run 'snakemake WORDS' to its end, in a fork of a process that has read the libraries."""
        sources = self.folder / "src"
        return self._forked.run(self.folder, sources, *words, PYTHONPATH=str(sources))

    def start(self, module: str, *words: str) -> subprocess.Popen[str]:
        """Start a command as the head of a process group of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=self.folder,
            env=own_variables() | {"PYTHONPATH": str(self.folder / "src")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        process.began = time.monotonic()  # type: ignore[attr-defined]
        self._started.append(process)
        return process

    @staticmethod
    def wait(process: subprocess.Popen[str]) -> Ended:
        out, err = process.communicate(timeout=PATIENCE)
        seconds = time.monotonic() - process.began  # type: ignore[attr-defined]
        return Ended(process.returncode, out, err, seconds)

    @staticmethod
    def wait_until(condition: Callable[[], Any], *alive: subprocess.Popen[str]) -> Any:
        """Wait for a condition while all these processes live."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if value := condition():
                return value
            for process in alive:
                if process.poll() is not None:
                    pytest.fail(f"ended too early: {process.communicate()}")
            time.sleep(0.02)
        return pytest.fail("waited in vain")

    @staticmethod
    def head_of(process: subprocess.Popen[str]) -> psutil.Process:
        """Return the Snakemake process that a run has started."""
        (child,) = psutil.Process(process.pid).children()
        return child

    def end_all(self) -> None:
        """Kill whatever this checkout has started and still runs."""
        for process in self._started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.communicate()

    def dry(self, *words: str) -> dict[str, int]:
        """Return the jobs of a dry run, by rule; the rule 'all' left out."""
        ended = self.snakemake("-n", *words)
        assert ended.code == 0, ended.all
        return counted_jobs(ended.all)

    def log(self) -> str:
        """Return what Snakemake said in the last run."""
        return (self.smoke / "logs" / "snakemake.log").read_text()

    def started_rules(self, said: str | None = None) -> set[str]:
        """Return the rules that Snakemake says it started, by default in the last run's log."""
        heads = [line.strip() for line in (said or self.log()).split("\n")]
        names = {h.split()[1].rstrip(":") for h in heads if h.startswith(("rule ", "localrule "))}
        return {n.replace(f"_{STUDY}", "") for n in names}

    def times(self) -> dict[str, int]:
        """Return when each result was changed; logs and locks, which hold no results, left out."""
        return {
            str(p.relative_to(self.results)): p.stat().st_mtime_ns
            for p in self.results.rglob("*")
            if p.is_file() and p.parent.name != "logs" and not p.name.startswith("lock")
        }

    def block_times(self) -> dict[str, int]:
        """Return when each finished block was changed."""
        return {name: path.stat().st_mtime_ns for name, path in self.blocks().items()}

    def block_bytes(self) -> dict[str, bytes]:
        return {name: path.read_bytes() for name, path in self.blocks().items()}

    def blocks(self, pattern: str = "*") -> dict[str, Path]:
        """Return finished blocks (those with a manifest) by cell and file name."""
        found = self.results.glob(f"*/runs/{STUDY}/{pattern}/b*.json")
        return {f"{p.parent.name}/{p.stem}": p.with_suffix(".parquet") for p in found}

    def cells(self, job: str) -> set[str]:
        """Return the ids of the cells of a job of the plan."""
        plan = json.loads((self.smoke / "plan.json").read_text())
        return {c["id"] for c in plan["jobs"][f"{STUDY}_{job}"]["cells"]}

    def commit(self) -> None:
        commit(self.folder)


def commit(folder: Path) -> None:
    """Commit all that stands in a checkout."""
    git = ["git", "-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    subprocess.run([*git, "add", "--all"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "tests"], cwd=folder, check=True)


def counted_jobs(text: str) -> dict[str, int]:
    """Return Snakemake's table of jobs."""
    lines = text.split("\n")
    heads = [i for i, line in enumerate(lines) if line.startswith("Job stats:")]
    jobs: dict[str, int] = {}
    for line in lines[heads[0] + 3 :] if heads else []:
        words = line.split()
        if len(words) != 2 or words[0] == "total":
            break
        jobs[words[0].replace(f"_{STUDY}", "")] = int(words[1])
    jobs.pop("all", None)
    return jobs


def copy_tree(source: Path, target: Path, ignore: Callable[..., set[str]] | None = None) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=ignore, copy_function=_copy)


def _copy(source: str, target: str) -> None:
    """Copy a file, or link it if nobody ever changes it, as most bytes are."""
    if {"objects", "samples"} & {*Path(source).parts}:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Return a function that runs a command of 'escaping-minima' in this process."""

    def run(*words: str) -> Ended:
        capfd.readouterr()
        began = time.monotonic()
        with pytest.raises(SystemExit) as left:
            main(words)
        assert isinstance(left.value.code, int)
        return Ended(left.value.code, *capfd.readouterr(), time.monotonic() - began)

    return run


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedSnakemake]:
    """Return what runs plain Snakemake for all tests of this process."""
    made = ForkedSnakemake(tmp_path_factory.mktemp("forked"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def pristine(made_once: Callable[..., Path]) -> Path:
    """Return a committed copy of the repository as it stands, for STUDY, without results."""
    return made_once("pristine", lambda folder: _copy_committed(folder / "tree")) / "tree"


def _copy_committed(folder: Path) -> None:
    def ignore(place: str, names: list[str]) -> set[str]:
        left_out = set(_LEFT_OUT(place, names))
        if Path(place) == ROOT / "results":
            left_out |= set(names) - {"README.md"}
        return left_out

    copy_tree(ROOT, folder, ignore)
    # one study is enough for most of what a workflow can do wrong, and quicker
    config = folder / "config.yaml"
    lines = config.read_text(encoding="utf-8").split("\n")
    chosen = [f"studies: [{STUDY}]" if t.startswith("studies:") else t for t in lines]
    config.write_text("\n".join(chosen), encoding="utf-8")
    # once, instead of in each copy
    compileall.compile_dir(folder / "src", quiet=1)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    commit(folder)


@pytest.fixture
def checkout(pristine: Path, forked: ForkedSnakemake, tmp_path: Path) -> Iterator[Checkout]:
    """Return a fresh copy of the repository, with nothing run."""
    copy_tree(pristine, tmp_path / "fresh")
    made = Checkout(tmp_path / "fresh", forked)
    yield made
    made.end_all()


@pytest.fixture(scope="session")
def first_run(
    made_once: Callable[..., Path], pristine: Path, forked: ForkedSnakemake
) -> tuple[Checkout, dict[str, Any]]:
    """Run smoke from nothing once for all tests, and say how it went; nobody may change it."""

    def run(folder: Path) -> None:
        copy_tree(pristine, folder / "tree")
        ended = Checkout(folder / "tree", forked).run("run", "--scale", "smoke")
        (folder / "ended.json").write_text(json.dumps(vars(ended)))

    folder = made_once("first-run", run)
    return Checkout(folder / "tree", forked), json.loads((folder / "ended.json").read_text())


@pytest.fixture
def finished(
    first_run: tuple[Checkout, dict[str, Any]], forked: ForkedSnakemake, tmp_path: Path
) -> Iterator[Checkout]:
    """Return a copy of a checkout after a finished smoke run, times of files and all."""
    assert first_run[1]["code"] == 0, first_run[1]
    copy_tree(first_run[0].folder, tmp_path / "finished")
    made = Checkout(tmp_path / "finished", forked)
    yield made
    made.end_all()
