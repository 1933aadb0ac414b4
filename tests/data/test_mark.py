"""The mark that the pipeline leaves once its data are there: what it vouches for, and when not."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace

import pytest

from escaping_minima.data.mark import read_mark
from escaping_minima.errors import UserError
from escaping_minima.launch.marks import drop, find_false
from escaping_minima.plan.jobs import Job, PlannedBlocks
from escaping_minima.plan.run_plan import RunPlan
from escaping_minima.results.paths import ResultPaths
from escaping_minima.steps import fetch as step


class Pipeline:
    """A run of two jobs, one of them on the toy data set, as the rules see it."""

    def __init__(self, fetcher, tmp_path):
        self.fetcher = fetcher
        self.paths = ResultPaths(tmp_path / "results", "smoke")
        self.mirrors = []

    def fetch(self, *accepted):
        """Do what the rule does."""
        run = {
            "data_sets": ["toy"],
            "data_folder": str(self.fetcher.folder),
            "mirrors": self.mirrors,
            "accept_checksums": accepted,
        }
        self.paths.base.mkdir(parents=True, exist_ok=True)
        self.paths.plan.write_text(json.dumps({"run": run, "jobs": {}}))
        step.fetch_planned(self.paths.plan, self.paths.fetched)

    def train(self):
        """Leave the marks of jobs that have no blocks."""
        for name in ("toy", "plane"):
            path = self.paths.trained(f"study_{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("[]")

    def marks(self, *accepted):
        """Start again, and return which marks still stand."""
        cells = {"toy": "toy", "plane": ""}
        jobs = tuple(
            Job(
                "study",
                name,
                (
                    PlannedBlocks(
                        SimpleNamespace(id=name, data_sets=(data,) if data else ()), 1, {}, ""
                    ),
                ),
                name,
            )
            for name, data in cells.items()
        )
        settings = SimpleNamespace(
            data_folder=str(self.fetcher.folder), accept_checksums=accepted, studies=()
        )
        drop(find_false(RunPlan(settings, jobs, self.paths)))
        names = {"data": self.paths.fetched}
        names |= {name: self.paths.trained(f"study_{name}") for name in cells}
        return {name for name, path in names.items() if path.exists()}


@pytest.fixture
def pipeline(fetcher, tmp_path):
    return Pipeline(fetcher, tmp_path)


ALL = {"data", "toy", "plane"}
TRAINED = {"toy", "plane"}


def test_a_mark_stands_while_the_files_are_the_same(toy, pipeline, make_mirror, monkeypatch):
    pipeline.mirrors = [make_mirror(toy.OFFICIAL)]
    pipeline.fetch()
    pipeline.train()
    held = read_mark(pipeline.paths.fetched)
    assert {path.name: file.sha256 for path, file in held.items()} == {
        name: toy.sha256(data) for name, data in toy.OFFICIAL.items()
    }
    assert pipeline.marks() == ALL
    # a relative folder is another word for the same
    monkeypatch.chdir(pipeline.fetcher.folder.parent)
    pipeline.fetcher.folder = pipeline.fetcher.folder.name
    assert pipeline.marks() == ALL


def test_files_altered_in_place_are_verified_before_anything_trains(toy, pipeline, make_mirror):
    pipeline.mirrors = [make_mirror(toy.OFFICIAL)]
    pipeline.fetch()
    pipeline.train()
    path = pipeline.fetcher.folder / "toy" / "plain.txt"
    before = path.stat()
    path.write_bytes(toy.PLAIN[:-1] + b"!")
    # as old as it was, as a copy that keeps times may be
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert pipeline.marks() == TRAINED
    pipeline.mirrors = []
    with pytest.raises(UserError, match=r"toy/plain\.txt could not be had"):
        pipeline.fetch()
    assert not pipeline.paths.fetched.exists()


@pytest.mark.parametrize("loss", ["missing", "short", "elsewhere"])
def test_files_that_are_gone_leave_no_mark(toy, pipeline, make_mirror, loss):
    pipeline.mirrors = [make_mirror(toy.OFFICIAL)]
    pipeline.fetch()
    pipeline.train()
    path = pipeline.fetcher.folder / "toy" / "plain.txt"
    if loss == "missing":
        path.unlink()
    elif loss == "short":
        path.write_bytes(b"short")
    else:
        pipeline.fetcher.folder = pipeline.fetcher.folder / "other"
    assert pipeline.marks() == TRAINED


def test_what_is_no_longer_accepted_is_neither_fetched_nor_trained(toy, pipeline, make_mirror):
    other = toy.PLAIN + b"!"
    word = toy.sha256(other)
    pipeline.mirrors = [make_mirror(toy.OFFICIAL | {"plain.txt": other})]
    pipeline.fetch(word)
    pipeline.train()
    assert pipeline.marks(word) == ALL
    assert pipeline.marks(word, "0" * 64) == ALL
    # not even if all was trained: the results rest on it
    assert pipeline.marks("0" * 64) == {"plane"}
    with pytest.raises(UserError, match=f"its SHA-256 is {word}"):
        pipeline.fetch("0" * 64)
    assert pipeline.marks("0" * 64) == {"plane"}
    pipeline.fetch(word)
    assert pipeline.marks(word) == {"data", "plane"}


@pytest.mark.parametrize("text", ["", "{", '["toy"]', '{"a": 1}', '{"a": {"stamp": []}}'])
def test_a_mark_that_says_nothing_vouches_for_nothing(toy, pipeline, make_mirror, text):
    pipeline.mirrors = [make_mirror(toy.OFFICIAL)]
    pipeline.fetch()
    pipeline.train()
    pipeline.paths.fetched.write_text(text)
    assert pipeline.marks() == TRAINED


def test_files_that_change_while_they_are_fetched_are_said(toy, pipeline, make_mirror, monkeypatch):
    def fetch_and_spoil(*arguments):
        fetch_all(*arguments)
        (pipeline.fetcher.folder / "toy" / "noise.gz").write_bytes(b"?")

    fetch_all = step.fetch_all
    monkeypatch.setattr(step, "fetch_all", fetch_and_spoil)
    pipeline.mirrors = [make_mirror(toy.OFFICIAL)]
    with pytest.raises(UserError, match=r"noise\.gz: changed as it was fetched: ") as caught:
        pipeline.fetch()
    assert caught.value.exit_code == 1
