"""Snakemake called directly, and targets smaller than everything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).resolve().parents[2]
STUDY = "stationary_distributions"
CAPTIONS = ROOT / "workflow" / "report" / STUDY
METHODS = {"gd", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh"}
SMOKE = ("--config", "scale=smoke")


def trained(jobs):
    return {name.removeprefix("train_") for name in jobs if name.startswith("train_")}


def test_a_dry_run_leaves_nothing_behind(checkout):
    jobs = checkout.dry(*SMOKE)
    assert trained(jobs) == {*METHODS, "variants"}
    others = {j for j in jobs if not j.startswith("train_")}
    assert others == {"collect", "judge", "render", "render_overview", "build_report"}
    assert set(jobs.values()) == {1}
    assert {p.name for p in checkout.results.iterdir()} <= {"README.md"}


def test_a_study_by_name(checkout):
    jobs = checkout.dry(f"study_{STUDY}", *SMOKE)
    assert trained(jobs) == {*METHODS, "variants"}
    others = {j for j in jobs if not j.startswith("train_")}
    assert others == {"collect", "judge", "render", "study"}


@pytest.mark.parametrize(
    ("claim", "family", "methods"),
    [("I05", "table-1", METHODS), ("I23", "exploration", METHODS - {"sam"})],
)
def test_a_claim_runs_the_cells_of_its_family_alone(checkout, claim, family, methods):
    jobs = checkout.dry(f"claim_{claim}", *SMOKE)
    assert trained(jobs) == methods
    others = {j for j in jobs if not j.startswith("train_")}
    assert others == {f"collect_family_{family}", f"claim_{claim}"}


def test_a_claim_is_judged_by_run_too(finished):
    before = finished.block_times()
    ended = finished.run("run", "--scale", "smoke", "--", "claim_I23")
    assert ended.code == 0, ended.all
    assert ended.out.strip().endswith("done: claim_I23")
    folder = finished.smoke / "families" / STUDY / "exploration"
    record = json.loads((folder / "I23.json").read_text())
    whole = json.loads((finished.smoke / "report" / "verdicts.json").read_text())
    assert record["verdict"] == next(c for c in whole["claims"] if c["id"] == "I23")["verdict"]
    assert finished.block_times() == before
    assert not finished.dry(*SMOKE)


def test_snakemake_writes_its_own_report(finished):
    ended = finished.snakemake("--report", "report.html", *SMOKE)
    assert ended.code == 0, ended.all
    page = (finished.folder / "report.html").read_text()
    folder = finished.smoke / "figures" / STUDY
    figures = [p for p in folder.iterdir() if p.suffix in (".svg", ".png")]
    assert len(figures) >= 5
    for figure in figures:
        assert figure.name in page
        # one word of its caption that stands on its own; the page escapes the rest
        caption = (CAPTIONS / f"{figure.stem}.rst").read_text().split("\n")[0]
        longest = max(re.findall(r"[A-Za-z]+ [a-z]+", caption), key=len)
        assert longest in page, f"the caption of {figure.name}"
    assert "verdicts.json" in page
    # it opens offline
    assert not re.search(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?:""", page)


def test_the_workflow_is_clean(checkout):
    ended = checkout.snakemake("--lint")
    assert ended.code == 0, ended.all


def test_the_workflow_is_formatted():
    snakefmt = Path(sys.executable).with_name("snakefmt")
    if not snakefmt.exists() and not shutil.which("snakefmt"):
        pytest.skip("snakefmt is not installed")
    command = [snakefmt if snakefmt.exists() else "snakefmt", "--check", "Snakefile", "workflow"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_configuration_stands_in_for_the_first(checkout):
    """Both ways in read the same file, and it alone."""
    first = checkout.folder / "config.yaml"
    first.write_text(f"scale: smoke\n{STUDY}:\n  variants: false\n")
    (checkout.folder / "other.yaml").write_text("scale: smoke\n")
    ended = checkout.run("run", "--configfile", "other.yaml", "--", "-n")
    assert ended.code == 0, ended.all
    assert f"train_{STUDY}_variants" in ended.out
