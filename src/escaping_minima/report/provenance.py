"""What a study's numbers rest on, from its collected cells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from escaping_minima.claims.records import load_records
from escaping_minima.parts.studies import find_study


def provenance(
    study: str, cells: pd.DataFrame, remeasured: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Say what a study's numbers rest on.

    Parameters
    ----------
    study : str
    cells : DataFrame
        The collected ``cells.csv``. Columns ``data`` (JSON text: checksums by file),
        ``data_words`` and ``data_note`` may be missing.
    remeasured : sequence of mapping
        As `escaping_minima.collect.collected.remeasurings` gives them.

    Returns
    -------
    dict
        Ready for JSON. ``replicates`` is the study's noun, ``columns`` says its columns, ``names``
        what stands in them, and ``sizes`` holds, by words, the least and largest of what its claims
        have needs for. ``data`` has ``versions`` (what the runs were trained on: ``words``, and
        ``files`` with their checksums) and ``notes``. ``measured_again`` says by which ``commit``
        and ``versions`` which published ``tables`` were taken again.
    """
    block = find_study(study).evidence().BLOCK
    records = load_records(study)
    replicates = cells[records.words.replicates]
    needed = [column for family in records.families for column in family.needs]
    sized = dict.fromkeys([records.words.replicates, *(c for c in needed if c in cells)])
    return {
        "study": study,
        "replicates": records.words.replicates,
        "columns": {c: records.words.column(c) for c in cells},
        "names": value_names(study, cells),
        "cells": len(cells),
        "roles": {str(k): int(n) for k, n in cells["role"].value_counts(sort=False).items()},
        "sizes": {records.words.column(c): _span(cells[c]) for c in sized},
        # where blocks of one study differ in size, its cells say how many they have
        "blocks": int((cells["blocks"] if "blocks" in cells else replicates // block).sum()),
        "gradient_evaluations": int((cells["mean_gradient_evaluations"] * replicates).sum()),
        "loss_evaluations": int((cells["mean_loss_evaluations"] * replicates).sum()),
        "diverged": int(cells["diverged"].sum()),
        "wall_seconds": float(round(cells["wall_seconds"].sum(), 1)),
        "data": {
            "versions": _versions(cells),
            "notes": _texts(cells, "data_note"),
        },
        "device": _words(cells["device"]),
        # a machine's description may hold a comma of its own
        "machine": _texts(cells, "machine"),
        "torch": _words(cells["torch"]),
        "numpy": _words(cells["numpy"]),
        "commits": _words(cells["commit"]),
        "measured_again": [
            {key: once[key] for key in ("commit", "tables", "versions")} for once in remeasured
        ],
        "stale": int(cells["stale"].astype(bool).sum()),
    }


def value_names(study: str, cells: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return how a study says the values of its columns, by column.

    Columns that the study does not say are not listed: their values stand for themselves.

    Parameters
    ----------
    study : str
    cells : DataFrame
        The collected ``cells.csv``.
    """
    names = find_study(study).value_names()
    return {str(c): dict(names[c]) for c in cells if c in names}


def _versions(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the cells were trained on: under one name there may be different files."""
    columns = ["data_words", "data"]
    if not set(columns) <= set(cells):
        return []
    known = cells[columns].dropna().drop_duplicates().itertuples(index=False)
    return [{"words": str(words), "files": json.loads(files)} for words, files in known]


def _texts(cells: pd.DataFrame, column: str) -> list[str]:
    if column not in cells:
        return []
    return [str(v) for v in dict.fromkeys(cells[column].dropna()) if v]


def _words(values: pd.Series[Any]) -> list[str]:
    parts = [w for v in dict.fromkeys(values.dropna()) for w in str(v).split(", ")]
    return list(dict.fromkeys(parts))


def _span(values: pd.Series[Any]) -> list[int]:
    return [int(values.min()), int(values.max())]
