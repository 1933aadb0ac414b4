"""A study is a folder of studies: what is put there is known everywhere, with no edit elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from escaping_minima.errors import UserError
from escaping_minima.parts.looks import look_of
from escaping_minima.parts.studies import all_studies, find_study, study_names
from escaping_minima.parts.study_settings import described_settings

ROOT = Path(__file__).resolve().parents[2]
METHODS = sorted(
    path.stem
    for path in (ROOT / "src/escaping_minima/methods").glob("*.py")
    if re.search(r"^METHOD = ", path.read_text(encoding="utf-8"), re.MULTILINE)
)
TINY = {
    "src/escaping_minima/studies/tiny/__init__.py": '"""A tiny study."""\n',
    "src/escaping_minima/studies/tiny/settings.py": '''
from dataclasses import dataclass
from escaping_minima.parts.study_settings import Whole, setting

@dataclass(frozen=True)
class Settings:
    """The settings of the study."""

    steps: int = setting("Steps of a walk.", Whole(1, 99), smoke=3, quick=5, gpu=7, paper=9)
''',
    "src/escaping_minima/studies/tiny/study.py": """
from escaping_minima.parts.study import Study
from escaping_minima.studies.tiny.settings import Settings

def _plan(settings):
    from escaping_minima.kinds.points.cell import make_points_cell
    from escaping_minima.plan.cells import PlannedCell
    cell = make_points_cell("himmelblau", "gd", settings.steps, 1, None, {})
    return [PlannedCell(cell, 1, "walks", {"role": "main"})]

STUDY = Study("tiny", 9, "A tiny walk.", Settings, _plan, dict, dict, dict, dict, ())
""",
    **{
        f"src/escaping_minima/studies/tiny/{module}.py": ""
        for module in ("collect", "evidence", "tables", "figures")
    },
    "src/escaping_minima/studies/tiny/claims.yaml": """
source: tiny-2025
title: Tiny 2025
replicates: starts
margin: 1
margin_reason: a reason
families:
  walk: {title: The walk, figure: walk, jobs: [walks], needs: {starts: 1}}
claims:
- id: W01
  family: walk
  estimand: an end
  readings:
    - {name: main, parts: [{left: {end: first}, relation: ">", right: 0}]}
""",
    "workflow/reference/tiny-2025/claims.csv": "id,location,claim,paper_value\nW01,Table 1,c,1\n",
    "notebooks/tiny.ipynb": "{}",
}
ASK = """
import json, sys
from escaping_minima.config.generated import _WRITERS
from escaping_minima.config.load import load_config, resolve
from escaping_minima.plan.run_plan import make_plan
plan = make_plan(resolve(load_config({"scale": "smoke", "studies": ["tiny"]})))
heavy = sorted({"torch", "pandas", "matplotlib"} & set(sys.modules))
print(json.dumps([[write() for write in _WRITERS.values()], json.loads(plan.text()), heavy]))
"""


@pytest.fixture(scope="module")
def with_tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository with a study more."""
    folder = tmp_path_factory.mktemp("tiny") / "tree"
    unneeded = shutil.ignore_patterns("__pycache__", "*.xz")
    for name in ("src", "workflow", "envs", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=unneeded)
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder)
    for name, text in TINY.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_folder_more_is_in_the_configuration_and_in_the_plan(with_tiny: Path) -> None:
    (config, schema, reference), plan, heavy = json.loads(run(with_tiny, "-c", ASK))
    assert "\ntiny:\n\n  # Steps of a walk.\n  # Allowed: a whole number from 1 to 99" in config
    assert "# Scale: smoke 3, quick 5, gpu 7, paper 9.\n  steps: null\n" in config
    assert (
        '"default": [\n        "stationary_distributions",\n        "batch_increase",\n' in schema
    )
    assert '"tiny": {' in schema
    assert "| `tiny.steps` | 3 | 5 | 7 | 9 |" in reference
    (job,) = plan["jobs"].values()
    assert (job["study"], job["name"], job["cells"][0]["cell"]["steps"]) == ("tiny", "walks", 3)
    assert heavy == []


@pytest.mark.workflow
def test_a_folder_more_has_its_rules(with_tiny: Path) -> None:
    listed = run(
        with_tiny, "-m", "snakemake", "--list-rules", "--config", "scale=smoke", "studies=[tiny]"
    ).split()
    assert {"train_tiny_walks", "collect_tiny", "judge_tiny", "render_tiny"} <= set(listed)
    assert {"study_tiny", "claim_W01"} <= set(listed)


def test_studies_come_in_the_order_that_they_declare() -> None:
    assert study_names() == (
        "stationary_distributions",
        "batch_increase",
        "sgd_sa",
        "populations",
        "modality",
        "escape",
    )
    orders = [study.order for study in all_studies()]
    assert orders == sorted(set(orders))


def test_an_unknown_study_is_one_line() -> None:
    with pytest.raises(UserError) as caught:
        find_study("stationary")
    assert str(caught.value) == (
        "study: found 'stationary'; allowed: stationary_distributions, batch_increase, sgd_sa, "
        "populations, modality, escape; choose one of these"
    )


def test_a_module_that_a_study_lacks_is_no_unknown_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "escaping_minima.studies.batch_increase.study", raising=False)
    monkeypatch.setitem(sys.modules, "escaping_minima.studies.batch_increase.settings", None)
    with pytest.raises(ModuleNotFoundError):
        find_study("batch_increase")


@pytest.mark.parametrize("name", study_names())
def test_a_study_says_what_it_offers(name: str) -> None:
    study = find_study(name)
    assert study.name == name
    assert study.about.endswith(".")
    assert list(described_settings(study.settings)) == [f.name for f in fields(study.settings)]
    evidence = study.evidence()
    assert evidence.BLOCK >= 1
    assert all(map(callable, (evidence.Tables.build, evidence.missing_needs)))
    assert "method" in study.value_names()


@pytest.mark.parametrize("name", study_names())
def test_the_notebook_shows_the_figures_that_the_study_names(name: str) -> None:
    notebook = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
    code = "\n".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code")
    shown = re.findall(r'folder\.show\(.*?, "(\w+)"\)', code, re.DOTALL)
    assert tuple(shown) == find_study(name).figures


def test_every_method_has_a_look_of_its_own() -> None:
    looks = [look_of(method) for method in METHODS]
    assert len(METHODS) >= 9
    for shown in ("title", "colour", "marker"):
        assert len({getattr(look, shown) for look in looks}) == len(looks), shown
    assert all(re.fullmatch("#[0-9A-F]{6}", look.colour) for look in looks)


def test_a_run_that_names_no_studies_has_all() -> None:
    from escaping_minima.config.sections import Config

    assert list(Config().studies) == [study.name for study in all_studies()]
