"""Whole runs of a study that trains networks: from nothing, again, and without its data."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

STUDY = "batch_increase"
#: Every cell of the study once; training is most of what this takes.
SMOKE = ("run", "--scale", "smoke", "--config", f"studies=[{STUDY}]", f"{STUDY}.seeds=1")
#: A folder's name that a shell must not read.
NASTY = "a $(touch pwned) 'b' é"


def blocks(checkout, scale="smoke"):
    return sorted((checkout.results / scale / "runs" / STUDY).rglob("b*.parquet"))


def test_from_nothing_and_again(checkout):
    checkout.results = checkout.folder / NASTY
    checkout.smoke = checkout.results / "smoke"
    words = (*SMOKE, f"results={NASTY}")
    ended = checkout.run(*words)
    assert ended.code == 0, ended.all
    assert not (checkout.folder / "pwned").exists()
    assert {p.name for p in checkout.folder.iterdir() if p.name.startswith("a ")} == {NASTY}
    plan = json.loads((checkout.smoke / "plan.json").read_text())
    cells = [c for job in plan["jobs"].values() for c in job["cells"]]
    assert len(blocks(checkout)) == sum(c["blocks"] for c in cells) > 20
    record = json.loads((checkout.smoke / "judged" / STUDY / "verdicts.json").read_text())
    verdicts = {c["id"]: c["verdict"] for c in record["claims"]}
    # the number of weights is a fact at every scale; nothing else can be told from so little
    assert verdicts.pop("T11") == "reproduced"
    assert set(verdicts.values()) == {"not tested"}
    assert (checkout.smoke / "report" / "notebooks" / f"{STUDY}.html").exists()
    assert "generated images, not MNIST" in (
        checkout.smoke / "report" / "provenance.html"
    ).read_text(encoding="utf-8")
    before = {p: p.stat().st_mtime_ns for p in blocks(checkout)}
    again = checkout.run(*words)
    assert again.code == 0, again.all
    assert {p: p.stat().st_mtime_ns for p in blocks(checkout)} == before
    assert again.seconds < ended.seconds


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
