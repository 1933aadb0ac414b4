"""A notebook finds the newest rendering by itself."""

from __future__ import annotations

import os

import pytest
from matplotlib.figure import Figure

from escaping_minima.errors import UserError
from escaping_minima.report import rendering as module
from escaping_minima.report.rendering import FigureFolder, find_rendering


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


def test_collected_tables_are_judged_elsewhere(planted, tmp_path, monkeypatch):
    paths = planted.plant(tmp_path)
    (paths.judged(planted.STUDY) / "verdicts.json").rename(tmp_path / "kept.json")
    asked = []

    def judge(study, tables, published, output):
        asked.append((study, tables))
        output.mkdir(parents=True)
        (output / "verdicts.json").write_bytes((tmp_path / "kept.json").read_bytes())

    monkeypatch.setattr(module, "judge", judge)
    found = find_rendering(str(tmp_path), "quick")
    assert asked == [(planted.STUDY, paths.tables(planted.STUDY))]
    assert tmp_path not in found.paths.root.parents
    assert len(found.collected(planted.STUDY)["cells.csv"]) == 2
    assert len(found.ledger["claims"]) == len(planted.VERDICTS)


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
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]
