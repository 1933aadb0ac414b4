"""Run cases in an older and a newer tree, one after the other, and compare their blocks."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escaping_minima.vouching import trees
from escaping_minima.vouching.cases import Case
from escaping_minima.vouching.compare import differences
from escaping_minima.vouching.cuts import Record

#: Old and new source hash of a cell.
Pair = tuple[str, str]


@dataclass(frozen=True)
class Compared:
    """A case at both commits.

    Attributes
    ----------
    case : Case
    pairs : frozenset of Pair
        Of the published cells that it is a short form of, or of its own cell.
    skipped : str
        Why it could not be compared, empty if it was: the older tree knows no such cell.
    differs : sequence of str
        In what the newer block is another.
    """

    case: Case
    pairs: frozenset[Pair]
    skipped: str = ""
    differs: Sequence[str] = ()

    @property
    def equal(self) -> bool:
        """Whether it was compared and no bit differs."""
        return not self.skipped and not self.differs


@dataclass(frozen=True)
class BothTrees:
    """The older and the newer tree, and what they make of cells.

    Attributes
    ----------
    roots : tuple of (Path, Path)
    readings : tuple of (Mapping, Mapping)
        Id and source hash, or why it is unreadable, by the text of a cell's record.
    files : Mapping
        Of each hash, the files of the newer package that enter it.
    """

    roots: tuple[Path, Path]
    readings: tuple[Mapping[str, Mapping[str, str]], Mapping[str, Mapping[str, str]]]
    files: Mapping[str, Sequence[str]]

    def pairs(self, case: Case) -> frozenset[Pair]:
        """Return the pairs of hashes of a case."""
        found = [[r[_text(c)].get("hash") for r in self.readings] for c in _whole(case)]
        return frozenset((a, b) for a, b in found if a is not None and b is not None)

    def unreadable(self, case: Case, age: str) -> str:
        """Say why the "older" or the "newer" tree cannot read a case; empty if it can."""
        reading = self.readings[("older", "newer").index(age)]
        for cell in (case.record, *case.published):
            if "unreadable" in (found := reading[_text(cell)]):
                return f"the {age} tree cannot read it: {found['unreadable']}"
        return ""


def read_both(cases: Sequence[Case], old: Path, new: Path) -> BothTrees:
    """Ask both trees for the ids and hashes of all cells that the cases are about.

    Raises
    ------
    UserError
        If a tree cannot be asked (exit code 1).
    """
    cells = {_text(c): c for case in cases for c in (case.record, *case.published)}
    older, newer = (trees.read_cells(tree, list(cells.values())) for tree in (old, new))
    named = [dict(zip(cells, reading.cells, strict=True)) for reading in (older, newer)]
    return BothTrees((old, new), (named[0], named[1]), newer.files)


def run_both(
    cases: Sequence[Case],
    both: BothTrees,
    device: str,
    folder: Path,
    watched: Mapping[str, Sequence[int]],
) -> tuple[list[Compared], trees.Training]:
    """Train the cases that both trees can read, and compare.

    Parameters
    ----------
    cases : sequence of Case
    both : BothTrees
    device : str
        "cpu" or "cuda".
    folder : Path
        Where blocks go.
    watched : Mapping
        Lines of the newer package whose execution is noted, by file.

    Returns
    -------
    tuple of (list of Compared, Training)
        The latter is the newer tree's.
    """
    ages = ("older", "newer")
    readable = [c for c in cases if not any(both.unreadable(c, age) for age in ages)]
    older, newer = (
        trees.train(
            root, _jobs(readable, reading), device, folder / age, watched if age == "new" else {}
        )
        for root, reading, age in zip(both.roots, both.readings, ("old", "new"), strict=True)
    )
    return [_compare(case, both, older, newer) for case in cases], newer


def lines_of_equal_jobs(
    compared: Sequence[Compared], trained: trees.Training
) -> dict[str, set[int]]:
    """Return the lines that were executed, by file, in jobs whose every case is equal."""
    doubtful = {one.case.job for one in compared if one.differs}
    ran: dict[str, set[int]] = {}
    for name, job in trained.jobs.items():
        if name not in doubtful and job["code"] == 0:
            for file, lines in job["lines"].items():
                ran.setdefault(file, set()).update(lines)
    return ran


def _jobs(
    cases: Collection[Case], reading: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    jobs: dict[str, dict[str, Any]] = {}
    for case in cases:
        found = reading[_text(case.record)]
        cell = {"id": found["id"], "cell": case.record, "source_hash": found["hash"]}
        job = jobs.setdefault(case.job, {"cells": [], "stopped": case.stopped})
        job["cells"].append(cell)
    return jobs


def _compare(case: Case, both: BothTrees, older: trees.Training, newer: trees.Training) -> Compared:
    pairs = both.pairs(case)
    if why := both.unreadable(case, "newer"):
        return Compared(case, pairs, differs=[why])
    if why := both.unreadable(case, "older"):
        return Compared(case, pairs, skipped=why)
    before, now = older.jobs[case.job], newer.jobs[case.job]
    # what both can read and one does not run is a fault of that one, and vouches for nothing
    for age, job in (("newer", now), ("older", before)):
        if job["code"]:
            words = f"the {age} tree does not run it: {job['said']}"
            return Compared(case, pairs, differs=[words])
    ids = [reading[_text(case.record)]["id"] for reading in both.readings]
    if ids[0] != ids[1]:
        return Compared(case, pairs, differs=[f"id: {ids[0]} before, {ids[1]} now"])
    blocks = [Path(job["blocks"][ids[0]]) for job in (before, now)]
    return Compared(case, pairs, differs=differences(*blocks))


def _whole(case: Case) -> Sequence[Record]:
    return case.published or (case.record,)


def _text(record: Record) -> str:
    return json.dumps(record, sort_keys=True)
