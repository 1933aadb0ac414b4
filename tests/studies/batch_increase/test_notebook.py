"""The notebook shows planted tables, and saves its figures under the names of their captions."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from escaping_minima.claims.judged import judge
from escaping_minima.claims.records import load_records
from escaping_minima.parts.studies import find_study
from escaping_minima.report import rendering
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import write_tables

ROOT = Path(__file__).resolve().parents[3]
STUDY = "batch_increase"
NOTEBOOK = ROOT / "notebooks" / f"{STUDY}.ipynb"
CAPTIONS = ROOT / "workflow" / "report" / STUDY


def shown(name, parameters):
    """Run the notebook's cells here, without a kernel; return what they show, as text.

    A whole run of the study renders it as `make` does (tests/workflow).
    """
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    space, found = {}, []
    for cell in (c for c in cells if c["cell_type"] == "code"):
        body = ast.parse("".join(cell["source"]))
        last = body.body.pop() if isinstance(body.body[-1], ast.Expr) else None
        exec(compile(body, name, "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            assert set(parameters) <= set(space)
            space |= parameters
        elif last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), space)
            found.append(value._repr_html_() if hasattr(value, "_repr_html_") else str(value))
    return "\n".join(found)


def rendered(tables, folder, published=None):
    """Return what the notebook shows of tables, and the names of its figures."""
    paths = ResultPaths(folder, "planted")
    write_tables(paths.tables(STUDY), tables)
    if published is not None:
        write_tables(paths.published(STUDY), published)
    judge(STUDY, paths.tables(STUDY), paths.published(STUDY), paths.judged(STUDY))
    figures = paths.figures(STUDY)
    where = {"results": str(folder), "name": "planted", "figures": str(figures)}
    return shown(NOTEBOOK.name, where), {path.stem for path in figures.iterdir()}


@pytest.fixture(autouse=True)
def drawn_elsewhere(monkeypatch):
    """Save no drawing: that every figure becomes a file is tested with the figures."""
    monkeypatch.setattr(rendering, "figure_bytes", lambda figure: ("svg", b"<svg/>"))


@pytest.mark.parametrize("tables", ["complete", "quick"])
def test_notebook_runs_on_planted_tables(tables, request, tmp_path):
    published = request.getfixturevalue("everything") if tables == "quick" else None
    text, figures = rendered(request.getfixturevalue(tables), tmp_path, published)
    assert "linear 10→100" in text
    for claim in load_records(STUDY).claims:
        assert claim.id in text
    assert all((CAPTIONS / f"{name}.rst").exists() for name in figures)
    assert figures == set(find_study(STUDY).figures)
    assert {c.figure for c in load_records(STUDY).claims if c.figure} <= figures
    lacking = text.count("not part of this run, and no published run has it")
    assert lacking == (4 if tables == "quick" else 0)
    if tables == "quick":
        # in this run and in the published one, but for the size of the network
        assert text.count("not tested</span>") == 2 * (len(load_records(STUDY).claims) - 1)
