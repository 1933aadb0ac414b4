"""A whole run: complete, idempotent, incremental, publishable."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from escaping_minima.config.load import load_config, resolve
from escaping_minima.plan.run_plan import make_plan

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).resolve().parents[2]
STUDY = "stationary_distributions"
METHODS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")


def cells(folder):
    with (folder / "cells.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_from_nothing_makes_everything(first_run):
    checkout, ended = first_run
    assert ended["code"] == 0, ended
    assert ended["err"] == ""
    trained = {f"train_{job}" for job in (*METHODS, "variants")}
    later = {"collect", "judge", "render", "render_overview", "build_report", "all"}
    assert checkout.started_rules() == trained | later
    report = checkout.smoke / "report"
    assert (report / "index.html").stat().st_size > 1000
    verdicts = json.loads((report / "verdicts.json").read_text())
    assert {c["id"] for c in verdicts["claims"]} >= {"I05", "I23"}
    assert len(checkout.blocks()) == len(cells(checkout.smoke / "tables" / STUDY))


def test_a_run_ends_with_the_verdicts_and_the_report(first_run):
    _, ended = first_run
    lines = ended["out"].strip().split("\n")
    assert lines[0].startswith("scale smoke -> results/smoke/ (log: ")
    assert lines[-1] == "report: results/smoke/report/index.html"
    summary = next(i for i, line in enumerate(lines) if "claims judged (smoke)" in line)
    claims = [line for line in lines[summary + 1 :] if re.match(r"I\d\d ", line)]
    assert len(claims) == int(lines[summary].split()[0])


def test_a_run_says_how_long_it_will_take(first_run):
    _, ended = first_run
    shown = re.findall(r"training +(\d+) % \(([^,)]*)(?:, about ([^)]*) left)?\)", ended["out"])
    assert shown
    assert [line for line in shown if line[2]], "no line tells the time left"
    # no guess from the first start of a job
    assert all(int(percent) >= 3 for percent, _, left in shown if left)


def test_a_second_run_changes_nothing(finished):
    plan = finished.smoke / "plan.json"
    text = plan.read_bytes()
    plan.unlink()
    before = finished.times()
    ended = finished.run("run", "--scale", "smoke")
    assert ended.code == 0, ended.all
    assert "Nothing to be done" in finished.log()
    assert not finished.started_rules()
    # what is read by hand alone is there again
    assert plan.read_bytes() == text
    plan.unlink()
    assert finished.times() == before
    assert "claims judged (smoke)" in ended.out
    assert ended.seconds < 60


def test_more_starts_run_only_the_new_blocks(finished):
    before = finished.block_times()
    more = ("--config", "scale=smoke", f"{STUDY}={{starts: 1000}}")
    jobs = finished.dry(*more)
    assert sum(n for name, n in jobs.items() if name.startswith("train_")) == 9
    target = f"train_{STUDY}_gd"
    ended = finished.snakemake("--cores", "2", target, *more)
    assert ended.code == 0, ended.all
    after = finished.block_times()
    assert before.items() <= after.items()
    new = after.keys() - before.keys()
    assert new == {f"{cell}/b0001" for cell in finished.cells("gd")}
    assert not finished.dry(target, *more)


def edit(checkout, name, old, new):
    path = checkout.folder / "src" / "escaping_minima" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


IMPORT = "from __future__ import annotations\n"


def test_an_edit_repeats_what_depends_on_it_alone(finished):
    smoke = ("--config", "scale=smoke")
    lock = f"studies/{STUDY}/claims.lock"
    edit(finished, lock, "results_known: false", "results_known: true")
    judged = {"judge", "render", "render_overview", "build_report"}
    assert finished.dry(*smoke).keys() == judged
    edit(finished, lock, "results_known: true", "results_known: false")
    edit(finished, "methods/nig_mbh.py", IMPORT, f"{IMPORT}\n# a remark\n")
    edit(finished, f"studies/{STUDY}/figures.py", IMPORT, f"{IMPORT}\n# a remark\n")
    assert not finished.dry(*smoke)
    edit(finished, f"studies/{STUDY}/figures.py", IMPORT, f"{IMPORT}\nEDITED = 1\n")
    assert finished.dry(*smoke).keys() == {"render", "build_report"}
    edit(finished, "methods/nig_mbh.py", IMPORT, f"{IMPORT}\nEDITED = 1\n")
    trained = {job for job in finished.dry(*smoke) if job.startswith("train_")}
    assert trained == {"train_nig_mbh"}


def test_where_older_results_are_kept_they_are_marked_as_stale(finished):
    """As at gpu and paper, where runs are costly."""
    words = (f"collect_{STUDY}", "--config", "scale=smoke", "rerun_stale=false")
    # as if the results had been made with this setting
    ended = finished.snakemake("--touch", "--cores", "2", *words)
    assert ended.code == 0, ended.all
    before = finished.block_bytes()
    edit(finished, "methods/nig_mbh.py", IMPORT, f"{IMPORT}\nEDITED = 1\n")
    assert finished.dry(*words) == {"collect": 1}
    ended = finished.snakemake("--cores", "2", *words)
    assert ended.code == 0, ended.all
    assert finished.block_bytes() == before
    rows = cells(finished.smoke / "tables" / STUDY)
    assert {c["method"] for c in rows if c["stale"] == "True"} == {"nig_mbh"}


def test_publish_refuses_what_cannot_be_traced(finished):
    edit(finished, "methods/nig_mbh.py", IMPORT, f"{IMPORT}\nEDITED = 1\n")
    ended = finished.run("publish", "--scale", "smoke")
    assert "uncommitted changes; commit them first" in ended.refusal(1)
    finished.commit()
    ended = finished.run("publish", "--scale", "smoke")
    assert "were run by other sources" in ended.refusal(1)
    assert not (finished.results / "published").exists()


def estimated(said, monkeypatch, folder, *words):
    """Return the lines of an estimate that is asked for in this folder."""
    monkeypatch.chdir(folder)
    file, study = str(ROOT / "config.yaml"), f"studies=[{STUDY}]"
    ended = said("estimate", "--configfile", file, *words, "--config", study, "results=elsewhere")
    assert ended.code == 0, ended.all
    return ended.out.strip().split("\n")


def test_estimates_come_before_the_run(said, monkeypatch, tmp_path):
    lines = estimated(said, monkeypatch, tmp_path, "--scale", "smoke")
    assert re.match(r"scale smoke: 9 of 9 jobs and \d+ of \d+ blocks are to run", lines[0])
    assert re.match(r"training: .* of one core; with \d+ cores and the report about", lines[1])
    assert re.match(r"disk: \d+ MB in elsewhere/smoke, where [\d.]+ GB are free", lines[2])
    assert not list(tmp_path.iterdir())


def test_the_largest_scale_is_estimated_in_hours(said, monkeypatch, tmp_path):
    # a machine whose speed is known
    monkeypatch.setattr(
        "escaping_minima.steps.estimate._seconds_per_block",
        lambda plan: {c.cell.id: c.cell.steps * 1e-3 for job in plan.jobs for c in job.cells},
    )
    lines = estimated(said, monkeypatch, tmp_path, "--scale", "paper", "--cores", "1")
    settings = resolve(load_config({"scale": "paper", "studies": [STUDY]}))
    steps = sum(
        planned.blocks * planned.cell.steps
        for job in make_plan(settings).jobs
        for planned in job.cells
    )
    hours = re.search(r"training: ([\d.]+) h of one core", lines[1])
    assert float(hours[1]) == pytest.approx(steps * 1e-3 / 3600, rel=0.05)
    assert re.match(r"disk: \d+ MB", lines[2])


def test_a_plan_is_written_where_it_is_wanted(said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    file, study = str(ROOT / "config.yaml"), f"studies=[{STUDY}]"
    words = ("--configfile", file, "--scale", "smoke", "--config", study)
    ended = said("plan", *words, "--output", "plan.json")
    assert ended.code == 0, ended.all
    assert re.fullmatch(r"plan\.json: 9 jobs, \d+ cells, \d+ blocks\n", ended.out)
    assert len(json.loads((tmp_path / "plan.json").read_text())["jobs"]) == 9
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]
