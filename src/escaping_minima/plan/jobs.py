"""The plan: which jobs there are, which blocks each makes, and which sources decide them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from escaping_minima.errors import UserError
from escaping_minima.kinds.cell import Cell
from escaping_minima.kinds.records import read_cell
from escaping_minima.parts.studies import find_study
from escaping_minima.provenance.sources import cell_hashes


@dataclass(frozen=True)
class PlannedBlocks:
    """The blocks of one cell in a job.

    Attributes
    ----------
    cell : Cell
    blocks : int
        How many.
    labels : Mapping
        What the study calls the cell.
    source_hash : str
        Of the sources that decide its numbers, now.
    first : int
        Index of the first.
    """

    cell: Cell
    blocks: int
    labels: Mapping[str, Any]
    source_hash: str
    first: int = 0

    @cached_property
    def cell_id(self) -> str:
        """The id of the cell, made once: a DAG and collecting ask for it many times a block."""
        return self.cell.id

    @property
    def indices(self) -> range:
        """The indices of the blocks."""
        return range(self.first, self.first + self.blocks)


@dataclass(frozen=True)
class Job:
    """What one process trains.

    Attributes
    ----------
    study, name : str
    cells : tuple of PlannedBlocks
    group : str
        What families of claims call it.
    """

    study: str
    name: str
    cells: tuple[PlannedBlocks, ...]
    group: str

    @property
    def key(self) -> str:
        """The job's name in the plan and in rules."""
        return f"{self.study}_{self.name}"


def plan_study(study: str, numbers: Mapping[str, Any]) -> list[Job]:
    """Lay out the jobs of a study, in order of value: the most telling first.

    Parameters
    ----------
    study : str
        A folder of ``studies``.
    numbers : Mapping
        The value of each of its settings.
    """
    planned = find_study(study).plan_cells(numbers)
    jobs: dict[tuple[str, str], list[PlannedBlocks]] = {}
    hashes = cell_hashes([item.cell for item in planned])
    for item, found in zip(planned, hashes, strict=True):
        blocks = PlannedBlocks(item.cell, item.blocks, item.labels, found, item.first)
        jobs.setdefault((item.job, item.group or item.job), []).append(blocks)
    return [Job(study, name, tuple(cells), group) for (name, group), cells in jobs.items()]


def needed_jobs(job: Job, jobs: Sequence[Job]) -> list[Job]:
    """Return the other jobs of a study that run cells which the cells of a job rest on."""
    wanted = {cell for planned in job.cells for cell in planned.cell.rests_on}
    if not wanted:
        return []
    return [
        other
        for other in jobs
        if other.study == job.study
        and other.key != job.key
        and wanted & {planned.cell_id for planned in other.cells}
    ]


def plan_to_json(jobs: Sequence[Job], run: Mapping[str, Any]) -> str:
    """Return the plan as JSON text: all that ``train`` needs, without pydantic or YAML.

    Parameters
    ----------
    jobs : sequence of Job
        In order of value; the mapping of jobs in the text has it.
    run : Mapping
        Settings of the run: scale, results, device, checkpoint_seconds, keep_stale.
    """
    records = {
        job.key: {
            "study": job.study,
            "name": job.name,
            "group": job.group,
            "cells": [_to_record(c) for c in job.cells],
        }
        for job in jobs
    }
    content = {
        "jobs": {key: _with_sorted_keys(record) for key, record in records.items()},
        "run": _with_sorted_keys(run),
    }
    return json.dumps(content, indent=1) + "\n"


def read_plan(path: Path) -> tuple[dict[str, Any], dict[str, Job]]:
    """Read a plan: (run settings, jobs by key, in order of value).

    Raises
    ------
    UserError
        If the file is missing or is no plan.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        jobs = {
            key: Job(j["study"], j["name"], tuple(_from_record(c) for c in j["cells"]), j["group"])
            for key, j in content["jobs"].items()
        }
        return content["run"], jobs
    except OSError as error:
        raise UserError(
            f"{path}: no plan there ({error.strerror}); make one with 'escaping-minima plan'"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: not a plan; make a new one with 'escaping-minima plan'") from None


def by_name(jobs: Iterable[Job]) -> list[Job]:
    """Return jobs in the order in which tables have their rows, whatever is run first."""
    return sorted(jobs, key=lambda job: job.key)


def _with_sorted_keys(record: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(record, sort_keys=True))


def _to_record(blocks: PlannedBlocks) -> dict[str, Any]:
    return {
        "id": blocks.cell.id,
        "cell": blocks.cell.record(),
        "blocks": blocks.blocks,
        "first": blocks.first,
        "labels": dict(blocks.labels),
        "source_hash": blocks.source_hash,
    }


def _from_record(record: Mapping[str, Any]) -> PlannedBlocks:
    cell = read_cell(record["cell"])
    if cell.id != record["id"]:
        raise ValueError("the cell does not match its id")
    return PlannedBlocks(
        cell, record["blocks"], record["labels"], record["source_hash"], record["first"]
    )
