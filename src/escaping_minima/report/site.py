"""The report as an offline site: pages from the ledger, notebooks and figures, built by Sphinx."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from escaping_minima.collect.collected import read_collected
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_json
from escaping_minima.package import CHECKOUT
from escaping_minima.parts.studies import find_study
from escaping_minima.report.claim_page import claim_page
from escaping_minima.report.figures_page import ShownFigure, figures_page
from escaping_minima.report.front_page import front_page
from escaping_minima.report.ledger import build_ledger
from escaping_minima.report.markdown import title_of
from escaping_minima.report.notebooks import drawing_cell, heading, read_notebook
from escaping_minima.report.pages import more_pages
from escaping_minima.report.sidebar import sidebar
from escaping_minima.report.study_page import study_page
from escaping_minima.results.paths import ResultPaths
from escaping_minima.results.tables import read_tables

STATIC = Path(__file__).resolve().parent / "static"
#: Files that every page loads, as `conf.py` says.
_LOADED = ("report.css", "first_page.css", "tables.js", "ledger.js")
#: Captions of figures, in a folder for each study, shared with Snakemake's own report.
CAPTIONS = CHECKOUT / "workflow" / "report"
#: What `report` holds beside the pages.
VERDICTS = "verdicts.json"


def build_report(paths: ResultPaths, studies: Sequence[str], label: str) -> Path:
    """Build the site of a rendering.

    Parameters
    ----------
    paths : ResultPaths
        Its verdicts, executed notebooks and figures must be there.
    studies : sequence of str
    label : str
        Which numbers the rendering rests on.

    Returns
    -------
    Path
        The front page. The folder opens from disk, without a network. A site that is there already
        is replaced once the new one is whole.

    Raises
    ------
    UserError
        If something is missing, the disk refuses or Sphinx fails.
    """
    ledger = build_ledger(paths, studies, label)
    try:
        paths.base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".report-", dir=paths.base) as scratch:
            source, built = Path(scratch) / "source", Path(scratch) / "report"
            _write_sources(source, paths, studies, ledger)
            _run_sphinx(source, built, Path(scratch) / "doctrees")
            write_json(built / VERDICTS, ledger)
            _swap(built, paths.report, Path(scratch) / "old")
    except OSError as error:
        raise UserError(f"{paths.report}: cannot be written ({error.strerror})", 1) from None
    return paths.report / "index.html"


def caption(study: str, name: str) -> str:
    """Return the caption of a study's figure as plain text, empty where there is none."""
    path = CAPTIONS / study / f"{name}.rst"
    return " ".join(path.read_text(encoding="utf-8").split()) if path.exists() else ""


def _write_sources(
    source: Path, paths: ResultPaths, studies: Sequence[str], ledger: Mapping[str, Any]
) -> None:
    for folder in ("_static", "claims", "figures", "notebooks"):
        (source / folder).mkdir(parents=True)
    shutil.copy(STATIC / "conf.py", source)
    for file in _LOADED:
        shutil.copy(STATIC / file, source / "_static")
    notebooks = {name: read_notebook(paths.notebook(name)) for name in ("overview", *studies)}
    for name, notebook in notebooks.items():
        _write(source / "notebooks" / f"{name}.ipynb", json.dumps(notebook, ensure_ascii=False))
    for record in ledger["provenance"]:
        study = record["study"]
        shown = _copy_figures(study, paths.figures(study), source / "figures", notebooks[study])
        text = figures_page(record, shown, ledger["rendering"])
        _write(source / "figures" / f"{study}.md", text)
        _write(source / f"{study}.md", study_page(study, ledger))
    for claim in ledger["claims"]:
        _write(source / "claims" / f"{claim['id']}.md", claim_page(claim))
    cells = {study: read_collected(paths.tables(study))["cells.csv"] for study in studies}
    derived = {study: read_tables(paths.judged(study)) for study in studies}
    more = more_pages(ledger, cells, derived)
    for name, (_, text) in more.items():
        _write(source / f"{name}.md", text)
    beside = sidebar(
        studies,
        {name: title for name, (title, _) in more.items()},
        {name: heading(notebook) or title_of(name) for name, notebook in notebooks.items()},
    )
    _write(source / "index.md", front_page(ledger, beside))


def _copy_figures(
    study: str, folder: Path, target: Path, notebook: Mapping[str, Any]
) -> list[ShownFigure]:
    files = [p for p in folder.glob("*") if p.suffix in (".svg", ".png")]
    places = {name: place for place, name in enumerate(find_study(study).figures)}
    files.sort(key=lambda p: (places.get(p.stem, len(places)), p.name))
    if not files:
        raise UserError(f"{folder}: no figures there; run 'escaping-minima render' first", 1)
    (target / study).mkdir()
    shown = []
    for file in files:
        values = file.with_suffix(".csv")
        for copied in filter(Path.exists, (file, values)):
            shutil.copy(copied, target / study)
        shown.append(
            ShownFigure(
                file.stem,
                f"{study}/{file.name}",
                caption(study, file.stem) or title_of(file.stem),
                drawing_cell(notebook, file.stem),
                f"{study}/{values.name}" if values.exists() else "",
            )
        )
    return shown


def _run_sphinx(source: Path, built: Path, doctrees: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-E", "-d", str(doctrees)]
    done = subprocess.run(
        [*command, str(source), str(built)], capture_output=True, errors="replace", check=False
    )
    said = [line for line in done.stderr.splitlines() if line.strip()]
    said = [line.replace(f"{source}/", "") for line in said]
    if done.returncode != 0:
        raise UserError(f"report: Sphinx failed: {said[-1] if said else 'without a word'}", 1)
    if said:
        print(f"report: Sphinx has {len(said)} lines of warnings; {said[0]}", file=sys.stderr)
    (built / ".buildinfo").unlink(missing_ok=True)
    shutil.rmtree(built / "_sources", ignore_errors=True)


def _swap(new: Path, place: Path, old: Path) -> None:
    """Put the new folder in its place; what was there goes only when the new one is whole."""
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise


def _write(path: Path, text: str) -> None:
    # the sources live for one build only
    path.write_text(text, encoding="utf-8")
