"""Looking at a workflow takes no lock and removes nothing, whatever is asked of Snakemake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from escaping_minima.launch.looking import LOOKS, only_looks

ROOT = Path(__file__).resolve().parents[2]
STUDY = "stationary_distributions"


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


class Checkout:
    """A folder with a configuration, and a mark of a job that vouches for nothing."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        self.mark = self.results / "smoke" / "trained" / f"{STUDY}_gd.json"
        self.mark.parent.mkdir(parents=True)
        words = ["results: results", "scale: smoke", f"studies: [{STUDY}]"]
        (folder / "config.yaml").write_text("\n".join(words), encoding="utf-8")
        (folder / "notebooks").symlink_to(ROOT / "notebooks")
        self.said = folder / "snakemake.txt"
        variables = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE")}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forked_snakemake.py"))],
            cwd=folder,
            env=variables | {"PYTHONPATH": str(ROOT / "src"), "STEPS": str(ROOT / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def snakemake(self, *words: str) -> int:
        """Run Snakemake to its end over a false mark and return its exit code."""
        self.mark.write_text("nothing", encoding="utf-8")
        request = {"words": ["--snakefile", str(ROOT / "Snakefile"), *words], "fail": ""}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def files(self) -> set[str]:
        return {str(p.relative_to(self.results)) for p in self.results.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    made = Checkout(tmp_path_factory.mktemp("looking"))
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.mark.workflow
def test_a_look_leaves_everything_and_a_run_removes_what_is_false(checkout: Checkout) -> None:
    before = {str(checkout.mark.relative_to(checkout.results))}
    for words in ("--dag", "--list-rules", "--unlock", "--report"):
        code = checkout.snakemake(words)
        said = checkout.said.read_text(encoding="utf-8")
        # a report is refused where nothing was made
        assert code == (words == "--report"), said
        assert "escaping-minima: " not in said
        assert checkout.files() == before, words
    # all is read, and what is false removed, before a target is found not to be there
    assert checkout.snakemake("--cores", "1", "nowhere") == 1
    assert checkout.files() == {"lock"}
