"""Whatever is missing is made again, and any folder's name arrives whole; the steps are stubs."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).resolve().parents[2]
STUDY = "stationary_distributions"
METHODS = ("gd", "nig", "nim", "sam", "nig_bh", "nim_bh", "nig_mbh", "nim_mbh")
#: All that a folder's name may hold and a shell, YAML or Snakemake could take for its own.
NASTY = "a b  'c' \"d\" $(touch pwned) `touch pwned`; * ? [x] & | # ! \\n %s : é 😀 ü'"


class Pipeline:
    """The workflow with stubs for its steps, writing to a folder with a nasty name."""

    def __init__(self, folder: Path, forked: Any) -> None:
        self.folder = folder
        self._forked = forked
        self.results = folder / NASTY
        self.smoke = self.results / "smoke"
        self.steps = folder / "steps"
        (self.steps / "escaping_minima").mkdir(parents=True)
        (self.steps / "escaping_minima" / "__init__.py").touch()
        stub = self.steps / "escaping_minima" / "__main__.py"
        shutil.copy(Path(__file__).with_name("stub_steps.py"), stub)
        shutil.copytree(ROOT / "notebooks", folder / "notebooks")
        shutil.copytree(ROOT / "profiles", folder / "profiles")
        words = [f"results: {json.dumps(str(self.results), ensure_ascii=False)}"]
        words += ["scale: smoke", f"studies: [{STUDY}]"]
        (folder / "config.yaml").write_text("\n".join(words), encoding="utf-8")

    def snakemake(self, *words: str, fail: str = "") -> int:
        """Run Snakemake to its end and return its exit code."""
        words = ("--snakefile", str(ROOT / "Snakefile"), *words)
        steps = str(self.steps)
        variables = {"PYTHONPATH": steps, "STEPS": steps, "FAIL": fail}
        self.ended = self._forked.run(self.folder, ROOT / "src", *words, **variables)
        return int(self.ended.code)

    def said(self) -> str:
        """Return what Snakemake said in the last run."""
        return str(self.ended.out)

    def dry(self, *words: str) -> set[str]:
        """Return the rules that a dry run would run."""
        assert self.snakemake("-n", *words) == 0, self.said()
        return self.rules()

    def rules(self) -> set[str]:
        """Return the rules of the last run, dry or not; that of all results left out."""
        rules = re.findall(r"^(?:local)?rule ([\w-]+):", self.said(), re.MULTILINE)
        return {rule.replace(f"_{STUDY}", "") for rule in rules} - {"all"}

    def words(self) -> list[list[str]]:
        """Return the words of all steps that were ever called."""
        lines = (self.steps / "words.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def files(self) -> set[str]:
        """Return all results; logs and times, which hold none, left out."""
        found = (p.relative_to(self.smoke) for p in self.smoke.rglob("*") if p.is_file())
        return {str(p) for p in found if p.parts[0] not in ("logs", "benchmarks")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Pipeline:
    """Return a pipeline that has made everything; each test leaves it so."""
    made = Pipeline(tmp_path_factory.mktemp("recovery") / "pipeline", forked)
    assert made.snakemake() == 0, made.said()
    return made


#: The steps as `stub_steps` names them, in the order in which they come, and a rule of each.
RULES = {
    "train": f"train_{STUDY}_gd",
    "collect": f"collect_{STUDY}",
    "judge": f"judge_{STUDY}",
    STUDY: f"render_{STUDY}",
    "overview": "render_overview",
    "report": "build_report",
}


def test_a_step_that_failed_is_made_up_for_by_the_next_run(finished: Pipeline) -> None:
    """By an exit code or SIGKILL, in turn, while all that comes after it is there from before."""
    whole = finished.files()
    before = ""
    for (step, rule), how in zip(RULES.items(), itertools.cycle(("code", "SIGKILL"))):
        called = len(finished.words())
        # the other notebook may come first or second
        words = ("--forcerun", rule, "--cores", "1", "--keep-going")
        code = finished.snakemake(*words, fail=f"{step} {how}")
        assert code == 1, (step, how, finished.said())
        assert finished.files() != whole
        ran = {name_of(words) for words in finished.words()[called:]}
        assert {before, step} - {""} <= ran, (step, how)
        before = step
    assert finished.snakemake() == 0, finished.said()
    assert finished.files() == whole


def name_of(words: Sequence[str]) -> str:
    """Return the step that was called so, a notebook for each of those that are rendered."""
    return Path(words[words.index("--output") + 1]).stem if words[0] == "render" else words[0]


TRAIN = {f"train_{job}" for job in (*METHODS, "variants")}
BUILD = {"build_report"}
RENDER = {"render", "render_overview"} | BUILD
JUDGE = {"judge"} | RENDER
COLLECT = {"collect"} | JUDGE
#: What is deleted, relative to the folder of the scale, and the rules that a run then follows.
DELETED = {
    "trained": TRAIN | COLLECT,
    # a job each, so that each of these files is found missing by itself
    f"trained/{STUDY}_nig.json runs/*/SAM/b0000.parquet runs/*/GD/b0000.json": {
        *("train_nig", "train_sam", "train_gd"),
        *COLLECT,
    },
    f"tables/{STUDY}/first.csv": COLLECT,
    f"tables/{STUDY}/.contents": COLLECT,
    "judged": JUDGE,
    f"notebooks/{STUDY}.ipynb": {"render"} | BUILD,
    "notebooks/overview.ipynb": {"render_overview"} | BUILD,
    f"figures/{STUDY}/figure_2.svg": {"render"} | BUILD,
    "report/claims": BUILD,
    # no rule makes the plan, a run writes it; the others are no results
    "plan.json logs benchmarks": set(),
}
#: The same for what is really deleted below.
REMADE = {
    f"judged/{STUDY}/verdicts.json report/index.html": JUDGE,
    # without the job that was run by itself before
    "runs": (TRAIN | COLLECT) - {"train_gd"},
    "trained runs tables judged notebooks figures report": TRAIN | COLLECT,
}


def test_whatever_was_deleted_is_found_missing(finished: Pipeline, tmp_path: Path) -> None:
    """By a dry run, which itself deletes nothing."""
    plan = json.loads((finished.smoke / "plan.json").read_text(encoding="utf-8"))
    first = {job: plan["jobs"][f"{STUDY}_{job}"]["cells"][0]["id"] for job in ("sam", "gd")}
    for name, expected in DELETED.items():
        patterns = name.replace("SAM", first["sam"]).replace("GD", first["gd"]).split()
        paths = [path for pattern in patterns for path in finished.smoke.glob(pattern)]
        assert len(paths) == len(patterns), name
        aside = tmp_path / "aside"
        aside.mkdir()
        for number, path in enumerate(paths):
            path.rename(aside / str(number))
        left = finished.files()
        assert finished.dry() == expected, name
        assert finished.files() == left, name
        for number, path in enumerate(paths):
            (aside / str(number)).rename(path)
        aside.rmdir()


def test_whatever_was_deleted_is_made_again(finished: Pipeline) -> None:
    whole = finished.files()
    for names, expected in REMADE.items():
        for path in (finished.smoke / name for name in names.split()):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        left = finished.files()
        assert left < whole
        if names == "runs":
            assert_reading_it_deletes_nothing(finished, left)
        assert finished.snakemake() == 0, finished.said()
        assert finished.rules() == expected
        assert finished.files() == whole


def assert_reading_it_deletes_nothing(finished: Pipeline, left: set[str]) -> None:
    assert finished.snakemake("--lint") == 0, finished.said()
    # as a job on a cluster reads the workflow again
    job = ("--mode", "remote", "--target-jobs", f"train_{STUDY}_gd:", "--cores", "1")
    assert finished.snakemake(*job) == 0, finished.said()
    assert finished.files() >= left


def test_a_claim_is_judged_anew_where_its_tables_are_gone(finished: Pipeline) -> None:
    assert finished.snakemake("claim_I05") == 0, finished.said()
    family = finished.smoke / "families" / STUDY / "table-1"
    assert (family / "I05.json").exists()
    assert finished.dry("claim_I05") == set()
    expected = {"collect_family_table-1", "claim_I05"}
    for lost in (family / "tables", family / "tables" / "first.csv", family / "I05.json"):
        aside = lost.rename(finished.folder / "aside")
        found = finished.dry("claim_I05")
        assert found == (expected if lost.parent != family or lost.suffix == "" else {"claim_I05"})
        aside.rename(lost)
    shutil.rmtree(family / "tables")
    assert finished.snakemake("claim_I05") == 0, finished.said()
    assert (family / "tables" / "first.csv").exists()
    assert (family / "I05.json").exists()


def test_a_folder_s_name_arrives_whole_in_every_rule(finished: Pipeline) -> None:
    assert finished.snakemake("claim_I05") == 0, finished.said()
    called = finished.words()
    assert {w[0] for w in called} == {"train", "collect", "judge", "render", "report"}
    for words in called:
        values = [re.sub("^(results|figures)=", "", word) for word in words]
        paths = [Path(value) for value in values if "pwned" in value]
        assert paths, words
        assert all(finished.results in (path, *path.parents) for path in paths), words
    assert {p.name for p in finished.folder.iterdir()} == {
        *("config.yaml", "notebooks", "profiles", "steps", ".snakemake"),
        NASTY,
    }
    logs = {p.stem for p in (finished.smoke / "logs").iterdir()}
    assert {f"train_{STUDY}_gd", f"judge_{STUDY}", "build_report", "claim_I05"} <= logs


def test_every_rule_quotes_what_it_hands_to_a_shell() -> None:
    rules = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    fields = [
        field
        for path in rules
        for line in re.findall(r'^ *"(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        for field in re.findall(r"\{[a-z_.]+[^}]*\}", line)
    ]
    assert len(fields) > 30
    assert [f for f in fields if not f.endswith(":q}")] == []
