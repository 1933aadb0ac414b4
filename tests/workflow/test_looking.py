"""Looking at a workflow takes no lock and removes nothing, whatever is asked of Snakemake."""

from __future__ import annotations

from pathlib import Path

import pytest

from escaping_minima.launch.looking import LOOKS, only_looks

ROOT = Path(__file__).resolve().parents[2]
STUDY = "stationary_distributions"
MARK = f"results/smoke/trained/{STUDY}_gd.json"


@pytest.mark.parametrize(
    "words",
    [
        "--dag",
        "--dag dot --cores 1",
        "--rulegraph",
        "--filegraph",
        "--d3dag",
        "--summary",
        "-S",
        "--summ",
        "--detailed-summary",
        "-D",
        "--list-rules",
        "--list",
        "-l",
        "--list-target-rules",
        "--list-changes code",
        "--list-untracked",
        "--report",
        "--report r.html --cores 2",
        "--unlock",
        "--lint",
        "--print-compilation",
        "--config scale=smoke --dag",
    ],
)
def test_what_only_looks_is_known(words):
    assert only_looks(words.split())


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--cores all",
        "--cores 1 all",
        "--cores 1 dag summary report",
        "--report r.html --report-after-run --cores 1",
        "--forcerun judge --cores 1 --config scale=paper",
        "--until build_report --touch",
    ],
)
def test_what_runs_is_no_look(words):
    assert not only_looks(words.split())


def test_every_look_is_an_option_of_this_snakemake():
    from snakemake.cli import get_argument_parser

    assert set(LOOKS) <= {action.dest for action in get_argument_parser()._actions}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a configuration, and a mark of a job that vouches for nothing."""
    words = ["results: results", "scale: smoke", f"studies: [{STUDY}]"]
    (tmp_path / "config.yaml").write_text("\n".join(words), encoding="utf-8")
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    (tmp_path / MARK).parent.mkdir(parents=True)
    return tmp_path


def files(folder: Path) -> set[str]:
    results = folder / "results"
    return {str(p.relative_to(folder)) for p in results.rglob("*") if p.is_file()}


@pytest.mark.workflow
def test_a_look_leaves_everything_and_a_run_removes_what_is_false(folder, forked):
    def snakemake(*words):
        (folder / MARK).write_text("nothing", encoding="utf-8")
        whole = ("--snakefile", str(ROOT / "Snakefile"), *words)
        return forked.run(folder, ROOT / "src", *whole, PYTHONPATH=str(ROOT / "src"))

    for words in ("--dag", "--list-rules", "--unlock", "--report"):
        ended = snakemake(words)
        # a report is refused where nothing was made
        assert ended.code == (words == "--report"), ended.out
        assert "escaping-minima: " not in ended.out
        assert files(folder) == {MARK}, words
    # all is read, and what is false removed, before a target is found not to be there
    assert snakemake("--cores", "1", "nowhere").code == 1
    assert files(folder) == {"results/lock"}


@pytest.mark.workflow
def test_a_run_may_start_in_any_folder_and_write_to_any(tmp_path, forked):
    """Its notebooks and the published tables are those of the checkout."""
    words = (
        "-n",
        "--snakefile",
        str(ROOT / "Snakefile"),
        "--configfile",
        str(ROOT / "config.yaml"),
    )
    config = ("--config", "source=published", "results=elsewhere", f"studies={STUDY}")
    ended = forked.run(tmp_path, ROOT / "src", *words, *config, PYTHONPATH=str(ROOT / "src"))
    assert ended.code == 0, ended.out
    read = " ".join(t for t in ended.out.split("\n") if t.strip().startswith("input: "))
    assert f"{ROOT}/results/published/{STUDY}/cells.csv" in read
    assert f"{ROOT.relative_to('/')}/notebooks/{STUDY}.ipynb" in read
    assert f"output: elsewhere/from-published/judged/{STUDY}" in ended.out
