"""The noise of every annealed method on the same axes: how it falls over the search (Figure 3).

The paper sketches that noise falls as the search goes on, whether it is a temperature or what a
batch leaves out. Here are those numbers: as the schedules of the cells that were run have them, and
as the runs show what came of it. They have different units, so each curve is divided by its largest
value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from escaping_minima.collect.collected import MANIFEST, verify
from escaping_minima.parts.studies import study_names
from escaping_minima.results.paths import FROM_PUBLISHED, ResultPaths
from escaping_minima.studies.batch_increase.noise_runs import SEEN, measured
from escaping_minima.studies.batch_increase.noise_schedules import (
    BATCH,
    QUANTITIES,
    TEMPERATURE,
    kind_of,
    scheduled,
)

COLUMNS = (
    *("source", "kind", "quantity", "study", "method", "label", "cell", "published"),
    *("share", "value", "relative"),
)
#: Shares of the search at which schedules are shown.
SHARES = np.linspace(0.0, 1.0, 101)
#: Variants that are a method's main form.
_MAIN = ("", "cooled")
_CELLS = "cells.csv"


@dataclass(frozen=True)
class StudyTables:
    """Collected tables of a study.

    Attributes
    ----------
    study : str
    tables : Mapping of str to DataFrame
        By file name, ``cells.csv`` among them.
    published : bool
        Whether they are the published ones.
    """

    study: str
    tables: Mapping[str, pd.DataFrame]
    published: bool = False


def noise_folders(paths: ResultPaths, study: str) -> list[tuple[str, Path, bool]]:
    """Return where to look: this run's tables of one study, then the published ones of all.

    Those of this run's other studies are left out: they may be made after the figure.

    Parameters
    ----------
    paths : ResultPaths
    study : str

    Returns
    -------
    list of (str, Path, bool)
        As `read_noise` takes it.
    """
    own = (study, paths.tables(study), paths.name == FROM_PUBLISHED)
    return [own, *((name, paths.beside(name), True) for name in study_names())]


def read_noise(folders: Iterable[tuple[str, Path, bool]]) -> list[StudyTables]:
    """Read of studies what their noise is computed from.

    Parameters
    ----------
    folders : iterable of (str, Path, bool)
        Study, the folder of its collected tables, and whether these are the published ones; a
        folder without tables is passed over.

    Raises
    ------
    UserError
        If a published table was altered.
    """
    found = []
    for study, folder, published in folders:
        if not (folder / _CELLS).exists():
            continue
        if (folder / MANIFEST).exists():
            verify(folder)
        files = [folder / seen.table for seen in SEEN]
        tables = {file.name: pd.read_parquet(file) for file in files if file.exists()}
        cells = pd.read_csv(folder / _CELLS, keep_default_na=False)
        found.append(StudyTables(study, {_CELLS: cells, **tables}, published))
    return found


def noise_axes(studies: Sequence[StudyTables]) -> pd.DataFrame:
    """Return how the noise of each annealed method falls over its search.

    Of several cells of a study that have the same kind of noise, method and label, the main form
    comes before variants, the main runs before others, and of these the longest search.

    Parameters
    ----------
    studies : sequence of StudyTables
        Where two hold the same method, the first is taken: this run's come before published ones.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``source`` ("schedule" or "runs"), ``kind`` of noise and ``quantity``; whose it
        is, ``label`` telling conditions apart (the batch sizes, the function); ``share`` of the
        search that is done, ``value`` and ``relative``, the value divided by the curve's largest.
    """
    rows = [row for there in studies for row in _cells(there)]
    frames = [*_schedules(rows), *_runs(rows)]
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


@dataclass(frozen=True)
class _Cell:
    there: StudyTables
    cell: str
    kind: str
    label: str
    record: Mapping[str, Any]
    rank: tuple[bool, bool, float]

    @property
    def key(self) -> tuple[str, ...]:
        return (self.kind, self.there.study, str(self.record["method"]), self.label)

    @property
    def length(self) -> float:
        """Epochs, or steps."""
        return float(self.record.get("epochs") or self.record["steps"])

    def columns(self, source: str, quantity: str) -> dict[str, Any]:
        kind, study, method, label = self.key
        names = {"source": source, "kind": kind, "quantity": quantity, "study": study}
        names |= {"method": method, "label": label, "cell": self.cell}
        return names | {"published": self.there.published}


def _cells(there: StudyTables) -> list[_Cell]:
    """Return the cells of a study that have noise, those that stand for it first."""
    found = []
    for row in there.tables[_CELLS].to_dict("records"):
        record = json.loads(row["settings"])
        if kind := kind_of(record):
            length = float(record.get("epochs") or record["steps"])
            is_other = row.get("variant", "") not in _MAIN
            rank = (is_other, row.get("role", "") != "main", -length)
            label = _label(kind, record)
            found.append(_Cell(there, row["cell"], kind, label, record, rank))
    return sorted(found, key=lambda cell: cell.rank)


def _label(kind: str, record: Mapping[str, Any]) -> str:
    if kind == BATCH:
        return f"{record['batch_size']['first']} to {record['batch_size']['last']}"
    return str(record["problem"]) if kind == TEMPERATURE and "steps" in record else ""


def _schedules(cells: Sequence[_Cell]) -> Iterator[pd.DataFrame]:
    known = set()
    for cell in cells:
        if cell.key in known or (values := scheduled(cell.record, SHARES)) is None:
            continue
        known.add(cell.key)
        names = cell.columns("schedule", QUANTITIES[cell.kind])
        yield _curve(names, pd.DataFrame({"share": SHARES, "value": values}))


def _runs(cells: Sequence[_Cell]) -> Iterator[pd.DataFrame]:
    known = set()
    for cell in cells:
        for seen in SEEN:
            table = cell.there.tables.get(seen.table)
            if cell.key in known or seen.kind != cell.kind or table is None:
                continue
            rows = table[table["cell"] == cell.cell]
            if len(rows):
                known.add(cell.key)
                curve = measured(seen, rows, cell.length)
                yield _curve(cell.columns("runs", seen.quantity), curve)


def _curve(names: Mapping[str, Any], curve: pd.DataFrame) -> pd.DataFrame:
    largest = curve["value"].max()
    # noise that never was has no shape
    relative = curve["value"] / largest if largest > 0 else np.nan
    return curve.assign(**names, relative=relative)
