"""Whatever is wrong is one line, the right exit code, and loses nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).resolve().parents[2]
STUDY = "stationary_distributions"
JOB = f"train_{STUDY}_nig_mbh"

#: What is wrong: words for 'escaping-minima run', exit code, part of the line.
WRONG = {
    "unknown key": (["--config", "scael=smoke"], 2, "scael: unknown key; did you mean scale?"),
    "unknown inner key": (
        ["--config", f"{STUDY}.start=500"],
        2,
        f"{STUDY}.start: unknown key; did you mean {STUDY}.starts?",
    ),
    "mistyped value": (["--config", f"{STUDY}.starts=many"], 2, 'found "many"; allowed: '),
    "impossible value": (["--config", f"{STUDY}.starts=501"], 2, "found 501; allowed: a multiple"),
    "wrong scale": (["--scale", "smok"], 2, 'found "smok"; allowed: smoke, quick, gpu, paper'),
    "empty scale": (["--scale", ""], 2, "scale: found null; allowed: smoke, quick, gpu, paper"),
    "less than a core": (["--cores", "-1"], 2, "--cores: found '-1'; allowed: all, or a whole"),
    "wrong study": (["--config", "studies=[nope]"], 2, STUDY),
    "wrong source": (["--source", "publish"], 2, "did you mean published?"),
    "no value": (["--config", "scale"], 2, "not of the form KEY=VALUE"),
    "no such file": (["--configfile", "nope.yaml"], 2, "nope.yaml: no such file"),
    "broken YAML": (["--configfile", "broken.yaml"], 2, "broken.yaml"),
    "file for a folder": (
        ["--scale", "smoke", "--config", "results=LICENSE"],
        1,
        "LICENSE: cannot be written (File exists)",
    ),
    "folder not writable": (
        ["--scale", "smoke", "--config", "results=/proc/nope"],
        1,
        "/proc/nope: cannot be written",
    ),
    "file in the way": (
        ["--scale", "smoke", "--config", "results=blocked"],
        1,
        "blocked/smoke/logs/snakemake.log: cannot be written",
    ),
}

#: The same for plain Snakemake.
WRONG_FOR_SNAKEMAKE = {
    "impossible value": (
        ["--config", f"{STUDY}={{starts: 501}}"],
        2,
        "found 501; allowed: a multiple",
    ),
    "folder not writable": (
        ["--config", "scale=smoke", "results=/proc/nope", "--cores", "1"],
        1,
        "/proc/nope: cannot be written",
    ),
}


def spoil(folder):
    """Put a broken file into a folder, and one where a folder should be."""
    (folder / "broken.yaml").write_text("scale: [smoke\n")
    (folder / "blocked").mkdir()
    (folder / "blocked" / "smoke").write_text("a file where a folder should be")


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Return a folder with all that a refusal needs of a checkout, and work in it."""
    for name in ("config.yaml", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    spoil(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", WRONG)
def test_run_refuses_in_one_line(beside, said, case):
    words, code, part = WRONG[case]
    before = set(beside.rglob("*"))
    ended = said("run", *words)
    assert part in ended.refusal(code)
    assert not ended.out
    assert {p.name for p in set(beside.rglob("*")) - before} <= {"lock"}


def test_what_is_refused_is_all_that_the_process_says(checkout):
    """The cases above in a process of their own: one of each exit code."""
    spoil(checkout.folder)
    before = set(checkout.folder.rglob("*"))
    for case in ("unknown key", "file in the way"):
        words, code, part = WRONG[case]
        ended = checkout.run("run", *words)
        assert part in ended.refusal(code)
        assert not ended.out
    assert {p.name for p in set(checkout.folder.rglob("*")) - before} == {"lock"}


@pytest.mark.parametrize("case", WRONG_FOR_SNAKEMAKE)
def test_snakemake_refuses_in_one_line(checkout, case):
    words, code, part = WRONG_FOR_SNAKEMAKE[case]
    assert part in checkout.snakemake(*words).own_line(code)


def test_snakemake_s_words_are_read_as_written(checkout):
    ended = checkout.snakemake("-n", JOB, "--config", "scale=smoke", "results=2024_10")
    assert ended.code == 0, ended.all
    assert f"2024_10/smoke/trained/{STUDY}_nig_mbh.json" in ended.all


@pytest.mark.skipif(shutil.which("sbatch") is not None, reason="there is Slurm here")
def test_slurm_that_is_not_there(checkout):
    words = ("--workflow-profile", "profiles/slurm", JOB, "--config", "scale=smoke")
    ended = checkout.snakemake(*words)
    assert "executor: found 'slurm', but there is no sbatch in PATH" in ended.own_line(1)
    assert not list(checkout.results.rglob("*.parquet"))
    assert not ended.all.strip().split("escaping-minima: ")[1].count("\n")


def test_a_missing_or_broken_config_file_of_ones_own(checkout):
    """Snakemake takes config.yaml from the workflow, which reads it itself."""
    config = checkout.folder / "config.yaml"
    config.write_text("scale: [smoke\n")
    assert "config.yaml" in checkout.snakemake("-n").own_line(2)
    config.unlink()
    assert "config.yaml: no such file" in checkout.snakemake("-n").own_line(2)


def test_an_unknown_target_is_named(checkout):
    ended = checkout.run("run", "--scale", "smoke", "--", "claim_I99")
    line = ended.refusal(2)
    assert "target: found 'claim_I99'; allowed: all, " in line
    assert "claim_I05" in line
    # in the words that plain Snakemake shows
    assert "No rule to produce claim_I99" in checkout.log()
    assert "Traceback" not in checkout.log()


def test_a_gpu_that_is_not_there(tmp_path, monkeypatch, said):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.chdir(tmp_path)
    words = ("--configfile", str(ROOT / "config.yaml"), "--scale", "smoke", "--config")
    ended = said("plan", *words, "device=cuda", "--output", "plan.json")
    assert ended.code == 0, ended.all
    line = said("train", "--plan", "plan.json", "--job", f"{STUDY}_nig_mbh").refusal(1)
    assert line.startswith("escaping-minima: device: 'cuda' was asked for but torch ")
    assert "set 'device: auto' or 'cpu'" in line


def test_a_parameter_that_a_notebook_does_not_have(tmp_path, said):
    words = ("--notebook", str(ROOT / "notebooks" / "overview.ipynb"), "-p", "nmae=smoke")
    line = said("render", *words, "--output", str(tmp_path / "out.ipynb")).refusal(2)
    assert "notebooks/overview.ipynb: unknown parameter 'nmae'; allowed: name" in line
    assert not (tmp_path / "out.ipynb").exists()


def test_a_corrupt_block_is_named_and_run_again(finished, said, monkeypatch):
    before, whole = finished.block_times(), finished.block_bytes()
    name, block = next(
        (n, p) for n, p in finished.blocks().items() if n.split("/")[0] in finished.cells("nig_mbh")
    )
    block.write_bytes(block.read_bytes()[:-100])
    shutil.rmtree(finished.smoke / "tables" / STUDY)
    monkeypatch.chdir(finished.folder)
    line = said("collect", "--plan", "results/smoke/plan.json", "--study", STUDY).refusal(1)
    assert f"{name}.parquet: the block is corrupt; it was set aside" in line
    ended = finished.snakemake("--cores", "1", f"collect_{STUDY}", "--config", "scale=smoke")
    assert ended.code == 0, ended.all
    assert finished.started_rules(ended.all) == {"train_nig_mbh", "collect"}
    assert finished.block_bytes() == whole
    assert {n for n, t in finished.block_times().items() if t != before[n]} == {name}


@pytest.mark.parametrize("name", ["cells.csv", "outcomes_himmelblau.parquet"])
def test_a_table_cut_short_is_named(first_run, tmp_path, said, name):
    tables = tmp_path / "tables"
    shutil.copytree(first_run[0].smoke / "tables" / STUDY, tables)
    content = (tables / name).read_bytes()
    (tables / name).write_bytes(content[: len(content) // 2])
    words = ("--study", STUDY, "--tables", str(tables), "--output", str(tmp_path / "judged"))
    line = said("judge", *words).refusal(1)
    assert re.search(rf"{name}: not a readable table \(.*\); delete the folder ", line)
    assert not (tmp_path / "judged").exists()


def test_a_full_disk_loses_nothing(checkout, small_disk):
    checkout.results = small_disk(300)
    config = ("--config", f"results={checkout.results}")
    line = checkout.run("run", "--scale", "smoke", *config, "--", JOB).refusal(1)
    assert "the disk is full; free some space and start again, nothing is lost" in line
    before = checkout.block_times()
    assert before, "nothing was finished before the disk was full"
    small_disk(50_000)
    ended = checkout.snakemake("--cores", "1", JOB, *config, "scale=smoke")
    assert ended.code == 0, ended.all
    after = checkout.block_times()
    assert len(after) > len(before)
    assert before.items() <= after.items()
