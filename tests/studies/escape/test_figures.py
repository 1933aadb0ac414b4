"""Figures show the numbers of their tables, and the notebook shows the figures."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from escaping_minima.claims.records import load_records
from escaping_minima.parts.studies import find_study
from escaping_minima.report import rendering
from escaping_minima.report.figures.bands import Sources
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import write_tables
from escaping_minima.studies.escape import figures
from escaping_minima.studies.escape.terrain import ARENA

ROOT = Path(__file__).resolve().parents[3]
STUDY = "escape"
NOTEBOOK = ROOT / "notebooks" / f"{STUDY}.ipynb"
DRAWN = find_study(STUDY).figures


@pytest.fixture(scope="module")
def derived(as_said):
    return find_study(STUDY).derive(as_said, load_records(STUDY))[0]


def shown(parameters):
    """Run the notebook's cells here, without a kernel; return what they show, as text."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    space, found = {}, []
    for cell in (c for c in cells if c["cell_type"] == "code"):
        body = ast.parse("".join(cell["source"]))
        last = body.body.pop() if isinstance(body.body[-1], ast.Expr) else None
        exec(compile(body, NOTEBOOK.name, "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            assert set(parameters) <= set(space)
            space |= parameters
        elif last is not None:
            value = eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), space)
            found.append(value._repr_html_() if hasattr(value, "_repr_html_") else str(value))
    return "\n".join(found)


def test_the_notebook_runs_and_saves_every_figure(as_said, derived, tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "figure_bytes", lambda figure: ("svg", b"<svg/>"))
    paths = ResultPaths(tmp_path, "planted")
    paths.published(STUDY).parent.mkdir(parents=True)
    write_tables(paths.tables(STUDY), as_said)
    write_tables(paths.judged(STUDY), derived)
    verdicts = {"study": STUDY, "claims": [], "errors": []}
    (paths.judged(STUDY) / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    monkeypatch.setattr(rendering, "build_ledger", lambda *args: {"claims": [], "errors": []})
    saved = paths.figures(STUDY)
    text = shown({"results": str(tmp_path), "name": "planted", "figures": str(saved)})
    assert {path.stem for path in saved.iterdir()} == set(DRAWN)
    assert "These numbers: <strong>planted</strong>" in text
    assert "known to be better than" in text


def test_every_figure_has_a_caption_and_a_name():
    assert set(DRAWN) == set(figures.__all__)
    captions = ROOT / "workflow" / "report" / STUDY
    assert {path.stem for path in captions.iterdir()} == set(DRAWN)


def test_the_summary_writes_the_share_of_each_contestant_and_problem(as_said, derived):
    shares, order = derived["shares.csv"], derived["order.csv"]
    figure = figures.arena(shares, order, derived["off.csv"], as_said["cells.csv"])
    (axes,) = figure.axes
    best = shares[(shares["role"] == "arena") & (shares["measure"] == "best")]
    best = best.set_index(["arm", "problem"])["share"]
    written = {
        (order["arm"][round(text.get_position()[1])], ARENA[round(text.get_position()[0])]): text
        for text in axes.texts
    }
    assert written["two_point", "plane"].get_text() == f"{best['two_point', 'plane']:.0f}"
    assert written["gd", "scattered"].get_text() == "30"
    assert written["sgd_1", "plane"].get_text() == "="
    assert len(written) == len(order) * len(ARENA)


def test_lines_go_through_the_shares(as_said, derived):
    figure = figures.reset(derived["shares.csv"], as_said["cells.csv"])
    (axes,) = figure.axes
    drawn = {c.get_label(): np.asarray(c.lines[0].get_xydata()) for c in axes.containers}
    assert drawn["beside a minimum, reset"].tolist() == [[1.0, 0.0], [4.0, 90.0]]
    assert drawn["at a gradient of exactly 0, reset"][:, 1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["skips", "skip_training"])
def test_what_no_run_has_is_said(name):
    tables = {"cells.csv": find_cells()}
    figure = getattr(figures, name)(Sources(tables, None))
    assert "Not part of this run" in "".join(text.get_text() for text in figure.texts)


def find_cells():
    """Return no cells."""
    import pandas as pd

    return pd.DataFrame(columns=["cell", "role", "problem", "arm", "point"])
