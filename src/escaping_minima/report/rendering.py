"""What a notebook needs: the newest rendering, its tables and ledger, and a place for figures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from escaping_minima.claims.judged import judge
from escaping_minima.collect.collected import read_collected
from escaping_minima.errors import UserError
from escaping_minima.parts.studies import study_names
from escaping_minima.report.figure_values import figure_values, save_values
from escaping_minima.report.ledger import build_ledger
from escaping_minima.report.style import figure_bytes, save_figure
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths
from escaping_minima.results.tables import read_tables


@dataclass(frozen=True)
class Rendering:
    """The tables and verdicts that a notebook shows.

    Attributes
    ----------
    paths : ResultPaths
    studies : tuple of str
    label : str
        Which numbers it rests on.
    """

    paths: ResultPaths
    studies: tuple[str, ...]
    label: str

    def collected(self, study: str) -> dict[str, pd.DataFrame]:
        """Return the collected tables of a study, by file name."""
        return read_collected(self.paths.tables(study))

    def derived(self, study: str) -> dict[str, pd.DataFrame]:
        """Return the tables that the statistics made of them, by file name."""
        return read_tables(self.paths.judged(study))

    @cached_property
    def ledger(self) -> dict[str, Any]:
        """The ledger; see `build_ledger`."""
        return build_ledger(self.paths, self.studies, self.label)


def find_rendering(
    results: str | None = None,
    name: str | None = None,
    label: str | None = None,
    studies: Sequence[str] | None = None,
) -> Rendering:
    """Find what to show.

    Parameters
    ----------
    results : str, optional
        The results folder. By default the one of the repository, walking up from the working
        directory.
    name : str, optional
        A scale or "from-published". By default the newest of those that have tables; a test's
        "smoke" only where there is nothing else.
    label : str, optional
        The name by default.
    studies : sequence of str, optional
        By default those that were judged there; where none was, all that have tables.

    Returns
    -------
    Rendering
        Where only collected tables exist, they are judged into a temporary folder.

    Raises
    ------
    UserError
        If there is nothing to show.
    """
    root = Path(results) if results else _find_results()
    paths = ResultPaths(root, name or _newest(root))
    found = tuple(s for s in studies or study_names() if (paths.tables(s) / "cells.csv").exists())
    if not found:
        raise UserError(f"{paths.base}: no tables there; run 'make' first", 1)
    judged = tuple(s for s in found if (paths.judged(s) / "verdicts.json").exists())
    if judged and not studies:
        # a run of these studies alone
        found = judged
    if found != judged:
        paths = _judged_elsewhere(paths, found)
    return Rendering(paths, found, label or paths.name)


@dataclass(frozen=True)
class FigureFolder:
    """Shows figures, and keeps them where a folder is given.

    Attributes
    ----------
    folder : str or None
    """

    folder: str | None

    def show(self, figure: Figure, name: str) -> Any:
        """Return a figure as what IPython displays: the same bytes that the file has."""
        from IPython.display import SVG, Image

        extension, content = figure_bytes(figure)
        if self.folder is not None:
            save_figure(figure, Path(self.folder), name, (extension, content))
            save_values(figure_values(figure), Path(self.folder), name)
        show: Any = SVG if extension == "svg" else Image
        return show(content.decode() if extension == "svg" else content)


def _find_results() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "results").is_dir() and (folder / "src" / "escaping_minima").is_dir():
            return folder / "results"
    raise UserError(f"{here}: not inside the repository, or nothing has run; set 'results'", 1)


def _newest(root: Path) -> str:
    times = [
        (folder.name != "smoke", path.stat().st_mtime, folder.name)
        for folder in root.iterdir()
        for path in _evidence_of(root, folder)
    ]
    if not times:
        raise UserError(f"{root}: no tables there; run 'make' first", 1)
    name = max(times)[2]
    return FROM_PUBLISHED if name == "published" else name


def _evidence_of(root: Path, folder: Path) -> Iterator[Path]:
    for study in study_names():
        paths = ResultPaths(root, folder.name)
        own = [paths.judged(study) / "verdicts.json", folder / "tables" / study / "cells.csv"]
        if folder.name == "published":
            own.append(paths.published(study) / "cells.csv")
        yield from (path for path in own if path.exists())


def _judged_elsewhere(paths: ResultPaths, studies: Sequence[str]) -> ResultPaths:
    scratch = ResultPaths(Path(tempfile.mkdtemp(prefix="escaping-minima-")), paths.name)
    for study in studies:
        # asked for the tables of a folder that holds none, it would name those of the checkout
        scratch.published(study).parent.mkdir(exist_ok=True)
        link = scratch.tables(study)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(paths.tables(study).resolve(), target_is_directory=True)
        judge(study, paths.tables(study), paths.beside(study), scratch.judged(study))
    return scratch
