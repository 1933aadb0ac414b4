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
from escaping_minima.studies.populations import evidence
from escaping_minima.studies.populations.costs import Missing

ROOT = Path(__file__).resolve().parents[4]
STUDY = "populations"
NOTEBOOK = ROOT / "notebooks" / f"{STUDY}.ipynb"
CAPTIONS = ROOT / "workflow" / "report" / STUDY


def shown(name, parameters):
    """Run the notebook's cells here, without a kernel; return what they show, as text."""
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


@pytest.fixture(autouse=True)
def tested_elsewhere(monkeypatch, no_long_statistics):
    """Save no drawing, and plan no runs that are missing: others test that."""
    monkeypatch.setattr(rendering, "figure_bytes", lambda figure: ("svg", b"<svg/>"))
    monkeypatch.setattr(evidence, "missing_runs", lambda *_: Missing(0, 0.0, 0.0))


def test_notebook_runs_on_planted_tables(quick, tmp_path):
    paths = ResultPaths(tmp_path, "planted")
    # what the checkout has published does not enter
    paths.published(STUDY).parent.mkdir(parents=True)
    write_tables(paths.tables(STUDY), quick)
    judge(STUDY, paths.tables(STUDY), paths.published(STUDY), paths.judged(STUDY))
    figures = paths.figures(STUDY)
    where = {"results": str(tmp_path), "name": "planted", "figures": str(figures)}
    text = shown(NOTEBOOK.name, where)
    saved = {path.stem for path in figures.iterdir()}
    assert saved == set(find_study(STUDY).figures)
    assert {path.stem for path in CAPTIONS.iterdir()} == saved
    for claim in load_records(STUDY).claims:
        assert claim.id in text
        assert claim.figure in {None, *saved}
    assert "SMALLER THAN THE PAPER&#x27;S NETWORKS OR DATA" in text
    # of the tuned methods nothing was run, and every printed value stands there all the same
    assert text.count('<td class="em-short">not run</td>') > 24
    assert "Table 2a: test score" in text
