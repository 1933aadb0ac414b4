"""The notebook shows planted tables, and saves its figures under the names of their captions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from escaping_minima.claims.judged import judge
from escaping_minima.claims.records import load_records
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import write_tables
from escaping_minima.steps.render import render

ROOT = Path(__file__).resolve().parents[3]
STUDY = "batch_increase"
NOTEBOOK = ROOT / "notebooks" / f"{STUDY}.ipynb"
CAPTIONS = ROOT / "workflow" / "report" / STUDY


def rendered(tables, folder, published=None):
    """Return the executed notebook's output as text, and the names of its figures."""
    paths = ResultPaths(folder, "planted")
    write_tables(paths.tables(STUDY), tables)
    if published is not None:
        write_tables(paths.published(STUDY), published)
    judge(STUDY, paths.tables(STUDY), paths.published(STUDY), paths.judged(STUDY))
    figures = paths.figures(STUDY)
    where = {"results": str(folder), "name": "planted", "figures": str(figures)}
    render(NOTEBOOK, paths.notebook(STUDY), where)
    cells = json.loads(paths.notebook(STUDY).read_text(encoding="utf-8"))["cells"]
    shown = [
        "".join(output["data"].get("text/html", []))
        for cell in cells
        for output in cell.get("outputs", [])
    ]
    return "\n".join(shown), {path.stem for path in figures.iterdir()}


@pytest.mark.parametrize("tables", ["everything", "quick"])
def test_notebook_runs_on_planted_tables(tables, request, tmp_path):
    published = request.getfixturevalue("enough") if tables == "quick" else None
    text, figures = rendered(request.getfixturevalue(tables), tmp_path, published)
    assert "linear 10→100" in text
    for claim in load_records(STUDY).claims:
        assert claim.id in text
    assert all((CAPTIONS / f"{name}.rst").exists() for name in figures)
    wanted = {claim.figure for claim in load_records(STUDY).claims if claim.figure}
    assert (
        wanted | {"figure_5", "weights", "differences", "equal_updates", "sgd_control"} == figures
    )
    if tables == "quick":
        # but for the size of the network
        assert text.count("not tested</span>") == len(load_records(STUDY).claims) - 1
