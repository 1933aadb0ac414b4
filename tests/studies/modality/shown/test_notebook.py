"""The notebook shows planted tables, and saves its figures under the names of their captions."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from escaping_minima.claims.judged import judge
from escaping_minima.parts.studies import find_study
from escaping_minima.report import rendering
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import write_tables

ROOT = Path(__file__).resolve().parents[4]
STUDY = "modality"
NOTEBOOK = ROOT / "notebooks" / f"{STUDY}.ipynb"


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


def test_notebook_runs_on_a_first_run(quick, tmp_path, monkeypatch):
    # that every figure becomes a file is tested with the figures
    monkeypatch.setattr(rendering, "figure_bytes", lambda figure: ("svg", b"<svg/>"))
    paths = ResultPaths(tmp_path, "planted")
    paths.published(STUDY).parent.mkdir(parents=True)
    write_tables(paths.tables(STUDY), quick)
    judge(STUDY, paths.tables(STUDY), paths.published(STUDY), paths.judged(STUDY))
    figures = paths.figures(STUDY)
    text = shown({"results": str(tmp_path), "name": "planted", "figures": str(figures)})
    assert {path.stem for path in figures.iterdir()} == set(find_study(STUDY).figures)
    assert "Shown here: <b>planted</b>. XOR: 8 networks and settings" in text
    assert "FEWER WALKS THAN THE PAPER'S 10 m" in text
    assert "B31" in text
    assert "one network, two counts" in text


@pytest.mark.parametrize("figure", find_study(STUDY).figures)
def test_captions_say_what_they_rest_on(figure):
    caption = (ROOT / "workflow" / "report" / STUDY / f"{figure}.rst").read_text(encoding="utf-8")
    assert "how many walks a setting has" in " ".join(caption.split())
