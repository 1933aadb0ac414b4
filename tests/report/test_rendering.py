"""A notebook finds the newest rendering by itself."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from escaping_minima.errors import UserError
from escaping_minima.report import rendering as module
from escaping_minima.report.rendering import FigureFolder, find_rendering

OVERVIEW = Path(__file__).resolve().parents[2] / "notebooks" / "overview.ipynb"


def age(paths, study, seconds):
    for path in (paths.judged(study) / "verdicts.json", paths.tables(study) / "cells.csv"):
        os.utime(path, (seconds, seconds))


def test_newest_rendering_is_found_from_a_folder_below(planted, tmp_path, monkeypatch):
    for i, name in enumerate(("quick", "gpu", "smoke")):
        age(planted.plant(tmp_path / "results", name), planted.STUDY, 1_000_000 * (i + 1))
    (tmp_path / "src" / "escaping_minima").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    found = find_rendering()
    # smoke is newer, but it is for tests
    assert found.paths.name == found.label == "gpu"
    assert found.studies == (planted.STUDY,)
    assert found.ledger["counts"]["partly"] == 1
    named = find_rendering(str(tmp_path / "results"), "quick", "a label")
    assert (named.paths.name, named.label) == ("quick", "a label")


@pytest.mark.parametrize("name", ["quick", "from-published"])
def test_collected_tables_are_judged_elsewhere(planted, tmp_path, monkeypatch, name):
    paths = planted.plant(tmp_path, name)
    (paths.judged(planted.STUDY) / "verdicts.json").rename(tmp_path / "kept.json")
    asked = []

    def judge(study, tables, published, output):
        asked.append((study, tables))
        output.mkdir(parents=True)
        (output / "verdicts.json").write_bytes((tmp_path / "kept.json").read_bytes())

    monkeypatch.setattr(module, "judge", judge)
    found = find_rendering(str(tmp_path), name)
    assert asked == [(planted.STUDY, paths.tables(planted.STUDY))]
    assert tmp_path not in found.paths.root.parents
    assert len(found.collected(planted.STUDY)["cells.csv"]) == 2
    assert len(found.ledger["claims"]) == len(planted.VERDICTS)


def test_a_run_of_some_studies_shows_these_alone(planted, tmp_path, monkeypatch):
    paths = planted.plant(tmp_path, "from-published")
    planted.plant_second(paths)
    # published with the others, and not among the studies of the run
    (paths.judged(planted.SECOND) / "verdicts.json").unlink()
    monkeypatch.setattr(module, "study_names", lambda: (planted.STUDY, planted.SECOND))
    found = find_rendering(str(tmp_path), paths.name)
    assert (found.paths, found.studies) == (paths, (planted.STUDY,))


def outputs(notebook, **parameters):
    """Execute a notebook here, where planted studies are known; return what its cells show."""
    names, shown = {}, []
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in (c for c in cells if c["cell_type"] == "code"):
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(notebook), "exec"), names)
        if last is not None:
            shown.append(
                str(eval(compile(ast.Expression(last.value), str(notebook), "eval"), names))
            )
        names |= parameters if "parameters" in cell["metadata"]["tags"] else {}
    return shown


def test_the_overview_shows_every_study(planted, tmp_path, monkeypatch):
    paths = planted.plant(tmp_path, stale=True)
    planted.plant_second(paths)
    monkeypatch.setattr(module, "study_names", lambda: (planted.STUDY, planted.SECOND))
    with planted.second_study():
        shown = outputs(OVERVIEW, results=str(tmp_path), name="quick")
    count, counts, ledger, runs, stale, untested = shown
    assert count.startswith("6 claims")
    assert counts.count("em-badge") == 5
    starts, seeds = ledger.split("<h3>Planted runs</h3>")
    assert (starts.count("em-ledger"), seeds.count("em-ledger")) == (1, 1)
    assert "<b>I03</b>" in starts
    assert "<b>P01</b>" in seeds
    assert runs.index("diverged starts") < runs.index("diverged seeds")
    # of the second study nothing is stale
    assert (stale.count("<table"), "step size" in stale, "strategy" in stale) == (1, True, False)
    assert "P02" in untested


def test_nothing_to_show_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="not inside the repository"):
        find_rendering()
    with pytest.raises(UserError, match="no tables there"):
        find_rendering(str(tmp_path))
    with pytest.raises(UserError, match="no tables there"):
        find_rendering(str(tmp_path), "quick")


def test_figures_are_shown_and_kept(tmp_path):
    figure = Figure()
    figure.subplots().plot([1, 2])
    assert FigureFolder(None).show(figure, "a").data.startswith("<svg")
    FigureFolder(str(tmp_path)).show(figure, "a")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.svg"]
