"""Whole runs of a study that trains networks: from nothing, again, and without its data."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

STUDY = "batch_increase"
#: The main cells once, for one epoch, and one kind of probe: all else goes the same way.
NUMBERS = {"seeds": 1, "epochs": 1, "mesh_epochs": 0, "controls": "false"}
NUMBERS |= {"order_seeds": 0, "noise_seeds": 0}
SMOKE = (
    *("run", "--scale", "smoke", "--config", f"studies=[{STUDY}]"),
    *(f"{STUDY}.{name}={value}" for name, value in NUMBERS.items()),
)
#: A folder's name that a shell must not read.
NASTY = "a $(touch pwned) 'b' é"


def blocks(checkout, scale="smoke"):
    return sorted((checkout.results / scale / "runs" / STUDY).rglob("b????.parquet"))


def test_from_nothing_and_again_and_from_what_was_published(checkout):
    checkout.results = checkout.folder / NASTY
    checkout.smoke = checkout.results / "smoke"
    words = (*SMOKE, f"results={NASTY}", "--", f"collect_{STUDY}")
    ended = checkout.run(*words)
    assert ended.code == 0, ended.all
    assert not (checkout.folder / "pwned").exists()
    assert {p.name for p in checkout.folder.iterdir() if p.name.startswith("a ")} == {NASTY}
    plan = json.loads((checkout.smoke / "plan.json").read_text())
    cells = [c for job in plan["jobs"].values() for c in job["cells"]]
    assert len(blocks(checkout)) == sum(c["blocks"] for c in cells) > 7
    numbers = ", ".join(f"{name}: {value}" for name, value in NUMBERS.items())
    same = ("scale=smoke", f"studies=[{STUDY}]", f"{STUDY}={{{numbers}}}", f"results={NASTY}")
    assert checkout.dry(f"collect_{STUDY}", "--config", *same) == {}
    assert_published_tables_are_rendered_without_a_run(checkout)


def assert_published_tables_are_rendered_without_a_run(checkout):
    ended = checkout.run("publish", *SMOKE[1:], f"results={NASTY}")
    assert ended.code == 0, ended.all
    published = checkout.results / "published" / STUDY
    assert ended.out.strip() == f"{NASTY}/published/{STUDY}"
    # a checkout that holds nothing but the published tables
    shutil.rmtree(checkout.smoke)
    before = {p: p.read_bytes() for p in published.iterdir()}
    # as an unpacked archive may date them
    tomorrow = time.time() + 86_400
    for path in published.iterdir():
        os.utime(path, (tomorrow, tomorrow))
    words = ("--config", f"studies=[{STUDY}]", f"results={NASTY}")
    ended = checkout.run("run", "--source", "published", *words)
    assert ended.code == 0, ended.all
    assert ended.out.strip().endswith(f"report: {NASTY}/from-published/report/index.html")
    assert {p: p.read_bytes() for p in published.iterdir()} == before
    assert all(p.stat().st_mtime < time.time() for p in published.iterdir())
    rendered = checkout.results / "from-published"
    log = (rendered / "logs" / "snakemake.log").read_text()
    rules = set(re.findall(r"^(?:local)?rule ([\w-]+):", log, re.MULTILINE))
    assert rules == {f"judge_{STUDY}", f"render_{STUDY}", "render_overview", "build_report", "all"}
    assert {p.name for p in checkout.results.iterdir()} <= {"published", rendered.name, "lock"}
    claims = json.loads((rendered / "report" / "verdicts.json").read_text())["claims"]
    # they are the published ones themselves, so none stand beside them
    assert {(c["run"], c["published"]) for c in claims} == {("published run", None)}
    verdicts = {c["id"]: c["verdict"] for c in claims}
    # the number of weights is a fact at every scale; nothing else can be told from so little
    assert verdicts.pop("T11") == "reproduced"
    assert set(verdicts.values()) == {"not tested"}
    assert (rendered / "report" / "index.html").exists()
    assert (rendered / "report" / "notebooks" / f"{STUDY}.html").exists()
    assert "generated images, not MNIST" in (rendered / "report" / "provenance.html").read_text(
        encoding="utf-8"
    )


FULL = ("run", "--scale", "paper", "--config", f"studies=[{STUDY}]")


def test_data_that_cannot_be_had_are_named_before_any_training(checkout, monkeypatch, tmp_path):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        # nothing answers there, so no host can be reached
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "ESCAPING_MINIMA_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    empty = tmp_path / "empty"
    empty.mkdir()
    line = checkout.run(*FULL, f"mirrors={empty}", f"data_folder={tmp_path / 'data'}").refusal(1)
    assert "mnist/train-images-idx3-ubyte.gz could not be had; tried" in line
    assert str(empty) in line
    assert "--config mirrors=PLACE" in line
    assert blocks(checkout, "paper") == []


@pytest.mark.skipif("ESCAPING_MINIMA_MIRROR" not in os.environ, reason="no mirror is named")
def test_a_mirror_s_data_are_fetched_once(checkout, tmp_path):
    words = (*FULL, f"data_folder={tmp_path / 'data'}", "--", "results/paper/data.json")
    ended = checkout.run(*words)
    assert ended.code == 0, ended.all
    mark = checkout.results / "paper" / "data.json"
    vouched = json.loads(mark.read_text())
    assert {Path(name).parent.name for name in vouched} == {"mnist"}
    file = tmp_path / "data" / "mnist" / "train-images-idx3-ubyte.gz"
    before = file.stat().st_mtime_ns
    # gone from the folder, it is fetched again, although Snakemake has the mark of the first time
    (tmp_path / "data" / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    assert checkout.run(*words).code == 0
    assert (tmp_path / "data" / "mnist" / "t10k-labels-idx1-ubyte.gz").exists()
    assert file.stat().st_mtime_ns == before
